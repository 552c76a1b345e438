"""What is due later: started once, edited, cancelled, and recorded when it was missed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from mediaposter.core import context, timeline
from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.errors import ConflictError, NotFoundError
from mediaposter.core.timeline import MissedPolicy, TimelineEntry, TimelineState
from tests.core.labour import due

pytestmark = pytest.mark.feature("MOD-003")


def at(**ago: float) -> datetime:
    return context.current().clock() - timedelta(**ago)


async def add(ctx: Context, due_at: datetime, **options: object) -> str:
    values: dict[str, object] = {"kind": "labour.due", "subject": "s", **options}
    async with ctx.database.session() as session:
        return (await timeline.schedule(session, due_at=due_at, **values)).id  # type: ignore[arg-type]


async def entry(ctx: Context, entry_id: str) -> TimelineEntry:
    async with ctx.database.session() as session:
        return await timeline.get(session, entry_id)


async def settled(ctx: Context, entry_id: str) -> TimelineEntry:
    async with asyncio.timeout(30):
        while (row := await entry(ctx, entry_id)).state is TimelineState.WAITING:
            await asyncio.sleep(0.01)
    return row


@pytest.fixture
async def loops(ctx: Context, engine: Engine) -> AsyncIterator[None]:
    """The loops of two workers over one table."""
    tasks = [asyncio.create_task(timeline.run(ctx)) for _ in range(2)]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_due_row_starts_its_workflow_once(ctx: Context, loops: None) -> None:
    entry_id = await add(ctx, at(seconds=-0.3))
    row = await settled(ctx, entry_id)
    assert row.workflow_id == f"timeline:{entry_id}"
    await durable.result(row.workflow_id)
    assert (ctx.settings.home / "notes").read_text().count(entry_id) == 1


async def test_an_edit_is_seen_at_once(ctx: Context, loops: None) -> None:
    entry_id = await add(ctx, at(hours=-3))
    await asyncio.sleep(0.1)
    async with ctx.database.session() as session:
        await timeline.reschedule(session, entry_id, due_at=at(seconds=1))
    assert (await settled(ctx, entry_id)).state is TimelineState.STARTED


async def test_a_cancelled_row_does_not_start(ctx: Context) -> None:
    entry_id = await add(ctx, at(seconds=1))
    async with ctx.database.session() as session:
        await timeline.cancel(session, entry_id)
    assert await timeline.start_due(ctx) == 0
    assert (await entry(ctx, entry_id)).state is TimelineState.CANCELLED


async def test_every_waiting_row_of_a_subject_can_be_cancelled(ctx: Context) -> None:
    first, second = await add(ctx, at(hours=-1)), await add(ctx, at(hours=-2))
    other = await add(ctx, at(hours=-1), subject="other")
    async with ctx.database.session() as session:
        assert await timeline.cancel_all(session, subject="s") == 2
    states = [(await entry(ctx, one)).state for one in (first, second, other)]
    assert states == [TimelineState.CANCELLED, TimelineState.CANCELLED, TimelineState.WAITING]


async def test_a_key_is_scheduled_once(ctx: Context) -> None:
    first = await add(ctx, at(hours=-1), key="k")
    assert await add(ctx, at(hours=-2), key="k") == first


async def test_a_started_row_can_no_longer_be_changed(ctx: Context) -> None:
    entry_id = await add(ctx, at(seconds=1))
    await timeline.start_due(ctx)
    async with ctx.database.session() as session:
        with pytest.raises(ConflictError):
            await timeline.reschedule(session, entry_id, due_at=at(hours=-1))


async def test_a_row_that_is_locked_is_read_anew(ctx: Context) -> None:
    """What a session has read before it waited for the lock may have changed while it waited."""
    entry_id = await add(ctx, at(seconds=1))
    async with ctx.database.session() as session:
        row = await timeline.get(session, entry_id)
        await timeline.start_due(ctx)
        await timeline.get(session, entry_id, lock=True)
        assert row.state is TimelineState.STARTED


async def test_a_row_that_is_not_there(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(NotFoundError):
            await timeline.get(session, "due_nothing")


async def test_of_missed_rows_that_run_once_the_latest_runs(ctx: Context) -> None:
    rows = [await add(ctx, at(hours=hours)) for hours in (3, 1, 2)]
    other = await add(ctx, at(hours=2), subject="other")
    await timeline.start_due(ctx)
    states = [(await entry(ctx, one)).state for one in (*rows, other)]
    assert states == [TimelineState.SKIPPED, TimelineState.STARTED, TimelineState.SKIPPED, TimelineState.STARTED]
    assert rows[1] in str((await entry(ctx, rows[0])).note)


async def test_missed_rows_that_catch_up_all_run(ctx: Context) -> None:
    rows = [await add(ctx, at(hours=hours), missed=MissedPolicy.CATCH_UP) for hours in (3, 1)]
    await timeline.start_due(ctx)
    found = [await entry(ctx, one) for one in rows]
    assert [row.state for row in found] == [TimelineState.STARTED, TimelineState.STARTED]
    assert "late" in str(found[0].note)


async def test_a_missed_row_that_skips_does_not_run_and_says_so(ctx: Context) -> None:
    entry_id = await add(ctx, at(hours=1), missed=MissedPolicy.SKIP)
    await timeline.start_due(ctx)
    row = await entry(ctx, entry_id)
    assert row.state is TimelineState.SKIPPED
    assert "Missed by 3600 s" in str(row.note)


async def test_a_row_of_an_unknown_kind_waits_for_a_worker_that_knows_it(ctx: Context) -> None:
    entry_id = await add(ctx, at(seconds=1), kind="nobody.knows")
    assert await timeline.start_due(ctx) == 0
    assert (await entry(ctx, entry_id)).state is TimelineState.WAITING


def test_only_workflows_can_be_registered() -> None:
    async def plain(entry_id: str) -> None: ...

    with pytest.raises(TypeError):
        timeline.on("x")(plain)
    assert durable.name_of(due) == "labour.due"
