"""Durable work of the metrics room: one checkback, from its row in the timeline to a stored reading."""

from datetime import timedelta

from mediaposter.core import context, engine, timeline
from mediaposter.core.models import WakeTrigger
from mediaposter.core.timeline import Wake
from mediaposter.metrics import service
from mediaposter.metrics.ages import AGES, next_age
from mediaposter.metrics.models import SnapshotState
from mediaposter.metrics.reading import Later, Reading, read
from mediaposter.publishing import service as publishing
from mediaposter.publishing.outcomes import Outcome

_PAUSES = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=3), timedelta(hours=8))


@timeline.on(service.CHECKBACK, wake=Wake(WakeTrigger.CHECKBACK_PERIOD))
@engine.workflow("metrics.checkback")
async def checkback(entry_id: str) -> str:
    """Read the publication of a due row and return the state of the reading, or "later"."""
    return await take(entry_id)


@engine.step("metrics.take", attempts=3)
async def take(entry_id: str) -> str:
    """Read once and keep what was read. What cannot be read is tried again until half-way to the next age."""
    ctx = context.current()
    async with ctx.database.session() as session:
        entry = await timeline.get(session, entry_id)
        publication = await publishing.get_publication(session, entry.subject)
    if publication.outcome is not Outcome.CONFIRMED or publication.removed_at is not None:
        return "gone"
    age, tries = str(entry.data["age"]), int(entry.data.get("tries", 0))
    due_at = publication.settled_at + AGES[age] if publication.settled_at else entry.due_at
    found = await read(ctx, publication)
    now = ctx.clock()
    async with ctx.database.session() as session:
        publication = await publishing.get_publication(session, entry.subject, lock=True)
        if isinstance(found, Later):
            again = now + max(found.after or timedelta(0), _PAUSES[min(tries, len(_PAUSES) - 1)])
            after = next_age(age) or 2 * AGES[age]
            if again < due_at + (after - AGES[age]) / 2:
                data = {**entry.data, "tries": tries + 1, "problem": found.problem}
                key = f"{publication.id}:checkback:{age}:{tries + 1}"
                await timeline.schedule(
                    session, kind=service.CHECKBACK, subject=publication.id, due_at=again, data=data, key=key
                )
                return "later"
            found = Reading(SnapshotState.UNAVAILABLE, problem=found.problem)
        snapshot = await service.keep(
            session,
            publication,
            age=age,
            due_at=due_at,
            state=found.state,
            metrics=found.metrics,
            problem=found.problem,
            now=now,
        )
    return str(snapshot.state)
