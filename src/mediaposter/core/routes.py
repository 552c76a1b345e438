"""Routes of the core: events, as they happen and as they happened."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from sse_starlette import EventSourceResponse

from mediaposter.core import context, events

router = APIRouter(prefix="/api", tags=["events"])
HEARTBEAT_SECONDS = 15


@router.get(
    "/events", summary="Watch everything that happens, as server-sent events", response_class=EventSourceResponse
)
async def watch(
    request: Request,
    topic: Annotated[str, Query(description="A topic, a beginning such as `pipeline.*`, several with commas.")] = "*",
    subject: Annotated[str | None, Query(description="Only events about this id.")] = None,
    unnamed: Annotated[bool, Query(description="Leave out the name of each event: `onmessage` then gets all.")] = False,
    last_event_id: Annotated[str | None, Header(description="Go on after this event; 0 is the oldest kept.")] = None,
) -> EventSourceResponse:
    """Stream events, from now on or from the one after Last-Event-ID, with a comment line every 15 s in between."""
    return EventSourceResponse(
        events.stream(request, topic=topic, subject=subject, after=last_event_id, named=not unnamed),
        ping=HEARTBEAT_SECONDS,
    )


class EventRead(BaseModel):
    """Something that happened. `sequence` orders all events, and is the id of the stream."""

    model_config = ConfigDict(from_attributes=True)

    sequence: int
    id: str
    topic: str
    subject: str
    data: dict[str, Any]
    created_at: datetime


@router.get("/events/log", summary="List what has happened, the newest first")
async def list_events(
    subject: Annotated[str | None, Query(description="Only events about this id.")] = None,
    topic: Annotated[str, Query(description="A topic, a beginning such as `pipeline.*`, several with commas.")] = "*",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(description="The sequence of the last event of the page before.")] = None,
) -> list[EventRead]:
    """Events are kept for MEDIAPOSTER_KEEP_FINISHED_DAYS."""
    async with context.current().database.session() as session:
        found = await events.history(session, subject=subject, topic=topic, limit=limit, before=before)
        return [EventRead.model_validate(event) for event in found]
