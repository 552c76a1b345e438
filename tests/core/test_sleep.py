"""Sleep: a worker with nothing to do has no engine, and whatever there is to do wakes it. No work is lost by it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from mediaposter.core import engine, events, power, timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Queue
from mediaposter.core.errors import ConflictError
from mediaposter.core.models import PowerMode, WakeTrigger
from mediaposter.core.power import SleepStatus
from mediaposter.core.runtime import has_live_worker, live_workers
from tests.core.labour import count
from tests.workers import Worker

pytestmark = pytest.mark.feature("SLEEP-001")
SOON = {"MEDIAPOSTER_SLEEP_AFTER_MINUTES": "0.005"}
NEVER = {"MEDIAPOSTER_SLEEP_AFTER_MINUTES": "0"}


async def status(ctx: Context) -> SleepStatus:
    async with ctx.database.session() as session:
        return await power.get_status(session)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(40):
        while not await condition():
            await asyncio.sleep(0.05)


async def is_asleep(ctx: Context) -> bool:
    return (await status(ctx)).mode is PowerMode.ASLEEP


async def tell(ctx: Context) -> None:
    async with ctx.database.session() as session:
        await power.enter_sleep(session)


async def start(ctx: Context, *, steps: int = 1, seconds: float = 0.0, number: int = 0) -> str:
    async with ctx.database.session() as session:
        return await engine.enqueue(session, count, steps, seconds, queue=Queue.RUNS, id=f"count{number}")


def notes(ctx: Context) -> list[str]:
    file = ctx.settings.home / "notes"
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
async def worker(ctx: Context, request: pytest.FixtureRequest) -> AsyncIterator[Worker]:
    """A worker that sleeps as soon as it may, or with other variables when a test says so."""
    running = Worker(ctx, module="tests.core.labourer", env=getattr(request, "param", SOON))
    await running.ready()
    yield running
    running.kill()


@pytest.fixture
async def asleep(ctx: Context, worker: Worker) -> Worker:
    await until(lambda: is_asleep(ctx))
    return worker


async def test_asleep_it_holds_no_lease_and_counts_as_there(ctx: Context, asleep: Worker) -> None:
    assert (await live_workers(ctx), await has_live_worker(ctx)) == ([], True)


async def test_queued_work_wakes_it(ctx: Context, asleep: Worker) -> None:
    await engine.result(await start(ctx))

    async def slept_again() -> bool:  # the work may be done before the row says that the worker is awake
        return (await status(ctx)).sleeps == 2

    await until(slept_again)
    assert (await status(ctx)).last_trigger == WakeTrigger.POST_CREATION


async def test_a_due_row_wakes_it(ctx: Context, asleep: Worker) -> None:
    async with ctx.database.session() as session:
        entry = await timeline.schedule(
            session, kind="labour.due", subject="s", due_at=ctx.clock() + timedelta(seconds=1.5)
        )

    async def has_run() -> bool:
        return entry.id in notes(ctx)

    await until(has_run)


async def test_it_says_when_it_wakes_next(ctx: Context, asleep: Worker) -> None:
    at = ctx.clock() + timedelta(hours=3)
    async with ctx.database.session() as session:
        await timeline.schedule(session, kind="labour.due", subject="s", due_at=at)

    async def knows() -> bool:
        return (await status(ctx)).next_wake_at == at - timeline.Wake().lead

    await until(knows)
    assert await is_asleep(ctx)


async def test_a_scheduled_wake_up_wakes_it_with_its_trigger(ctx: Context, asleep: Worker) -> None:
    async with ctx.database.session() as session:
        await power.schedule_wake(session, ctx.clock() - timedelta(days=1), now=ctx.clock())

    async def woke() -> bool:
        return (await status(ctx)).last_trigger == WakeTrigger.SCHEDULED

    await until(woke)


async def test_a_wake_up_that_was_taken_back_wakes_nobody(ctx: Context, asleep: Worker) -> None:
    async with ctx.database.session() as session:
        entry = await power.schedule_wake(session, ctx.clock() + timedelta(hours=1), now=ctx.clock())
    async with ctx.database.session() as session:
        await power.cancel_wake(session, entry.id)
    async with ctx.database.session() as session:
        assert await timeline.next_wake(session) is None
        with pytest.raises(ConflictError):
            await power.cancel_wake(session, entry.id)


async def test_a_user_wakes_it(ctx: Context, asleep: Worker) -> None:
    async with ctx.database.session() as session:
        await power.wake(session)

    async def woke() -> bool:
        return (await status(ctx)).last_trigger == WakeTrigger.USER_ACCESS

    await until(woke)


async def test_asking_how_it_stands_wakes_nobody(ctx: Context, asleep: Worker) -> None:
    for _ in range(20):
        assert await is_asleep(ctx)


async def test_events_that_nobody_there_handles_do_not_wake_it(ctx: Context, asleep: Worker) -> None:
    async with ctx.database.session() as session:
        await events.emit(session, "weather.changed", "sky", {})
    await asyncio.sleep(0.5)
    assert (await status(ctx)).sleeps == 1


@pytest.mark.parametrize("worker", [NEVER], indirect=True)
async def test_told_to_sleep_it_ends_what_is_in_hand_first(ctx: Context, worker: Worker) -> None:
    await start(ctx, steps=4, seconds=0.4)

    async def began() -> bool:
        return bool(notes(ctx))

    await until(began)
    await tell(ctx)
    await until(lambda: is_asleep(ctx))
    assert notes(ctx) == ["step0", "step1", "step2", "step3"]


@pytest.mark.parametrize("worker", [NEVER], indirect=True)
async def test_it_stays_awake_where_it_never_sleeps(ctx: Context, worker: Worker) -> None:
    await asyncio.sleep(1)
    assert (await status(ctx)).mode is PowerMode.AWAKE


async def test_what_was_queued_while_it_was_dead_is_done_by_the_next(ctx: Context, asleep: Worker) -> None:
    asleep.kill()
    await start(ctx)
    other = Worker(ctx, module="tests.core.labourer", env=SOON)
    try:
        await engine.result("count0")
    finally:
        other.kill()


async def test_a_rush_of_sleeping_and_waking_loses_nothing(ctx: Context, asleep: Worker) -> None:
    for number in range(12):
        await tell(ctx)
        await start(ctx, number=number)
        await asyncio.sleep(0.05 * (number % 4))
    for number in range(12):
        await engine.result(f"count{number}")
    assert len(notes(ctx)) == 12


async def test_without_a_worker_nobody_can_be_told(ctx: Context) -> None:
    with pytest.raises(ConflictError):
        await tell(ctx)
    assert (await status(ctx)).mode is None
