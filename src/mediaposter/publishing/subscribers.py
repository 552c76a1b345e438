"""What publishing does when it hears of its own events: the parts of a thread follow what they go under."""

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, events
from mediaposter.core.events import EventRecord
from mediaposter.publishing import parts, service
from mediaposter.publishing.connecting import renewals

__all__ = ["renewals"]  # a worker gets its rows of the timeline by importing this module


@events.subscribe("publishing.continue_thread", "publication.confirmed")
async def continue_thread(session: AsyncSession, event: EventRecord) -> None:
    """Start what goes out under a publication that is public now."""
    for publication_id in await parts.ready_under(session, event.subject, now=context.current().clock()):
        await service.start_publication(session, publication_id)


@events.subscribe("publishing.stop_thread", "publication.rejected")
async def stop_thread(session: AsyncSession, event: EventRecord) -> None:
    """Take back what would have gone out under a publication that is not public. A retry brings it back."""
    await _stop(session, event, "What it goes under was refused.")


@events.subscribe("publishing.cancel_thread", "publication.cancelled")
async def cancel_thread(session: AsyncSession, event: EventRecord) -> None:
    """Take back what would have gone out under a publication that was cancelled."""
    await _stop(session, event, "What it goes under was cancelled.")


async def _stop(session: AsyncSession, event: EventRecord, why: str) -> None:
    await parts.cancel_under(session, event.subject, why=why, now=context.current().clock())
