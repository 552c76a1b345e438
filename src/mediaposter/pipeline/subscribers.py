"""What the pipeline does when it hears of something: each handler once an event, whichever worker it happens in."""

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, engine, events
from mediaposter.core.events import EventRecord
from mediaposter.pipeline import checkbacks
from mediaposter.publishing import service as publishing


@events.subscribe("pipeline.stop_cancelled", "pipeline.run.cancelled")
async def stop_workflow(_session: AsyncSession, event: EventRecord) -> None:
    """Stop the workflow of a cancelled run, with its children.

    Only after the cancel is committed: they stop what they have under way outside because the ledgers say so.
    """
    await engine.cancel(event.data["workflow_id"])


@events.subscribe("pipeline.checkbacks", "publication.confirmed")
async def schedule_checkbacks(session: AsyncSession, event: EventRecord) -> None:
    """Write the checkbacks of a run's publication that became public after its run had ended, as scheduled ones do."""
    if event.data.get("run_id") is not None:
        publication = await publishing.get_publication(session, event.subject)
        await checkbacks.schedule(session, [publication], clock=context.current().clock)
