"""Worker processes on one database: killed, stopped, orphaned, told to end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mediaposter.core import engine as durable
from mediaposter.core import timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Queue, close_client
from mediaposter.core.leases import EXIT_LEASE_LOST
from mediaposter.core.runtime import live_workers
from tests.core.labour import count
from tests.workers import Worker

pytestmark = [pytest.mark.feature("MOD-003"), pytest.mark.chaos]
REPOSITORY = Path(__file__).parents[2]


Start = Callable[..., Awaitable[list[Worker]]]


@pytest.fixture
def start(ctx: Context) -> Iterator[Start]:
    started: list[Worker] = []

    async def workers(how_many: int = 1, lease: float = 12.0) -> list[Worker]:
        new = [Worker(ctx, module="tests.core.labourer", lease=lease) for _ in range(how_many)]
        started.extend(new)
        for worker in new:
            await worker.ready()
        return new

    yield workers
    for worker in started:
        worker.kill()


def notes(ctx: Context) -> list[tuple[str, int]]:
    file = ctx.settings.home / "notes"
    lines = file.read_text().splitlines() if file.exists() else []
    return [(word, int(pid)) for word, pid in (line.split() for line in lines)]


async def enqueue(ctx: Context, steps: int, seconds: float) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, count, steps, seconds, queue=Queue.RUNS, id="w1")


async def worker_of_step(ctx: Context, word: str) -> int:
    async with asyncio.timeout(60):
        while word not in dict(notes(ctx)):
            await asyncio.sleep(0.01)
    return dict(notes(ctx))[word]


async def result(ctx: Context) -> list[int]:
    async with asyncio.timeout(60):
        pids: list[int] = await durable.result("w1")
    await close_client(ctx.database.url)
    return pids


async def test_a_killed_workers_work_is_finished_by_its_peer(ctx: Context, start: Start) -> None:
    workers = await start(2)
    await enqueue(ctx, 6, 0.2)
    victim = await worker_of_step(ctx, "step2")
    os.kill(victim, signal.SIGKILL)
    pids = await result(ctx)
    peer = next(worker.process.pid for worker in workers if worker.process.pid != victim)
    assert set(pids) == {victim, peer}
    # What was recorded is not done again: only the step in flight has a second note.
    words = [word for word, _ in notes(ctx)]
    assert [words.count(f"step{n}") for n in range(6)] in ([1, 1, 2, 1, 1, 1], [1, 1, 1, 2, 1, 1], [1] * 6)


async def test_a_worker_that_slept_through_its_lease_ends_itself(ctx: Context, start: Start) -> None:
    workers = {worker.process.pid: worker for worker in await start(2, lease=1.5)}
    await enqueue(ctx, 4, 0.3)
    slow = await worker_of_step(ctx, "step1")
    os.kill(slow, signal.SIGSTOP)
    pids = await result(ctx)
    os.kill(slow, signal.SIGCONT)
    assert await asyncio.to_thread(workers[slow].process.wait, 30) == EXIT_LEASE_LOST
    assert len(pids) == 4
    assert pids[-1] != slow
    assert [pid for word, pid in notes(ctx) if word == "step3"] == [pids[-1]]


async def test_a_killed_worker_that_was_alone_is_followed_by_the_next_one(ctx: Context, start: Start) -> None:
    await start()
    await enqueue(ctx, 4, 0.2)
    os.kill(await worker_of_step(ctx, "step1"), signal.SIGKILL)
    await start()
    assert len(await result(ctx)) == 4
    assert [word for word, _ in notes(ctx)].count("step0") == 1


async def test_a_stopped_worker_ends_its_step_and_leaves_the_rest_to_its_peer(ctx: Context, start: Start) -> None:
    workers = {worker.process.pid: worker for worker in await start(2)}
    await enqueue(ctx, 4, 0.5)
    stopped = await worker_of_step(ctx, "step1")
    workers[stopped].process.terminate()
    assert await asyncio.to_thread(workers[stopped].process.wait, 30) == 0
    assert len(await result(ctx)) == 4
    assert sorted(word for word, _ in notes(ctx)) == ["step0", "step1", "step2", "step3"]


async def test_a_worker_ends_with_its_parent(ctx: Context, start: Start) -> None:
    (worker,) = await start()
    assert len(await live_workers(ctx)) == 1
    assert worker.process.stdin
    worker.process.stdin.close()
    assert await asyncio.to_thread(worker.process.wait, 30) == 0
    assert await live_workers(ctx) == []


async def test_a_killed_worker_of_this_machine_no_longer_counts(ctx: Context, start: Start) -> None:
    (worker,) = await start()
    worker.process.kill()
    worker.process.wait()
    assert await live_workers(ctx) == []


async def test_a_due_row_starts_once_though_a_worker_is_killed_at_that_moment(ctx: Context, start: Start) -> None:
    victim, _ = await start(2)
    rows: list[str] = []
    async with ctx.database.session() as session:
        for number in range(20):
            due_at = ctx.clock() + timedelta(milliseconds=500 + 10 * number)
            rows.append((await timeline.schedule(session, kind="labour.due", subject=str(number), due_at=due_at)).id)
    await worker_of_step(ctx, rows[3])
    victim.process.kill()
    async with asyncio.timeout(60):
        for row in rows:
            while (found := await durable.status(f"timeline:{row}")) is None or found.state != "done":
                await asyncio.sleep(0.02)
    await close_client(ctx.database.url)
    counts = [[word for word, _ in notes(ctx)].count(row) for row in rows]
    # Each started, and a step that was in flight at the kill ran once more, as steps may.
    assert set(counts) <= {1, 2}


def test_a_worker_without_a_database_says_what_to_do(home: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.core.labourer"],
        cwd=REPOSITORY,
        env={**os.environ, "MEDIAPOSTER_HOME": str(home), "MEDIAPOSTER_POSTGRES_BIN": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    assert "MEDIAPOSTER_POSTGRES_BIN" in answer.stderr
