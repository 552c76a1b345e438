"""Stage `tweet`: write the campaign into the timeline (ARCH-004 sends them)."""

from mediaposter.core import context, engine, timeline
from mediaposter.core.db import JsonObject
from mediaposter.pipeline import book
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work


async def schedule(work: Work) -> JsonObject:
    """Write one row for each tweet of the plan."""
    if work.config.tweets is None:
        return {"message": "No tweets were asked for.", "timeline": []}
    if work.config.dry_run:
        return {"message": "Dry run: no tweet was scheduled.", "timeline": []}
    return await schedule_tweets(work.run_id, work.attempt)


@engine.step("pipeline.schedule_tweets")
async def schedule_tweets(run_id: str, attempt: int) -> JsonObject:
    """Put the tweets on the timeline; a repeat finds them there."""
    ctx = context.current()
    async with ctx.database.session() as session:
        run = await book.own_run(session, run_id, attempt)
        plan = book.config_of(run).tweets
        assert plan is not None
        times = plan.times(ctx.clock())
        rows = [
            await timeline.schedule(
                session,
                kind="campaigns.tweet",
                subject=run_id,
                due_at=due_at,
                data={"run_id": run_id, "account": plan.account, "number": number},
                key=f"{run_id}:tweet:{number}",
            )
            for number, due_at in enumerate(times, start=1)
        ]
    return {
        "message": f"{counted(len(rows), 'tweet')}, one every {plan.interval_minutes} minutes.",
        "timeline": [row.id for row in rows],
    }
