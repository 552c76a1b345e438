"""What the pipeline does when it hears of something: each handler once an event, whichever worker it happens in."""

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import engine, events
from mediaposter.core.events import EventRecord


@events.subscribe("pipeline.stop_cancelled", "pipeline.run.cancelled")
async def stop_workflow(_session: AsyncSession, event: EventRecord) -> None:
    """Stop the workflow of a cancelled run, with its children.

    Only after the cancel is committed: they stop what they have under way outside because the ledgers say so.
    """
    await engine.cancel(event.data["workflow_id"])
