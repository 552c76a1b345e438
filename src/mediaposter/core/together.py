"""One look for many who ask the same thing at once, as dashboards do when something has happened."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


@dataclass
class _Look(Generic[T]):
    task: asyncio.Task[T] | None = None
    begun: bool = False


class Together(Generic[T]):
    """Answers who ask the same at once by one look, which begins after each of them asked: no answer is older than
    its question. While one look is under way all others wait for one more.
    """

    def __init__(self) -> None:
        self._last: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, _Look[T]]] = WeakKeyDictionary()

    async def ask(self, key: Hashable, look: Callable[[], Awaitable[T]]) -> T:
        """Return what `look` returns. Who asks by the same `key` may get what the look of another returned."""
        last = self._last.setdefault(asyncio.get_running_loop(), {})
        one = last.get(key)
        if one is None or one.begun:
            one = last[key] = _begin(look, one, lambda done: _forget(last, key, done))
        assert one.task is not None
        return await asyncio.shield(one.task)


def _begin(look: Callable[[], Awaitable[T]], before: _Look[T] | None, ended: Callable[[_Look[T]], None]) -> _Look[T]:
    one = _Look[T]()

    async def run() -> T:
        try:
            if before is not None and before.task is not None:
                await asyncio.wait([before.task])
            one.begun = True
            return await look()
        finally:
            ended(one)

    one.task = asyncio.create_task(run())
    return one


def _forget(last: dict[Hashable, _Look[T]], key: Hashable, done: _Look[T]) -> None:
    if last.get(key) is done:
        del last[key]
