"""Routes of the core: the live stream of events."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse

from mediaposter.core import events

router = APIRouter(prefix="/api", tags=["events"])
HEARTBEAT_SECONDS = 15


@router.get(
    "/events", summary="Watch everything that happens, as server-sent events", response_class=EventSourceResponse
)
async def watch(
    request: Request,
    topic: Annotated[str, Query(description="A topic, a beginning such as `pipeline.*`, several with commas.")] = "*",
    subject: Annotated[str | None, Query(description="Only events about this id.")] = None,
    last_event_id: Annotated[str | None, Header(description="Go on after this event; 0 is the oldest kept.")] = None,
) -> EventSourceResponse:
    """Stream events, from now on or from the one after Last-Event-ID, with a comment line every 15 s in between."""
    return EventSourceResponse(
        events.stream(request, topic=topic, subject=subject, after=last_event_id), ping=HEARTBEAT_SECONDS
    )
