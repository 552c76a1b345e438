"""The table of what is due later, and the loop that turns due rows into workflows.

A due row is marked and its workflow enqueued in one transaction, under an id made of the row's: it starts once,
however many workers look and whichever dies. The loop sleeps until the next row is due or the table changes.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import engine
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import ConflictError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.models import MissedPolicy, TimelineEntry, TimelineState, WakeTrigger
from mediaposter.core.notifications import TIMELINE, listening, notify, wait_for

__all__ = [
    "MissedPolicy",
    "Planned",
    "TimelineEntry",
    "TimelineState",
    "Wake",
    "cancel",
    "cancel_all",
    "get",
    "list_entries",
    "next_wake",
    "on",
    "on_due",
    "reschedule",
    "run",
    "schedule",
    "schedule_all",
    "start_due",
    "upcoming",
    "wait_until",
]
LATE_AFTER = timedelta(minutes=1)  # what is later than this was missed, and its policy decides
_BATCH = 50
_LONGEST_SLEEP = 3600.0
_PAUSE_AFTER_ERROR = 5.0
_GATHER_SECONDS = 0.05
_log = structlog.get_logger(__name__)
Start = Callable[[str], Coroutine[Any, Any, Any]]
S = TypeVar("S", bound=Start)
StartMany = Callable[[AsyncSession, Sequence[TimelineEntry]], Coroutine[Any, Any, None]]
M = TypeVar("M", bound=StartMany)
_starters: dict[str, Start] = {}
_starters_of_many: dict[str, StartMany] = {}


@dataclass(frozen=True)
class Wake:
    """How a due row wakes a worker that sleeps: so long ahead of its time, and under which name."""

    trigger: WakeTrigger = WakeTrigger.SCHEDULED
    lead: timedelta = timedelta(seconds=1)


_wakes: dict[str, Wake] = {}


def on(kind: str, *, wake: Wake | None = None) -> Callable[[S], S]:
    """Start the decorated workflow for due rows of `kind`. It gets the id of the row; `get` reads it."""

    def register(workflow: S) -> S:
        engine.name_of(workflow)
        _starters[kind] = workflow
        _wakes[kind] = wake or Wake()
        return workflow

    return register


def on_due(kind: str, *, wake: Wake | None = None) -> Callable[[M], M]:
    """Hand the due rows of `kind` to the decorated function, many at once, in the transaction that starts them.

    It enqueues what they stand for, and `wait_until` puts a row back whose time is not there yet. For kinds of which
    thousands fall due together: nothing is started only to start something else.
    """

    def register(handler: M) -> M:
        _starters_of_many[kind] = handler
        _wakes[kind] = wake or Wake()
        return handler

    return register


def wait_until(entry: TimelineEntry, due_at: datetime) -> None:
    """Put a row back that was handed over as due: it falls due again at `due_at`."""
    entry.state, entry.started_at, entry.due_at = TimelineState.WAITING, None, due_at


async def schedule(
    session: AsyncSession,
    *,
    kind: str,
    subject: str,
    due_at: datetime,
    data: JsonObject | None = None,
    key: str | None = None,
    missed: MissedPolicy = MissedPolicy.RUN_ONCE,
) -> TimelineEntry:
    """Put a row on the timeline. With a `key` that exists already, that row is returned as it is."""
    planned = Planned(kind=kind, subject=subject, due_at=due_at, data=data or {}, key=key, missed=missed)
    made = await schedule_all(session, [planned])
    if made:
        return made[0]
    return (await session.execute(select(TimelineEntry).where(TimelineEntry.key == key))).scalar_one()


@dataclass(frozen=True)
class Planned:
    """A row to put on the timeline."""

    kind: str
    subject: str
    due_at: datetime
    data: JsonObject
    key: str | None = None
    missed: MissedPolicy = MissedPolicy.RUN_ONCE


async def schedule_all(session: AsyncSession, rows: Sequence[Planned]) -> Sequence[TimelineEntry]:
    """Put rows on the timeline in one statement, and return those that are new: a `key` that exists is left alone."""
    if not rows:
        return []
    now = utc_now()
    values = [
        {**vars(row), "id": new_id("due"), "state": TimelineState.WAITING, "created_at": now, "updated_at": now}
        for row in rows
    ]
    query = insert(TimelineEntry).values(values).on_conflict_do_nothing(index_elements=["key"]).returning(TimelineEntry)
    made = (await session.execute(query)).scalars().all()
    if made:
        await notify(session, TIMELINE)
    return made


async def get(session: AsyncSession, entry_id: str, *, lock: bool = False) -> TimelineEntry:
    """Return a row. Raises NotFoundError."""
    row = await session.get(TimelineEntry, entry_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFoundError(f"There is no row {entry_id} on the timeline.")
    return row


async def list_entries(
    session: AsyncSession,
    *,
    kind: str | None = None,
    subject: str | None = None,
    state: TimelineState | None = None,
    limit: int = 100,
) -> Sequence[TimelineEntry]:
    """Return rows by their due time, soonest first."""
    query = select(TimelineEntry).order_by(TimelineEntry.due_at, TimelineEntry.id).limit(limit)
    if kind is not None:
        query = query.where(TimelineEntry.kind == kind)
    if subject is not None:
        query = query.where(TimelineEntry.subject == subject)
    if state is not None:
        query = query.where(TimelineEntry.state == state)
    return (await session.execute(query)).scalars().all()


async def upcoming(
    session: AsyncSession, *, without: Sequence[str] = (), until: datetime | None = None, limit: int
) -> Sequence[TimelineEntry]:
    """Return the rows that wait, the soonest first, but for some kinds."""
    query = (
        select(TimelineEntry)
        .where(TimelineEntry.state == TimelineState.WAITING, TimelineEntry.kind.not_in(without))
        .order_by(TimelineEntry.due_at, TimelineEntry.id)
        .limit(limit)
    )
    if until is not None:
        query = query.where(TimelineEntry.due_at < until)
    return (await session.execute(query)).scalars().all()


async def reschedule(
    session: AsyncSession, entry_id: str, *, due_at: datetime | None = None, data: JsonObject | None = None
) -> TimelineEntry:
    """Change a waiting row; workers see it at once. Raises NotFoundError, ConflictError when it has started."""
    row = await _waiting(session, entry_id)
    row.due_at = due_at or row.due_at
    row.data = row.data if data is None else data
    await session.flush()
    await notify(session, TIMELINE)
    return row


async def cancel(session: AsyncSession, entry_id: str, *, note: str = "cancelled") -> TimelineEntry:
    """Take a waiting row off the timeline; it stays as a record. Raises NotFoundError, ConflictError."""
    row = await _waiting(session, entry_id)
    row.state, row.note = TimelineState.CANCELLED, note
    await session.flush()
    return row


async def cancel_all(session: AsyncSession, *, subject: str, kind: str | None = None, note: str = "cancelled") -> int:
    """Cancel every waiting row of a subject, and return how many there were."""
    query = select(TimelineEntry).where(TimelineEntry.subject == subject, TimelineEntry.state == TimelineState.WAITING)
    if kind is not None:
        query = query.where(TimelineEntry.kind == kind)
    query = query.with_for_update().execution_options(populate_existing=True)
    rows = (await session.execute(query)).scalars().all()
    for row in rows:
        row.state, row.note = TimelineState.CANCELLED, note
    await session.flush()
    return len(rows)


async def run(ctx: Context) -> None:
    """Start what falls due, until cancelled."""
    async with listening(ctx.database, TIMELINE) as woken:
        while True:
            woken.clear()
            try:
                while await start_due(ctx) == _BATCH:
                    pass
                pause = await _until_next(ctx)
            except Exception:
                _log.exception("timeline.failed", again_in=_PAUSE_AFTER_ERROR)
                pause = _PAUSE_AFTER_ERROR
            await wait_for(woken, pause)
            await asyncio.sleep(_GATHER_SECONDS)  # many rows that are written together are one look


async def start_due(ctx: Context) -> int:
    """Start, or skip as its policy says, up to 50 rows that are due, and return how many. One transaction."""
    now = ctx.clock()
    async with ctx.database.session() as session:
        query = (
            select(TimelineEntry)
            .where(
                TimelineEntry.state == TimelineState.WAITING,
                TimelineEntry.due_at <= now,
                TimelineEntry.kind.in_([*_starters, *_starters_of_many]),
            )
            .order_by(TimelineEntry.due_at, TimelineEntry.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        rows = (await session.execute(query)).scalars().all()
        many: defaultdict[str, list[TimelineEntry]] = defaultdict(list)
        for row in rows:
            if not await _is_to_start(session, row, now):
                continue
            row.state, row.started_at = TimelineState.STARTED, now
            if row.kind in _starters_of_many:
                many[row.kind].append(row)
                continue
            row.workflow_id = await engine.enqueue(
                session, _starters[row.kind], row.id, queue=engine.Queue.TIMELINE, id=f"timeline:{row.id}"
            )
        for kind, due in many.items():
            await _starters_of_many[kind](session, due)
        return len(rows)


async def _is_to_start(session: AsyncSession, row: TimelineEntry, now: datetime) -> bool:
    """Say whether a due row starts now; one that was missed may be skipped, as its policy says."""
    late = now - row.due_at
    if late > LATE_AFTER:
        if row.missed is MissedPolicy.SKIP:
            row.state, row.note = TimelineState.SKIPPED, f"Missed by {_seconds(late)} s while no worker was there."
            return False
        if row.missed is MissedPolicy.RUN_ONCE and (later := await _later_one(session, row, now)):
            row.state, row.note = TimelineState.SKIPPED, f"Missed while no worker was there; {later} runs instead."
            return False
        row.note = f"Started {_seconds(late)} s late: no worker was there."
    return True


async def _later_one(session: AsyncSession, row: TimelineEntry, now: datetime) -> str | None:
    query = (
        select(TimelineEntry.id)
        .where(
            TimelineEntry.kind == row.kind,
            TimelineEntry.subject == row.subject,
            TimelineEntry.state == TimelineState.WAITING,
            TimelineEntry.missed == MissedPolicy.RUN_ONCE,
            TimelineEntry.due_at <= now,
            (TimelineEntry.due_at > row.due_at) | ((TimelineEntry.due_at == row.due_at) & (TimelineEntry.id > row.id)),
        )
        .order_by(TimelineEntry.due_at.desc(), TimelineEntry.id.desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def next_wake(session: AsyncSession) -> tuple[datetime, WakeTrigger] | None:
    """Return when a worker that sleeps is to be awake for the rows that wait, and why. None when nothing waits."""
    query = (
        select(TimelineEntry.kind, func.min(TimelineEntry.due_at))
        .where(TimelineEntry.state == TimelineState.WAITING, TimelineEntry.kind.in_(_wakes))
        .group_by(TimelineEntry.kind)
    )
    moments = [(due_at - _wakes[kind].lead, _wakes[kind].trigger) for kind, due_at in await session.execute(query)]
    return min(moments, default=None)


async def _until_next(ctx: Context) -> float:
    async with ctx.database.session() as session:
        query = select(func.min(TimelineEntry.due_at)).where(
            TimelineEntry.state == TimelineState.WAITING,
            TimelineEntry.kind.in_([*_starters, *_starters_of_many]),
        )
        due_at = (await session.execute(query)).scalar_one_or_none()
    if due_at is None:
        return _LONGEST_SLEEP
    return min(max((due_at - ctx.clock()).total_seconds(), 0.0), _LONGEST_SLEEP)


async def _waiting(session: AsyncSession, entry_id: str) -> TimelineEntry:
    row = await get(session, entry_id, lock=True)
    if row.state is not TimelineState.WAITING:
        raise ConflictError(f"The row {entry_id} is {row.state} already.", fix="Schedule another one.")
    return row


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
