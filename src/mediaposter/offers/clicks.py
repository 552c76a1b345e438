"""Storing clicks: many at once, and none before it is committed.

Each click alone would cost a transaction of its own. Those that come while one is being written are written together by
the next, and every one of them waits until its own transaction is committed: only then is its visitor let go on.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from mediaposter.core import events
from mediaposter.core.db import Database
from mediaposter.offers import repository
from mediaposter.offers.repository import Click

_TOGETHER = 500
_TELL_EVERY = 1.0  # seconds: one event for all clicks on a link in that time
_AWAY = (OperationalError, InterfaceError, OSError)
_log = structlog.get_logger(__name__)


class ClickWriter:
    """Writes the clicks of one process, in the order in which they come. Of one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Click, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._untold: Counter[tuple[str, bool]] = Counter()
        self._telling: asyncio.Task[None] | None = None

    async def store(self, click: Click) -> None:
        """Return once the click is committed. Raises what the database raises when it is not."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((click, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="clicks")
        await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
                await self._write_some(some)
        finally:
            self._writing = None

    async def _write_some(self, some: Sequence[tuple[Click, asyncio.Future[None]]]) -> None:
        try:
            async with self._database.session() as session:
                await repository.insert_clicks(session, [click for click, _ in some])
        except Exception as error:
            if len(some) > 1 and not isinstance(error, _AWAY):  # one of them is at fault, and only that one fails
                for one in some:
                    await self._write_some([one])
                return
            for _, done in some:
                if not done.done():
                    done.set_exception(error)
            return
        for click, done in some:
            self._untold[click.link_id, click.robot] += 1
            if not done.done():  # somebody who has gone meanwhile has clicked all the same
                done.set_result(None)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell(), name="clicks told")

    async def _tell(self) -> None:
        """Emit `link.clicked` for each link, with the number of clicks since the last time."""
        try:
            await asyncio.sleep(_TELL_EVERY)
        finally:
            self._telling = None
        told, self._untold = self._untold, Counter()
        try:
            async with self._database.session() as session:
                for link_id in sorted({link_id for link_id, _ in told}):
                    data = {"people": told[link_id, False], "robots": told[link_id, True]}
                    await events.emit(session, "link.clicked", link_id, data)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("clicks.not_told", error=str(error).splitlines()[0])
            self._untold.update(told)


_writers: WeakKeyDictionary[Database, ClickWriter] = WeakKeyDictionary()


def writer_of(database: Database) -> ClickWriter:
    """Return this process's writer for a database."""
    if database not in _writers:
        _writers[database] = ClickWriter(database)
    return _writers[database]
