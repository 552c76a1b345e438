"""What holds a planned publication back, and who comes back to it: the switch, the account, its limits, its time."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import timeline
from mediaposter.core.db import JsonObject
from mediaposter.publishing import guards, ledger
from mediaposter.publishing.guards import Hold
from mediaposter.publishing.ledger import DUE
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.turns import Turn, stop, turn_after

INLINE = 10.0  # seconds that a workflow waits by itself; longer waits are rows in the timeline
_IN_LINE = 2.0  # of these while others of other accounts could have its place


async def gate(session: AsyncSession, row: Publication, *, now: datetime, arming: bool = False) -> Turn:
    """Say whether a planned publication may go out now. What holds it back is written on it.

    `arming` is the last look, right before the public call. Raises RepeatedError before the first.
    """
    if row.account.archived_at is not None:
        await ledger.change(session, row, Outcome.CANCELLED, note="The account is archived.", now=now)
        return stop(row.outcome, row.attempt)
    hold = await guards.stopped(session) or _paused(row) or _waits_for_parent(row)
    if hold is None:
        until = max((moment for moment in (row.account.held_until, row.due_at) if moment is not None), default=now)
        if until > now:
            return await _wait(session, row, until, now=now)
        hold = await guards.afford(session, row, now=now) or await guards.reserve(session, row, now=now, arming=arming)
    if hold is None:
        if not arming:
            await guards.refuse_repetition(session, row, now=now)
        return turn_after(row.outcome, row.attempt)
    row.problem = hold.problem()
    if hold.until is None:
        row.slot_at = None
        return stop(row.outcome, row.attempt)
    return await _wait(session, row, hold.until, now=now)


def _paused(row: Publication) -> Hold | None:
    account = row.account
    if account.paused_at is None:
        return None
    detail = f"The account {account.handle} is paused: {account.paused_reason}."
    return Hold("ACCOUNT_PAUSED", detail, f"mediaposter accounts resume {account.id}", None)


def _waits_for_parent(row: Publication) -> Hold | None:
    if row.parent is None or row.parent.outcome is Outcome.CONFIRMED:
        return None
    detail = f"It goes out under {row.parent.id}, which is {row.parent.outcome}."
    return Hold("WAITS_FOR_POST", detail, f"See that one: mediaposter publications show {row.parent.id}", None)


async def _wait(session: AsyncSession, row: Publication, until: datetime, *, now: datetime) -> Turn:
    left = (until - now).total_seconds()
    if left <= _IN_LINE:
        return turn_after(row.outcome, row.attempt, wait=left)
    await look_again(session, row, at=until)
    return stop(row.outcome, row.attempt)


async def look_again(session: AsyncSession, row: Publication, *, at: datetime) -> None:
    """Write into the timeline that this publication is looked at again, whoever lives then."""
    key = f"{row.id}:look:{row.attempt}:{row.outcome}:{at.isoformat()}"
    await timeline.schedule(session, kind=DUE, subject=row.id, due_at=at, key=key)


def surely_over(row: Publication, seconds: float) -> datetime:
    """Return the moment that lies `seconds` after the arming of `row`."""
    return (row.armed_at or row.created_at) + timedelta(seconds=seconds)


def problem(code: str, detail: str, fix: str) -> JsonObject:
    """Return a problem as the ledger keeps it."""
    return {"code": code, "detail": detail.strip(), "fix": fix}
