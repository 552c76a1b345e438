"""Stage `track`: write the checkbacks of each publication into the timeline (ARCH-006 reads the metrics)."""

from datetime import timedelta
from typing import Any

from mediaposter.core import context, engine, timeline
from mediaposter.core.db import JsonObject
from mediaposter.pipeline import book
from mediaposter.pipeline.work import Work

CHECKBACKS = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "72h": timedelta(hours=72),
    "7d": timedelta(days=7),
}


async def schedule(work: Work, accounts: list[dict[str, Any]]) -> JsonObject:
    """Write five rows for each publication that went out."""
    public = [account["publication_id"] for account in accounts if account["outcome"] == "confirmed"]
    if not public:
        return {"message": "Nothing is public yet; checkbacks begin when it is.", "timeline": []}
    return await schedule_checkbacks(work.run_id, work.attempt, public)


@engine.step("pipeline.schedule_checkbacks")
async def schedule_checkbacks(run_id: str, attempt: int, publication_ids: list[str]) -> JsonObject:
    """Put the checkbacks on the timeline; a repeat finds them there."""
    ctx = context.current()
    async with ctx.database.session() as session:
        await book.own_run(session, run_id, attempt)
        now = ctx.clock()
        rows = [
            await timeline.schedule(
                session,
                kind="metrics.checkback",
                subject=publication_id,
                due_at=now + age,
                data={"age": name, "run_id": run_id},
                key=f"{publication_id}:checkback:{name}",
            )
            for publication_id in publication_ids
            for name, age in CHECKBACKS.items()
        ]
    return {
        "message": f"{len(rows)} checkbacks of {len(publication_ids)} publications, {', '.join(CHECKBACKS)}.",
        "timeline": [row.id for row in rows],
    }
