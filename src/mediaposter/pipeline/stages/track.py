"""Stage `track`: write the checkbacks of each publication into the timeline (ARCH-006 reads the metrics)."""

from typing import Any

from mediaposter.core import context, engine, timeline
from mediaposter.core.db import JsonObject
from mediaposter.metrics import service as metrics
from mediaposter.metrics.ages import AGES
from mediaposter.pipeline import book
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work
from mediaposter.publishing import service as publishing
from mediaposter.publishing.outcomes import Outcome


async def schedule(work: Work, accounts: list[dict[str, Any]]) -> JsonObject:
    """Write five rows for each publication that is public. Those that come later get theirs when they do."""
    if not any(account["outcome"] == "confirmed" for account in accounts):
        return {"message": "Nothing is public yet; checkbacks begin when it is.", "timeline": []}
    return await schedule_checkbacks(work.run_id, work.attempt)


@engine.step("pipeline.schedule_checkbacks")
async def schedule_checkbacks(run_id: str, attempt: int) -> JsonObject:
    """Put the checkbacks on the timeline; a repeat finds them there."""
    ctx = context.current()
    async with ctx.database.session() as session:
        await book.own_run(session, run_id, attempt)
        public = await publishing.list_publications(session, run_id=run_id, outcomes=[Outcome.CONFIRMED])
        await metrics.schedule(session, public, now=ctx.clock())
        rows = [
            row.id
            for publication in public
            for row in await timeline.list_entries(session, kind=metrics.CHECKBACK, subject=publication.id)
        ]
    of_what = f"{counted(len(rows), 'checkback')} of {counted(len(public), 'publication')}"
    return {
        "message": f"{of_what}, {', '.join(AGES)}.",
        "timeline": rows,
    }
