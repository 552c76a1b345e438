"""The event log. Whoever changes something emits an event in the same transaction; subscribers get each at least once.

Transactions commit in another order than they number their rows, so a reader that remembers the last number it saw
could miss one that commits late. Events therefore get their `sequence` after they are committed: a reader first gives
numbers, under a lock, to all that have none, in the order in which they were emitted. Of one subject, what was emitted
after another had been committed always has the higher number. A cursor is one integer.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import inf
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import func, insert, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from mediaposter.core import context
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.errors import InvalidInputError
from mediaposter.core.ids import new_id
from mediaposter.core.models import Event, EventCursor
from mediaposter.core.notifications import EVENTS, listening, notify, wait_for
from mediaposter.core.together import Together

_SEQUENCE_LOCK = 0x65766E74  # "evnt"
_BATCH = 200
_LOOK_ANYWAY_SECONDS = 60.0
_LONGEST_PAUSE = 60.0
_STREAM_SECONDS = 900.0  # then the client opens it again, and has to be allowed to
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class EventRecord:
    """An event as subscribers see it. `sequence` is the cursor."""

    sequence: int
    id: str
    topic: str
    subject: str
    data: dict[str, Any]
    created_at: datetime


async def emit(session: AsyncSession, topic: str, subject: str, data: dict[str, Any] | None = None) -> None:
    """Write an event in the caller's transaction. `topic` is `room.thing.happened`, `subject` the id it is about."""
    await session.execute(
        insert(Event).values(id=new_id("evt"), topic=topic, subject=subject, data=data or {}, created_at=utc_now())
    )
    await notify(session, EVENTS, topic)


async def read(
    database: Database, *, after: int, topic: str = "*", subject: str | None = None, limit: int = _BATCH
) -> list[EventRecord]:
    """Return committed events with a sequence above `after`, in order. `topic` is as in `stream`."""
    found, _ = await _look(database, after=after, topic=topic, subject=subject, limit=limit)
    return found


async def _look(
    database: Database, *, after: int, topic: str, subject: str | None = None, limit: int = _BATCH
) -> tuple[list[EventRecord], int]:
    """Return what `read` does, and the sequence up to which everything was looked at."""
    newest = await latest(database)
    if newest <= after:
        return [], after
    query = select(Event).where(Event.sequence > after, Event.sequence <= newest).order_by(Event.sequence).limit(limit)
    patterns = [_like(one) for one in topic.split(",")]
    if "%" not in patterns:
        query = query.where(or_(*(Event.topic.like(pattern, escape="\\") for pattern in patterns)))
    if subject is not None:
        query = query.where(Event.subject == subject)
    async with database.session() as session:
        found = [_record(row) for row in (await session.execute(query)).scalars()]
    return found, found[-1].sequence if len(found) == limit else newest


async def history(
    session: AsyncSession, *, subject: str | None = None, topic: str = "*", limit: int, before: int | None = None
) -> list[EventRecord]:
    """Return what has happened, the newest first; of one subject, of topics as in `stream`, before a sequence."""
    query = select(Event).where(Event.sequence.is_not(None)).order_by(Event.sequence.desc()).limit(limit)
    query = query.where(or_(*(Event.topic.like(_like(one), escape="\\") for one in topic.split(","))))
    if subject is not None:
        query = query.where(Event.subject == subject)
    if before is not None:
        query = query.where(Event.sequence < before)
    return [_record(row) for row in (await session.execute(query)).scalars()]


def _record(row: Event) -> EventRecord:
    return EventRecord(row.sequence or 0, row.id, row.topic, row.subject, row.data, row.created_at)


async def latest(database: Database) -> int:
    """Return the sequence of the newest event, 0 when there is none."""
    await _number_new(database)
    async with database.session() as session:
        return (await session.execute(select(func.max(Event.sequence)))).scalar_one() or 0


async def follow(
    database: Database, *, after: int, topic: str = "*", subject: str | None = None, seconds: float = inf
) -> AsyncGenerator[EventRecord]:
    """Yield events after the cursor, then new ones as they are committed, for `seconds` or a minute more."""
    ends = monotonic() + seconds
    async with listening(database, EVENTS) as woken:
        while monotonic() < ends:
            woken.clear()
            asked = (database.url, after, topic, subject)
            found, after = await _looks.ask(asked, partial(_look, database, after=after, topic=topic, subject=subject))
            for event in found:
                yield event
            if len(found) < _BATCH:
                await wait_for(woken, _LOOK_ANYWAY_SECONDS)


