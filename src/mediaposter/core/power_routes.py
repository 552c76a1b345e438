"""Sleep over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status
from sse_starlette import EventSourceResponse

from mediaposter.core import context, events, power
from mediaposter.core.models import WakeTrigger
from mediaposter.core.power_schemas import SleepStatusRead, WakeRead, WakeRequest
from mediaposter.core.routes import HEARTBEAT_SECONDS

router = APIRouter(prefix="/api/sleep", tags=["sleep"])


@router.get("/status", summary="Whether the workers sleep, and when they wake next")
async def show_status() -> SleepStatusRead:
    """Asking wakes nobody."""
    async with context.current().database.session() as session:
        return SleepStatusRead.model_validate(await power.get_status(session))


@router.post("/enter", status_code=status.HTTP_202_ACCEPTED, summary="Tell the workers to sleep")
async def enter() -> SleepStatusRead:
    """What is in hand, queued or nearly due is finished first, however long it takes."""
    async with context.current().database.session() as session:
        await power.enter_sleep(session)
        return SleepStatusRead.model_validate(await power.get_status(session))


@router.post("/wake", status_code=status.HTTP_202_ACCEPTED, summary="Wake the workers")
async def wake() -> SleepStatusRead:
    """They are awake in well under a second; those that are stay awake."""
    async with context.current().database.session() as session:
        await power.wake(session, WakeTrigger.USER_ACCESS)
        return SleepStatusRead.model_validate(await power.get_status(session))


@router.post("/schedule-wake", status_code=status.HTTP_201_CREATED, summary="Let the workers wake at a moment")
async def schedule_wake(request: WakeRequest) -> WakeRead:
    """The row survives restarts. A moment that has passed wakes them at once."""
    ctx = context.current()
    async with ctx.database.session() as session:
        row = await power.schedule_wake(session, request.wake_time, request.trigger_type, now=ctx.clock())
        return WakeRead(wake_id=row.id, wake_time=row.due_at, trigger_type=request.trigger_type)


@router.delete("/wake/{wake_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Take a wake-up back")
async def cancel_wake(wake_id: str) -> Response:
    """One that has passed answers 409."""
    async with context.current().database.session() as session:
        await power.cancel_wake(session, wake_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get(
    "/events", summary="Watch the workers sleep and wake, as server-sent events", response_class=EventSourceResponse
)
async def watch(request: Request, last_event_id: Annotated[str | None, Header()] = None) -> EventSourceResponse:
    """Each wake has its trigger, its latency and how long was slept."""
    return EventSourceResponse(events.stream(request, topic="power.*", after=last_event_id), ping=HEARTBEAT_SECONDS)
