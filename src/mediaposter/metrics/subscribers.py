"""What the metrics room does when it hears of something."""

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, events
from mediaposter.core.events import EventRecord
from mediaposter.metrics import service
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Kind


@events.subscribe("metrics.checkbacks", "publication.confirmed")
async def schedule_checkbacks(session: AsyncSession, event: EventRecord) -> None:
    """Write the checkbacks of whatever became public: of runs, of tweets, of posts by hand. Comments are not read."""
    publication = await publishing.get_publication(session, event.subject)
    if publication.kind is not Kind.COMMENT:
        await service.schedule(session, [publication], now=context.current().clock())
