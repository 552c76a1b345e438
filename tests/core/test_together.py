"""Many who ask the same at once are answered by one look, and never by one that began before they asked."""

import asyncio

import pytest

from mediaposter.core.together import Together

pytestmark = pytest.mark.feature("ARCH-008")


class Counter:
    """Something to look at that changes."""

    def __init__(self) -> None:
        self.value = 0
        self.looks = 0

    async def look(self) -> int:
        self.looks += 1
        seen = self.value
        await asyncio.sleep(0.01)
        return seen


async def test_those_who_ask_at_once_share_a_look() -> None:
    counter, together = Counter(), Together[int]()
    await asyncio.gather(*(together.ask("a", counter.look) for _ in range(20)))
    assert counter.looks == 1


async def test_who_asks_during_a_look_is_answered_by_the_next_one() -> None:
    counter, together = Counter(), Together[int]()
    first = asyncio.create_task(together.ask("a", counter.look))
    await asyncio.sleep(0.002)
    counter.value = 7
    later = await asyncio.gather(*(together.ask("a", counter.look) for _ in range(5)))
    assert (await first, later, counter.looks) == (0, [7] * 5, 2)


async def test_other_questions_are_looked_at_by_themselves() -> None:
    counter, together = Counter(), Together[int]()
    await asyncio.gather(together.ask("a", counter.look), together.ask("b", counter.look))
    assert counter.looks == 2


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    counter, together = Counter(), Together[int]()
    gone, stays = (asyncio.create_task(together.ask("a", counter.look)) for _ in range(2))
    await asyncio.sleep(0.002)
    gone.cancel()
    assert await stays == 0


async def test_a_failure_is_told_to_all_and_forgotten() -> None:
    together = Together[int]()

    async def fails() -> int:
        raise OSError("gone")

    told = await asyncio.gather(*(together.ask("a", fails) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in told] == [OSError] * 3
    assert await together.ask("a", Counter().look) == 0
