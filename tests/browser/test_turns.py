"""One at a time for a browser: the urgent first, and nobody who gives up keeps the others waiting."""

import asyncio

import pytest

from mediaposter.browser.turns import Urgency, turn
from mediaposter.core.context import Context
from mediaposter.core.locks import locked

pytestmark = pytest.mark.feature("SAFARI-001")


async def test_the_urgent_go_first_and_only_one_at_a_time(ctx: Context) -> None:
    order: list[str] = []
    at_work = 0

    async def work(name: str, urgency: Urgency) -> None:
        nonlocal at_work
        async with turn(ctx.database, "safari", urgency):
            at_work += 1
            assert at_work == 1
            order.append(name)
            await asyncio.sleep(0.01)
            at_work -= 1

    first = asyncio.create_task(work("first", Urgency.SCRAPE))
    await asyncio.sleep(0.005)
    rest = [work("metrics", Urgency.METRICS), work("post", Urgency.POST), work("poll", Urgency.POLL)]
    await asyncio.gather(first, *rest)
    assert order == ["first", "poll", "post", "metrics"]


async def test_who_gives_up_waiting_is_passed_over(ctx: Context) -> None:
    done: list[str] = []

    async def work(name: str) -> None:
        async with turn(ctx.database, "safari", Urgency.POST):
            done.append(name)
            await asyncio.sleep(0.02)

    tasks = [asyncio.create_task(work(name)) for name in ("a", "b", "c")]
    await asyncio.sleep(0.01)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert done == ["a", "c"]


async def test_a_second_process_waits_for_the_first(ctx: Context) -> None:
    """The lock is in the database: another loop's line does not know of this one."""
    async with turn(ctx.database, "safari", Urgency.POST):
        waits = asyncio.create_task(_elsewhere(ctx))
        await asyncio.sleep(0.1)
        assert not waits.done()
    await asyncio.wait_for(waits, 5)


async def _elsewhere(ctx: Context) -> None:
    async with locked(ctx.database, "browser:safari"):
        return
