"""What the webhooks room does when it hears of something: of whatever anybody wants, a message for them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, events, housekeeping
from mediaposter.core.events import EventRecord
from mediaposter.hooks import repository, service

# What the enabled endpoints want, as this process knows it; None until it has looked, or when it may have changed.
_wanted: list[str] | None = None
_changes = 0


def is_wanted(topic: str) -> bool:
    """Say whether an event may concern an endpoint. Without endpoints nothing does, and nobody is woken."""
    global _wanted, _changes  # noqa: PLW0603 - one process knows one set of endpoints
    if topic.startswith("webhook."):
        _wanted = None
        _changes += 1
    return _wanted is None or service.wants(_wanted, topic)


@events.subscribe("hooks.queue", "*", wanted=is_wanted)
async def queue(session: AsyncSession, event: EventRecord) -> None:
    """Write the deliveries together with the cursor, so that no event is missed and none queued twice."""
    global _wanted  # noqa: PLW0603
    if _wanted is None:
        before = _changes
        endpoints = await repository.list_endpoints(session, enabled=True)
        if before == _changes:  # else they have changed while we read them
            _wanted = [topic for endpoint in endpoints for topic in endpoint.topics]
    await service.queue_event(session, event, now=context.current().clock())


@housekeeping.on_tidy
async def forget_deliveries(session: AsyncSession, before: datetime) -> int:
    """Delete the messages that ended before a moment."""
    return await repository.delete_before(session, before)