async def stream(
    request: Request,
    *,
    topic: str = "*",
    subject: str | None = None,
    after: str | None = None,
    named: bool = True,
) -> AsyncIterator[dict[str, str]]:
    """Yield server-sent events for `EventSourceResponse`, from the one after the Last-Event-ID `after`.

    Without it only new ones. `topic` is a topic, a beginning such as `pipeline.*`, or several with commas between.
    With `named=False` browsers hand every event to `onmessage`.
    """
    database = context.current().database
    start = await latest(database) if after is None else _cursor(after)
    async with aclosing(follow(database, after=start, topic=topic, subject=subject, seconds=_STREAM_SECONDS)) as found:
        async for event in found:
            if await request.is_disconnected():
                return
            body = {
                "id": event.id,
                "topic": event.topic,
                "subject": event.subject,
                "data": event.data,
                "created_at": event.created_at.isoformat(),
            }
            name = {"event": event.topic} if named else {}
            yield {"id": str(event.sequence), **name, "data": json.dumps(body)}


_looks = Together[tuple[list[EventRecord], int]]()  # all streams are woken at once, mostly at the same place

# Subscribers that keep their own cursor

Handler = Callable[[AsyncSession, EventRecord], Awaitable[None]]


@dataclass(frozen=True)
class Subscriber:
    """A handler with a name, under which its cursor is kept."""

    name: str
    topic: str
    handle: Handler
    from_start: bool
    wanted: Callable[[str], bool] | None = None

    def concerns(self, topic: str) -> bool:
        """Say whether an event of `topic` is a reason to look."""
        return _concerns(self.topic, topic) and (self.wanted is None or self.wanted(topic))


_subscribers: dict[str, Subscriber] = {}
_begun: set[tuple[str, str]] = set()  # the databases and names whose cursor this process knows to be there
_SKIPPED = 100  # events of other topics after which a cursor moves on, though nothing was handed over
_TOGETHER = 50  # events that a subscriber gets in one transaction
_GATHER_SECONDS = 0.1  # events come in flocks
_PAUSE_WHEN_BLIND = 1.0


def subscribe(
    name: str, topic: str, *, from_start: bool = False, wanted: Callable[[str], bool] | None = None
) -> Callable[[Handler], Handler]:
    """Let a worker call the decorated function with each event of `topic`, one after the other, from now on.

    What it writes by the session is committed together with the cursor, so that is done once. It must not reach
    outside: it enqueues a workflow for that. One that fails is called again with the same event until it works.
    `from_start` begins with the oldest event that is kept. `wanted` says, where it changes with time, which topics are
    a reason to look; the handler gets the others as well when it does look.
    """

    def register(handle: Handler) -> Handler:
        _subscribers[name] = Subscriber(name, topic, handle, from_start, wanted)
        return handle

    return register


async def run_subscribers(ctx: Context) -> None:
    """Call the subscribers of this process as events come, until cancelled."""
    waiting = [_Waiting(subscriber, asyncio.Event()) for subscriber in _subscribers.values()]
    async with asyncio.TaskGroup() as group:
        for one in waiting:
            group.create_task(_run(ctx, one), name=f"subscriber {one.subscriber.name}")
        group.create_task(_wake_those_concerned(ctx, waiting), name="subscribers")


@dataclass(frozen=True)
class _Waiting:
    """A subscriber of this process, and what ends its pause."""

    subscriber: Subscriber
    woken: asyncio.Event


async def _wake_those_concerned(ctx: Context, waiting: Sequence[_Waiting]) -> None:
    """Look at new events once for all subscribers: a look of each, at each flock, would cost more than the work."""
    seen = 0
    async with listening(ctx.database, EVENTS) as woken:
        while True:
            woken.clear()
            try:
                newest = await latest(ctx.database)
                topics = await _topics(ctx.database, after=seen, until=newest) if newest > seen else set[str]()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("subscribers.blind", error=str(error), again_in=_PAUSE_WHEN_BLIND)
                await asyncio.sleep(_PAUSE_WHEN_BLIND)
                continue
            seen = newest
            for one in waiting:
                if any([one.subscriber.concerns(topic) for topic in topics]):  # noqa: C419 - each is asked about all
                    one.woken.set()
            await asyncio.sleep(_GATHER_SECONDS)  # after the look: the first event after a rest is handed over at once
            await wait_for(woken, _LOOK_ANYWAY_SECONDS)


async def _topics(database: Database, *, after: int, until: int) -> set[str]:
    query = select(Event.topic).distinct().where(Event.sequence > after, Event.sequence <= until)
    async with database.session() as session:
        return set((await session.execute(query)).scalars())


async def deliver(ctx: Context, subscriber: Subscriber) -> int:
    """Hand the subscriber what is new, in order, and return how many events that was. Its error comes out.

    Several workers may try: one at a time gets the cursor, the others find nothing to do.
    """
    begun = (ctx.database.url, subscriber.name)
    if begun not in _begun:
        await _ensure_cursor(ctx.database, subscriber)
        _begun.add(begun)
    done = 0
    while True:
        handled: list[int] = []
        try:
            some = await _deliver_some(ctx, subscriber, handled, limit=_TOGETHER)
        except Exception:
            if handled:  # those before the one that failed were undone with it
                await _deliver_some(ctx, subscriber, [], limit=len(handled))
            raise
        if some == 0:
            return done
        done += some


