"""What holds a planned publication back, and who comes back to it: the account, its limits, its time."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import timeline
from mediaposter.core.db import JsonObject
from mediaposter.publishing import ledger
from mediaposter.publishing.ledger import DUE
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.turns import Turn, stop, turn_after

INLINE = 10.0  # seconds that a workflow waits by itself; longer waits are rows in the timeline


async def gate(session: AsyncSession, row: Publication, *, now: datetime) -> Turn:
    """Say whether a planned publication may go out now. What holds it back is written on it."""
    account = row.account
    if account.archived_at is not None:
        await ledger.change(session, row, Outcome.CANCELLED, note="The account is archived.", now=now)
        return stop(row.outcome, row.attempt)
    if account.paused_at is not None:
        row.problem = problem(
            "ACCOUNT_PAUSED",
            f"The account {account.handle} is paused: {account.paused_reason}.",
            f"mediaposter accounts resume {account.id}",
        )
        return stop(row.outcome, row.attempt)
    until = max((moment for moment in (account.held_until, row.due_at) if moment is not None), default=now)
    left = (until - now).total_seconds()
    if left <= 0:
        return turn_after(row.outcome, row.attempt)
    if left <= INLINE:
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
