"""Looking after the credentials of idle accounts: rows of the timeline that renew them, or say that they will end."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, engine, timeline
from mediaposter.core.engine import Queue
from mediaposter.core.timeline import TimelineEntry
from mediaposter.publishing.connecting import refreshing


@timeline.on_due(refreshing.RENEW)
async def start_looks(session: AsyncSession, entries: Sequence[TimelineEntry]) -> None:
    """Enqueue a workflow for each account whose credentials are to be looked after."""
    for entry in entries:
        entry.workflow_id = await engine.enqueue(
            session, renew, entry.subject, queue=Queue.TIMELINE, id=f"renew:{entry.id}"
        )


@engine.workflow("publishing.renew")
async def renew(account_id: str) -> str:
    """Renew the credentials of one account, or say that they will end, and plan the next look."""
    return await look_after(account_id)


@engine.step("publishing.look_after_credentials", attempts=3)
async def look_after(account_id: str) -> str:
    """Look after the credentials of one account. May be repeated: what is fresh is not renewed again."""
    return await refreshing.look_after(context.current(), account_id)
