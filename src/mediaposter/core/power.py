"""Sleep and wake, as everybody but the worker sees them: the status, telling workers to sleep or to wake, wake-ups.

A worker that sleeps has no engine and polls nothing: it waits for a notification and for the next row of the timeline.
What wakes it are rows, so nothing of it is lost with a process. See `sleeper.py` for the worker's side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import timeline
from mediaposter.core.errors import ConflictError, InvalidInputError
from mediaposter.core.leases import is_gone
from mediaposter.core.models import PowerMode, PowerState, WakeTrigger
from mediaposter.core.notifications import POWER, notify
from mediaposter.core.timeline import TimelineEntry

WAKE = "power.wake"  # the kind of our rows in the timeline
SLEEP_NOW, WAKE_NOW = "sleep", "wake"  # what workers are told


@dataclass(frozen=True)
class SleepStatus:
    """How the workers stand together: asleep when all that live are. Times in UTC, `None` where there is no worker."""

    mode: PowerMode | None
    since: datetime | None
    next_wake_at: datetime | None
    next_trigger: str | None
    last_trigger: str | None
    sleeps: int
    slept_seconds: float
    workers: Sequence[PowerState]


async def get_status(session: AsyncSession) -> SleepStatus:
    """Return how the living workers stand. Reading it wakes nobody."""
    workers = await states(session)
    awake = [one for one in workers if one.mode is not PowerMode.ASLEEP]
    shown = awake[0] if awake else max(workers, key=lambda one: one.since, default=None)
    wakes = [one for one in workers if one.next_wake_at is not None]
    soonest = min(wakes, key=lambda one: one.next_wake_at or one.since, default=None)
    return SleepStatus(
        mode=shown.mode if shown else None,
        since=shown.since if shown else None,
        next_wake_at=soonest.next_wake_at if soonest else None,
        next_trigger=soonest.next_trigger if soonest else None,
        last_trigger=shown.last_trigger if shown else None,
        sleeps=sum(one.sleeps for one in workers),
        slept_seconds=sum(one.slept_seconds for one in workers),
        workers=workers,
    )


async def states(session: AsyncSession) -> list[PowerState]:
    """Return the worker processes that live, as far as this machine can tell, oldest first."""
    query = select(PowerState).where(PowerState.ended_at.is_(None)).order_by(PowerState.created_at)
    return [one for one in (await session.execute(query)).scalars() if not is_gone(one)]


async def note(session: AsyncSession, state_id: str, changes: Mapping[str, Any]) -> None:
    """Write how a worker process stands now."""
    await session.execute(update(PowerState).where(PowerState.id == state_id).values(dict(changes)))


async def enter_sleep(session: AsyncSession) -> None:
    """Tell every worker to sleep as soon as nothing is in hand, queued or nearly due. Raises ConflictError."""
    if not await states(session):
        raise ConflictError("There is no worker that could sleep.", fix="Start one: mediaposter up")
    await session.execute(update(PowerState).where(PowerState.ended_at.is_(None)).values(told_to_sleep=True))
    await notify(session, POWER, SLEEP_NOW)


async def wake(session: AsyncSession, trigger: WakeTrigger = WakeTrigger.USER_ACCESS) -> None:
    """Wake every worker that sleeps, and let those that drain stay awake."""
    await session.execute(update(PowerState).where(PowerState.ended_at.is_(None)).values(told_to_sleep=False))
    await notify(session, POWER, f"{WAKE_NOW} {trigger}")


async def schedule_wake(
    session: AsyncSession, at: datetime, trigger: WakeTrigger = WakeTrigger.SCHEDULED, *, now: datetime
) -> TimelineEntry:
    """Let workers wake at a moment; the row's id cancels it. A moment that has passed wakes them at once."""
    if at.tzinfo is None:
        raise InvalidInputError("The moment has no zone.", fix="Give it as 2026-11-24T07:00:00Z or with its offset.")
    due_at = max(at, now)
    return await timeline.schedule(session, kind=WAKE, subject="power", due_at=due_at, data={"trigger": trigger})


async def cancel_wake(session: AsyncSession, wake_id: str) -> None:
    """Take a scheduled wake-up back. Raises NotFoundError, ConflictError when it has passed."""
    entry = await timeline.get(session, wake_id, lock=True)
    if entry.kind != WAKE:
        raise ConflictError(f"The row {wake_id} is no wake-up.", fix="Cancel it where it was planned.")
    await timeline.cancel(session, wake_id)


@timeline.on_due(WAKE)
async def woken(session: AsyncSession, entries: Sequence[TimelineEntry]) -> None:
    """Do nothing: whoever takes the row is awake."""