async def _deliver_some(ctx: Context, subscriber: Subscriber, handled: list[int], *, limit: int) -> int:
    """Hand over up to `limit` events in one transaction: all of them count as delivered, or none.

    The numbers of those that were handled are added to `handled`.
    """
    async with ctx.database.session() as session:
        query = select(EventCursor).where(EventCursor.id == subscriber.name).with_for_update(skip_locked=True)
        cursor = (await session.execute(query)).scalar_one_or_none()
        if cursor is None:
            return 0
        found, seen = await _look(ctx.database, after=cursor.sequence, topic=subscriber.topic, limit=limit)
        for event in found:
            await subscriber.handle(session, event)
            handled.append(event.sequence)
        if found:
            cursor.failures, cursor.last_error = 0, None
        if found or seen - cursor.sequence >= _SKIPPED:  # what is not for it is not looked through again and again
            cursor.sequence = seen
    return len(found)


async def _run(ctx: Context, waiting: _Waiting) -> None:
    subscriber, pause = waiting.subscriber, 0.5
    while True:
        waiting.woken.clear()
        try:
            await deliver(ctx, subscriber)
            pause = 0.5
            await wait_for(waiting.woken, _LOOK_ANYWAY_SECONDS)
        except Exception as error:
            _log.exception("subscriber.failed", subscriber=subscriber.name, again_in=pause)
            await _note_failure(ctx.database, subscriber, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _note_failure(database: Database, subscriber: Subscriber, error: Exception) -> None:
    try:
        async with database.session() as session:
            cursor = await session.get(EventCursor, subscriber.name)
            if cursor is not None:
                cursor.failures += 1
                cursor.last_error = f"{type(error).__name__}: {error}"[:1000]
    except Exception as second:
        _log.warning("subscriber.note_failed", subscriber=subscriber.name, error=str(second))


async def _ensure_cursor(database: Database, subscriber: Subscriber) -> None:
    start = 0 if subscriber.from_start else await latest(database)
    now = utc_now()
    async with database.session() as session:
        row = {"id": subscriber.name, "sequence": start, "failures": 0, "created_at": now, "updated_at": now}
        await session.execute(upsert(EventCursor).values(row).on_conflict_do_nothing())


async def _number_new(database: Database) -> None:
    async with database.session() as session:
        if not (await session.execute(text("SELECT EXISTS (SELECT FROM events WHERE sequence IS NULL)"))).scalar_one():
            return
        await session.execute(select(func.pg_advisory_xact_lock(_SEQUENCE_LOCK)))
        # A new statement sees what was committed until it began, so also what the holder of the lock before us did.
        await session.execute(
            text(
                "UPDATE events SET sequence = numbered.sequence FROM ("
                " SELECT id, nextval('event_sequence') AS sequence FROM ("
                "  SELECT id FROM events WHERE sequence IS NULL ORDER BY position LIMIT 10000) AS waiting"
                ") AS numbered WHERE events.id = numbered.id"
            )
        )


def _like(topic: str) -> str:
    escaped = topic.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.removesuffix("*") + "%" if escaped.endswith("*") else escaped


def _concerns(pattern: str, topic: str) -> bool:
    """Say in memory what `_like` says to the database."""
    return any(
        topic.startswith(one.removesuffix("*")) if one.endswith("*") else topic == one
        for one in map(str.strip, pattern.split(","))
    )


def _cursor(after: str) -> int:
    if not after.strip().isdigit():
        raise InvalidInputError(f"{after!r} is not the id of an event.", fix="Send the last `id` of the stream, or 0.")
    return int(after)


async def all_delivered(ctx: Context) -> bool:
    """Say whether every subscriber of this process has had what it waits for. Power events wait for the next time."""
    newest = await latest(ctx.database)
    async with ctx.database.session() as session:
        rows = await session.execute(select(EventCursor).where(EventCursor.id.in_(_subscribers)))
        cursors = {row.id: row.sequence for row in rows.scalars()}
    behind = min(cursors.values(), default=newest)
    if behind >= newest:
        return True
    async with ctx.database.session() as session:
        query = (
            select(Event.topic, func.max(Event.sequence))
            .where(Event.sequence > behind, ~Event.topic.like("power.%"))
            .group_by(Event.topic)
        )
        found = [(topic, sequence or 0) for topic, sequence in await session.execute(query)]
    return not any(
        sequence > cursors.get(one.name, newest) and one.concerns(topic)
        for topic, sequence in found
        for one in _subscribers.values()
    )


def is_handled(topic: str) -> bool:
    """Say whether a subscriber of this process waits for a topic."""
    return any([one.concerns(topic) for one in _subscribers.values()])  # noqa: C419 - each is asked


def registered() -> Sequence[Subscriber]:
    """Return the subscribers of this process."""
    return tuple(_subscribers.values())
