"""Moving a planned publication to another moment."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events, timeline
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.core.timeline import TimelineState
from mediaposter.publishing import ledger, preflight, service
from mediaposter.publishing.errors import PublicationStateError
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome


async def move_publication(
    session: AsyncSession, publication_id: str, *, due_at: datetime, clock: Clock = utc_now
) -> Publication:
    """Let a planned publication go out at `due_at` instead. The looks ahead and its limits are planned anew.

    Raises InvalidInputError for a moment that has passed, and PublicationStateError for one that was sent, or that is
    being made ready at this very moment.
    """
    if due_at <= clock():
        rule = "a moment in the future"
        fix = "Give a later moment, or publish it now."
        raise InvalidInputError(
            "The publication cannot go out in the past.", fix=fix, errors=[FieldProblem("due_at", rule, fix)]
        )
    # The timeline first: that is the order in which whoever starts what is due takes the locks.
    waiting = await timeline.cancel_all(session, subject=publication_id, kind=ledger.DUE, note="It has another time.")
    row = await service.get_publication(session, publication_id, lock=True)
    if row.outcome is not Outcome.PLANNED:
        raise PublicationStateError(
            f"The publication is {row.outcome}: only one that was not sent can be moved.",
            fix="A rejected or cancelled one can be planned again.",
        )
    if not waiting and row.starts:
        raise PublicationStateError(
            "The publication is being made ready at this moment.", fix="Pause its account to stop it, or let it go out."
        )
    before, row.due_at, row.slot_at, row.problem = row.due_at, due_at, None, None
    entry = await timeline.schedule(
        session,
        kind=ledger.DUE,
        subject=row.id,
        due_at=due_at,
        key=f"{row.id}:due:{row.attempt}:{due_at.isoformat()}",
    )
    if entry.state is TimelineState.CANCELLED:  # it went to another time and came back to this one
        entry.state, entry.note = TimelineState.WAITING, None
        await timeline.reschedule(session, entry.id, due_at=due_at)
    await preflight.schedule(session, row, now=clock())
    told = {"from": before.isoformat() if before else None, "to": due_at.isoformat()}
    await ledger.write(session, row, note=f"Moved to {due_at:%Y-%m-%d %H:%M} UTC.", now=clock())
    await events.emit(session, "publication.moved", row.id, {**told, "account_id": row.account_id})
    return row
