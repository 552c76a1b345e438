"""Waking up when the database says so: one LISTEN connection per process, open while somebody listens.

Where LISTEN does not work (a transaction pooler takes it and never delivers), a probe finds that out and everybody is
woken every second instead.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.db import Database, libpq_url

EVENTS = "mediaposter_events"
TIMELINE = "mediaposter_timeline"
QUEUES = "mediaposter_queues"
POWER = "mediaposter_power"
_PROBE = "mediaposter_probe"
_PROBE_SECONDS = 2.0
_POLL_SECONDS = 1.0
_RECONNECT_SECONDS = 1.0
_LOOK_SECONDS = 30.0  # TLS may keep what came where the socket does not show it
_log = structlog.get_logger(__name__)


async def notify(session: AsyncSession, channel: str, about: str = "") -> None:
    """Wake the listeners of `channel`, in every process, when the transaction of `session` commits.

    Telling the same twice in one transaction costs nothing.
    """
    told: set[tuple[str, str]] = session.info.setdefault("notified", set[tuple[str, str]]())
    if (channel, about) in told:
        return
    told.add((channel, about))
    await session.execute(select(func.pg_notify(channel, about)))


class Notice(asyncio.Event):
    """An event that is set by notifications, and what they were about: "" where that is not known."""

    def __init__(self) -> None:
        super().__init__()
        self._about: set[str] = set()

    def hear(self, about: str) -> None:
        """Set it."""
        self._about.add(about)
        self.set()

    def take(self) -> set[str]:
        """Clear it, and return what it was about since the last time."""
        self.clear()
        taken, self._about = self._about, set()
        return taken


@asynccontextmanager
async def listening(database: Database, channel: str) -> AsyncGenerator[Notice]:
    """Give an event that is set whenever `channel` is notified; and now and then without cause, after a reconnect.

    Whoever waits clears it before looking at the database. What is committed after the block is entered sets it.
    """
    loop = asyncio.get_running_loop()
    hub = _hubs.setdefault((database.url, id(loop)), _Hub(database.url))
    event = Notice()
    try:
        await hub.add(channel, event)
        yield event
    finally:
        if await hub.remove(channel, event):
            _hubs.pop((database.url, id(loop)), None)


async def wait_for(event: asyncio.Event, seconds: float | None) -> None:
    """Wait until `event` is set, for `seconds` at most."""
    # Not asyncio.wait_for: until Python 3.12 it forgets a cancel that comes in the moment the event is set.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class _Hub:
    def __init__(self, url: str) -> None:
        self._url = libpq_url(url)
        self._events: dict[str, set[Notice]] = {}
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()  # it listens, or it has turned to polling

    async def add(self, channel: str, event: Notice) -> None:
        self._events.setdefault(channel, set()).add(event)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="notifications")
        await self._settled.wait()

    async def remove(self, channel: str, event: Notice) -> bool:
        self._events.get(channel, set()).discard(event)
        if any(self._events.values()):
            return False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return True

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                _log.warning("notifications.lost", error=str(error).strip(), again_in=_RECONNECT_SECONDS)
            self._settled.set()
            await asyncio.sleep(_RECONNECT_SECONDS)
            self._wake()

    async def _listen(self) -> None:
        async with await self._connect() as connection:
            for channel in (EVENTS, TIMELINE, QUEUES, POWER, _PROBE):
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            if not await self._hears(connection):
                _log.warning("notifications.polled", why="LISTEN is not delivered here", every=_POLL_SECONDS)
                self._settled.set()
                while True:
                    await asyncio.sleep(_POLL_SECONDS)
                    self._wake()
            self._settled.set()
            self._wake()
            await self._follow(connection)

    async def _follow(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Wake those concerned for as long as the connection lives. The driver's own loop looks ten times a second."""
        loop, socket = asyncio.get_running_loop(), connection.pgconn.socket
        readable = asyncio.Event()
        loop.add_reader(socket, readable.set)
        try:
            while True:
                await wait_for(readable, _LOOK_SECONDS)
                readable.clear()
                connection.pgconn.consume_input()
                while (heard := connection.pgconn.notifies()) is not None:
                    self._wake(heard.relname.decode(), heard.extra.decode())
        finally:
            loop.remove_reader(socket)

    async def _hears(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        # From another connection: through a transaction pooler one's own might come back by chance.
        async with await self._connect() as other:
            await other.execute("SELECT pg_notify(%s, '')", [_PROBE])
        async for _ in connection.notifies(timeout=_PROBE_SECONDS, stop_after=1):
            return True
        return False

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=10,
            application_name="mediaposter notifications",
        )

    def _wake(self, channel: str | None = None, about: str = "") -> None:
        for name, events in self._events.items():
            if channel is None or channel == name:
                for event in events:
                    event.hear(about)


_hubs: dict[tuple[str, int], _Hub] = {}
