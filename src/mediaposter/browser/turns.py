"""One operation at a time for each browser: by urgency in this process, by a lock in the database over all of them."""

import asyncio
import heapq
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

from mediaposter.core.db import Database
from mediaposter.core.locks import locked


class Urgency(IntEnum):
    """Who goes first when several wait. A job that is being generated is looked after before anything new begins."""

    POLL = 1
    POST = 2
    GENERATE = 3
    COMMENT = 4
    METRICS = 5
    SCRAPE = 6


@dataclass
class _Line:
    busy: bool = False
    waiting: list[tuple[int, int, asyncio.Future[None]]] = field(default_factory=list)


_lines: dict[tuple[int, str], _Line] = {}
_numbers = count()


@asynccontextmanager
async def turn(database: Database, browser: str, urgency: Urgency) -> AsyncGenerator[None]:
    """Hold `browser` while the block runs. Whoever waits longest goes first among the equally urgent."""
    line = _lines.setdefault((id(asyncio.get_running_loop()), browser), _Line())
    if line.busy:
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(line.waiting, (urgency, next(_numbers), ticket))
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                _next(line)  # it was our turn already
            raise
    line.busy = True
    try:
        async with locked(database, f"browser:{browser}"):
            yield
    finally:
        _next(line)


def _next(line: _Line) -> None:
    while line.waiting:
        _, _, ticket = heapq.heappop(line.waiting)
        if not ticket.done():
            ticket.set_result(None)
            return
    line.busy = False
