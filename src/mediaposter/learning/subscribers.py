"""What learning does when it hears of something."""

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, events
from mediaposter.core.events import EventRecord
from mediaposter.learning import service


@events.subscribe("learning.scores", "metrics.checkback.taken")
async def score(session: AsyncSession, event: EventRecord) -> None:
    """Score what was just read."""
    await service.score_publication(session, event.subject, event.data["age"], clock=context.current().clock)
