"""The worker's side of sleep: the engine and the loops run while there is something to do, and not otherwise.

Awake, a worker polls its queues and keeps a lease. Asleep it has neither: one connection that listens, and one timer
for the next row of the timeline. Whatever could have come between the last look and the falling asleep is looked for
once more afterwards, so nothing waits unseen; what wakes it are rows, so nothing is lost with the process.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from mediaposter.core import events, power, timeline
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.embedded.folder import start_of
from mediaposter.core.engine import VERSION, Engine, activity
from mediaposter.core.errors import UnavailableError
from mediaposter.core.ids import new_id
from mediaposter.core.leases import boot
from mediaposter.core.models import PowerMode, PowerState, WakeTrigger
from mediaposter.core.notifications import EVENTS, POWER, QUEUES, TIMELINE, Notice, listening

_LOOK_EVERY = 15.0  # seconds between two looks whether an idle worker may sleep
_LOOK_WHEN_TOLD = 0.25
_WORTH_IT = timedelta(seconds=60)  # it does not fall asleep by itself for less
_WORTH_IT_WHEN_TOLD = timedelta(seconds=2)
_LONGEST_NAP = 600.0  # a machine that was suspended stops the timer: the clock is looked at now and then
_AFTER_ERROR = 5.0
_log = structlog.get_logger(__name__)
Loop = tuple[str, Callable[[], Coroutine[Any, Any, None]]]


@dataclass
class _Ears:
    """What the process hears, awake or asleep."""

    queues: Notice
    rows: Notice
    news: Notice
    told: Notice
    stop: asyncio.Event

    async def first(self, seconds: float) -> None:
        """Return when any of them is set, or after so long."""
        waits = [asyncio.ensure_future(one.wait()) for one in (self.queues, self.rows, self.news, self.told, self.stop)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


@dataclass
class Sleeper:
    """Runs the engine and the loops of a worker until it is told to stop, and lets them rest in between."""

    ctx: Context
    loops: Sequence[Loop]
    stop: asyncio.Event
    on_ready: Callable[[str], None]
    engine: Engine = field(init=False)
    _id: str = field(init=False)
    _tasks: list[asyncio.Task[None]] = field(init=False, default_factory=list[asyncio.Task[None]])
    _told: bool = field(init=False, default=False)
    _since: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.engine = Engine(self.ctx)
        self._id = new_id("power")

    async def run(self) -> None:
        """Work, sleep, wake, until `stop` is set. The engine is left as it is then: `close` ends it."""
        await self._launch()
        await self._write_first()
        self.on_ready(self.engine.worker_id)
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            ears = _Ears(
                queues=await enter(listening(self.ctx.database, QUEUES)),
                rows=await enter(listening(self.ctx.database, TIMELINE)),
                news=await enter(listening(self.ctx.database, EVENTS)),
                told=await enter(listening(self.ctx.database, POWER)),
                stop=self.stop,
            )
            while not self.stop.is_set():
                await self._until_idle(ears)
                if self.stop.is_set():
                    return
                slept_since = await self._fall_asleep()
                trigger = await self._until_woken(ears)
                if trigger is not None:
                    await self._wake_up(trigger, slept_since)

    async def close(self, *, drain_seconds: float) -> None:
        """End the loops and the engine, and say that this process is gone."""
        await self._end_loops()
        await self.engine.destroy(drain_seconds=drain_seconds)
        await self._note(ended_at=self.ctx.clock())

    # Awake

    async def _launch(self) -> None:
        await self.engine.launch()
        self._tasks = [asyncio.create_task(make(), name=name) for name, make in self.loops]
        activity.touch()

    async def _until_idle(self, ears: _Ears) -> None:
        """Return when nothing is in hand, queued or nearly due, for long enough or because somebody said so."""
        patience = self.ctx.settings.sleep_after_minutes * 60
        while not self.stop.is_set():
            self._hear(ears)
            for ear in (ears.queues, ears.rows, ears.news):
                ear.clear()  # what comes from here on is seen after falling asleep
            try:
                if (self._told or (patience and activity.idle_seconds() >= patience)) and not await self._is_busy():
                    return
                if self._told:
                    await self._note(mode=PowerMode.DRAINING)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("power.look_failed", error=str(error).splitlines()[0])
            pause = _LOOK_WHEN_TOLD if self._told else min(_LOOK_EVERY, max(patience / 4, 0.05))
            await _either(ears.told, self.stop, pause)

    def _hear(self, ears: _Ears) -> None:
        for word in ears.told.take():
            if word == power.SLEEP_NOW:
                self._told = True
            elif word.startswith(power.WAKE_NOW):
                self._told = False
                activity.touch()

    async def _is_busy(self) -> bool:
        """Say whether there is anything that only a worker with an engine can do, now or soon."""
        worth = _WORTH_IT_WHEN_TOLD if self._told else _WORTH_IT
        async with self.ctx.database.session() as session:
            if await _work_waits(session):
                return True
            soonest = await timeline.next_wake(session)
        if soonest is not None and soonest[0] - self.ctx.clock() < worth:
            return True
        return not await events.all_delivered(self.ctx)

    # Asleep

    async def _fall_asleep(self) -> datetime:
        now = self.ctx.clock()
        awake_for = time.monotonic() - self._since
        await self._end_loops()
        await self.engine.destroy()  # nothing is in hand; what slipped in is put back on its queue
        self._told, self._since = False, time.monotonic()
        told = {"awake_seconds": round(awake_for, 1)}
        await self._note(
            ("power.slept", told), mode=PowerMode.ASLEEP, told_to_sleep=False, sleeps=PowerState.sleeps + 1
        )
        return now

    async def _until_woken(self, ears: _Ears) -> WakeTrigger | None:
        """Wait for a reason to wake and return it; None when the process is to stop."""
        unsure = True  # something may have come between the last look and the end of the engine
        known: object = ()
        while not self.stop.is_set():
            try:
                if unsure and (found := await self._missed()):
                    return found
                unsure = False
                async with self.ctx.database.session() as session:
                    soonest = await timeline.next_wake(session)
                now = self.ctx.clock()
                if soonest is not None and soonest[0] <= now:
                    return soonest[1]
                if soonest != known:
                    at, trigger = soonest or (None, None)
                    await self._note(next_wake_at=at, next_trigger=trigger)
                    known = soonest
            except (SQLAlchemyError, OSError) as error:
                _log.warning("power.asleep_and_blind", error=str(error).splitlines()[0], again_in=_AFTER_ERROR)
                await _either(ears.told, self.stop, _AFTER_ERROR)
                unsure = True
                continue
            left = (soonest[0] - now).total_seconds() if soonest else _LONGEST_NAP
            await ears.first(min(left, _LONGEST_NAP))
            found, unsure = _heard(ears)
            if found is not None:
                return found
        return None

    async def _missed(self) -> WakeTrigger | None:
        async with self.ctx.database.session() as session:
            if await _work_waits(session):
                return WakeTrigger.POST_CREATION
        return None if await events.all_delivered(self.ctx) else WakeTrigger.NEWS

    async def _wake_up(self, trigger: WakeTrigger, slept_since: datetime) -> None:
        began = time.monotonic()
        slept = began - self._since
        while True:
            try:
                await self._launch()
                break
            except (UnavailableError, SQLAlchemyError, OSError) as error:
                _log.warning("power.not_awake_yet", error=str(error).splitlines()[0], again_in=_AFTER_ERROR)
                await self.engine.destroy(drain_seconds=0)
            await _either(self.stop, self.stop, _AFTER_ERROR)
            if self.stop.is_set():
                return
        self._since = time.monotonic()
        told = {
            "trigger": trigger,
            "latency_ms": round((self._since - began) * 1000, 1),
            "slept_seconds": round(slept, 1),
            "slept_since": slept_since.isoformat(),
        }
        await self._note(
            ("power.woke", told),
            mode=PowerMode.AWAKE,
            next_wake_at=None,
            next_trigger=None,
            last_trigger=trigger,
            slept_seconds=PowerState.slept_seconds + slept,
        )
        _log.info("power.woke", trigger=trigger, latency_ms=told["latency_ms"], slept_seconds=told["slept_seconds"])

    async def _end_loops(self) -> None:
        tasks, self._tasks = self._tasks, []
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # The row

    async def _write_first(self) -> None:
        now = self.ctx.clock()
        async with self.ctx.database.session() as session:
            session.add(
                PowerState(
                    id=self._id,
                    host=socket.gethostname(),
                    boot=boot(),
                    pid=os.getpid(),
                    process_start=start_of(os.getpid()) or "",
                    since=now,
                    created_at=now,
                )
            )

    async def _note(self, event: tuple[str, JsonObject] | None = None, **changes: Any) -> None:
        """Write how this process stands, with an event. It is told to others, and nothing here depends on it."""
        if "mode" in changes:
            changes["since"] = self.ctx.clock()
        try:
            async with self.ctx.database.session() as session:
                await power.note(session, self._id, changes)
                if event is not None:
                    await events.emit(session, event[0], self._id, event[1])
        except (SQLAlchemyError, OSError) as error:
            _log.warning("power.not_noted", error=str(error).splitlines()[0])


async def _work_waits(session: Any) -> bool:
    query = text(
        "SELECT EXISTS (SELECT FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED')"
        " AND (application_version IS NULL OR application_version = :version))"
    )
    return bool((await session.execute(query, {"version": VERSION})).scalar_one())


def _heard(ears: _Ears) -> tuple[WakeTrigger | None, bool]:
    """Return what wakes, and whether anything may have been missed: a lost connection says so by telling nothing."""
    told, queues, topics = ears.told.take(), ears.queues.take(), ears.news.take()
    ears.rows.take()  # these tell nothing but that the timeline is to be looked at, which is done in any case
    unsure = "" in told | queues | topics
    for word in told:
        if word.startswith(power.WAKE_NOW):
            return WakeTrigger(word.partition(" ")[2] or WakeTrigger.USER_ACCESS), False
    if queues - {""}:
        return WakeTrigger.POST_CREATION, False
    if any(events.is_handled(topic) and not topic.startswith("power.") for topic in topics - {""}):
        return WakeTrigger.NEWS, False
    return None, unsure


async def _either(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in (one, other)]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
