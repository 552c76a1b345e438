"""Stage `tweet`: begin the campaign of the run (ARCH-004). It goes on by itself after the run has ended."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mediaposter.analysis.sentences import split_sentences
from mediaposter.campaigns import service as campaigns
from mediaposter.campaigns.rotation import DEFAULT_KINDS, TweetKind
from mediaposter.campaigns.schemas import CampaignPlan, QuietHours
from mediaposter.core import context, engine, timeline
from mediaposter.core.db import JsonObject
from mediaposter.offers import service as offers
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Run, Stage
from mediaposter.pipeline.schemas import TweetPlan
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work

_WORDS = 2  # a sentence shorter than that says nothing by itself


async def schedule(work: Work) -> JsonObject:
    """Begin a campaign of what the run says and sells."""
    if work.config.tweets is None:
        return {"message": "No tweets were asked for.", "timeline": []}
    if work.config.dry_run:
        return {"message": "Dry run: no campaign was begun.", "timeline": []}
    return await begin_campaign(work.run_id, work.attempt)


@engine.step("pipeline.schedule_tweets")  # its name is in the records of running workflows
async def begin_campaign(run_id: str, attempt: int) -> JsonObject:
    """Create the campaign; a repeat finds it there."""
    ctx = context.current()
    now = ctx.clock()
    async with ctx.database.session() as session:
        run = await book.own_run(session, run_id, attempt)
        asked = book.config_of(run).tweets
        assert asked is not None
        sold = dict.fromkeys(link.offer_id for link in await offers.list_links(session, run_id=run_id))
        plan = _plan(run, asked, list(sold), zone=asked.time_zone or ctx.settings.time_zone, now=now)
        made = await campaigns.create_campaign(
            session, name=f"Tweets of {run_id}", plan=plan, run_id=run_id, key=f"{run_id}:tweets", clock=ctx.clock
        )
        rows = await timeline.list_entries(session, kind=campaigns.TWEET, subject=made.id)
    many = counted(asked.count, "tweet") if asked.count else f"Tweets until {asked.until:%Y-%m-%d %H:%M} UTC"
    return {
        "message": f"{many}, one every {asked.interval_minutes} minutes.",
        "campaign_id": made.id,
        "timeline": [row.id for row in rows],
    }


def _plan(run: Run, asked: TweetPlan, sold: list[str], *, zone: str, now: datetime) -> CampaignPlan:
    config = book.config_of(run)
    quiet = (
        QuietHours(start=asked.quiet_from, end=asked.quiet_until) if asked.quiet_from and asked.quiet_until else None
    )
    kinds = {kind: weight for kind, weight in DEFAULT_KINDS.items() if sold or kind is not TweetKind.OFFER}
    return CampaignPlan(
        accounts=(asked.account,),
        interval_minutes=asked.interval_minutes,
        anchor=now.astimezone(ZoneInfo(zone)).time().replace(second=0, microsecond=0, tzinfo=None),
        time_zone=zone,
        quiet_hours=quiet,
        kinds=kinds,
        offers=tuple(sold),
        link_share=asked.link_share,
        copywriter=config.copywriter,
        tone=config.tone,
        topic=" ".join(config.prompts)[:400],
        points=_points(run),
        count=asked.count,
        until=asked.until,
    )


def _points(run: Run) -> tuple[str, ...]:
    """Return the sentences that the run says: of its prompts, and of the words that were written for its accounts."""
    copies: dict[str, Any] = run.stage(Stage.WRITE).outputs.get("copies", {})
    written = [str(words[field]) for words in copies.values() for field in ("description", "title")]
    texts = [*book.config_of(run).prompts, *written]
    found = [sentence.strip() for text in texts for line in text.splitlines() for sentence in split_sentences(line)]
    return tuple(dict.fromkeys(one for one in found if len(one.split()) >= _WORDS))[:500]
