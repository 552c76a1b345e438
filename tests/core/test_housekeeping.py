"""What is old is cleared away, what waits or runs is not."""

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from mediaposter.core import engine as durable
from mediaposter.core import events, housekeeping, timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine, Queue
from mediaposter.core.housekeeping import Cleared
from tests.core.labour import count

pytestmark = pytest.mark.feature("MOD-003")


async def test_old_finished_rows_go_and_waiting_ones_stay(ctx: Context, engine: Engine) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, count, 1, 0.0, queue=Queue.RUNS, id="done")
        await durable.enqueue(session, count, 1, 0.0, queue=Queue.RUNS, id="waits", delay=3600)
        await events.emit(session, "a.done", "s")
        waiting = await timeline.schedule(session, kind="x", subject="s", due_at=ctx.clock())
        cancelled = await timeline.schedule(session, kind="x", subject="s", due_at=ctx.clock())
        await timeline.cancel(session, cancelled.id)
        await session.execute(
            text(
                "INSERT INTO workers (id, app_version, host, boot, pid, process_start, heartbeat_at, ended_at,"
                " recovered_at, created_at) VALUES ('old', '1', 'h', 'b', 1, '1', now(), now(), now(), now())"
            )
        )
    await durable.result("done")
    await events.latest(ctx.database)
    later = replace(ctx, clock=lambda: ctx.clock() + timedelta(days=ctx.settings.keep_finished_days, seconds=5))
    assert await housekeeping.tidy(ctx) == Cleared(0, 0, 0, 0)
    assert await housekeeping.tidy(later) == Cleared(workflows=1, events=1, workers=1, timeline=1)
    assert await durable.status("waits")
    async with ctx.database.session() as session:
        assert await timeline.get(session, waiting.id)


def aged(path: Path, days: float) -> Path:
    """Make a file as old as this."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))
    os.utime(path.parent, (then, then))
    return path


async def test_unfinished_files_of_dead_processes_go_after_a_day(ctx: Context) -> None:
    folder = ctx.storage.scratch().parent
    held = aged(ctx.storage.scratch(".mp4"), 3)
    held_folder = aged(ctx.storage.scratch(".cards") / "type.ass", 3).parent
    dead = "999999999-1."
    old = [aged(folder / f"{dead}a.clip", 2), aged(folder / f"{os.getpid()}-1.b.mp4", 2), aged(folder / "0a1b.mp4", 2)]
    old_folder = aged(folder / f"{dead}c.cards" / "voice.wav", 2).parent
    fresh = aged(folder / f"{dead}d.clip", 0.5)
    at_work = aged(folder / f"{dead}e.cards" / "voice.wav", 0.5).parent
    os.utime(at_work, (0, 0))

    gone = await housekeeping.tidy_scratch(ctx)

    assert set(gone) == {path.name for path in (*old, old_folder)}
    assert {path.name for path in folder.iterdir()} == {path.name for path in (held, held_folder, fresh, at_work)}


async def test_begun_workflows_of_another_version_are_counted(ctx: Context, engine: Engine) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, count, 1, 0.0, queue=Queue.RUNS, id="old", delay=3600)
        assert await durable.stranded(session) == {}
        await session.execute(
            text("UPDATE dbos.workflow_status SET status = 'PENDING', application_version = '0' WHERE name = :name"),
            {"name": "labour.count"},
        )
        assert await durable.stranded(session) == {"0": 1}
