"""Durable work of the campaigns: one tweet, from its row in the timeline to the ledger."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import repository, service
from mediaposter.campaigns.cadence import Slot
from mediaposter.campaigns.errors import NothingToSayError
from mediaposter.campaigns.models import Campaign, CampaignState, Missed, Tweet, TweetState
from mediaposter.campaigns.pricing import cost_of, prices_of
from mediaposter.campaigns.rotation import TweetKind
from mediaposter.campaigns.schemas import CampaignPlan
from mediaposter.campaigns.writing import (
    LOCAL,
    Assignment,
    Words,
    compose,
    copy_of,
    wants_title,
    wants_video,
    write,
)
from mediaposter.core import context, engine, events, timeline
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.ids import new_id
from mediaposter.core.models import WakeTrigger
from mediaposter.core.timeline import Wake
from mediaposter.learning import telling as learning
from mediaposter.media import service as media
from mediaposter.models.language import language_model
from mediaposter.offers import service as offers
from mediaposter.publishing import guards
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Account

_GRACE = timedelta(minutes=15)  # a tweet that much behind its slot was missed
_SAID = timedelta(days=30)
_ENDED = (TweetState.HANDED_OVER, TweetState.SKIPPED)


@timeline.on(service.TWEET, wake=Wake(WakeTrigger.SCHEDULED_POST))
@engine.workflow("campaigns.tweet")
async def tweet(entry_id: str) -> str:
    """Write the tweet of a slot and hand it to the ledger, and return what became of it."""
    tweet_id = await begin(entry_id)
    if tweet_id is None:
        return "nothing"
    await write_tweet(tweet_id)
    return await hand_over(tweet_id)


@engine.step("campaigns.begin", attempts=5)
async def begin(entry_id: str) -> str | None:
    """Take the slot's number, plan the slot after it, and return the tweet; None where there is none to send now.

    Slots that passed while nobody was there are written down as missed. A repeat finds it all done.
    """
    ctx = context.current()
    now = ctx.clock()
    async with ctx.database.session() as session:
        entry = await timeline.get(session, entry_id)
        campaign = await service.get_campaign(session, entry.subject, lock=True)
        if (tweet_id := entry.data.get("tweet_id")) is not None:  # begun before, or edited after it was skipped
            begun = await _tweet(session, tweet_id)
            return begun.id if begun.state not in _ENDED else None
        slot = Slot(datetime.fromisoformat(entry.data["slot_at"]), entry.data["local"])
        if campaign.state is not CampaignState.RUNNING or slot.at <= await service.latest_slot(session, campaign):
            return None
        due = [(campaign.number + 1, slot)]
        later = service.next_slots(campaign, after=slot.at, limit=500)
        due += [(number + 1, one) for number, one in later if one.at + _GRACE < now]
        made: list[Tweet] = []
        for number, one in due:
            made.append(await service.tweet_for(session, campaign, one, number=number, now=now))
            campaign.number = made[-1].number = number
        await service.schedule_next(session, campaign, after=max(due[-1][1].at, now - _GRACE))
        late = [one for one in made if one.slot_at + _GRACE < now and one.state not in _ENDED]
        sent = late[-1:] if service.plan_of(campaign).missed is Missed.RUN_ONCE else []
        for one in late:
            if one not in sent:
                minutes = round((now - one.slot_at).total_seconds() / 60)
                await service.skip(session, one, f"Missed by {minutes} minutes: no worker was there.")
        wanted = [one for one in made if one.state not in _ENDED]
        if not wanted:
            return None
        entry.data = {**entry.data, "tweet_id": wanted[-1].id}
        return wanted[-1].id


@engine.step("campaigns.write", attempts=2, pause=5.0)
async def write_tweet(tweet_id: str) -> None:
    """Find the words of a tweet, unless a person has given them. What may not be said is skipped with the reason."""
    ctx = context.current()
    async with ctx.database.session() as session:
        row = await _tweet(session, tweet_id)
        if row.state is not TweetState.PLANNED:
            return
        campaign = await service.get_campaign(session, row.campaign_id)
        plan = service.plan_of(campaign)
        accounts = await service.accounts_of(session, plan)
        assignment, asset_id = await _assignment(ctx, session, row, plan, accounts)
    try:
        if plan.copywriter == LOCAL:
            words = compose(assignment)
        else:
            words = await write(assignment, language_model(ctx.settings, plan.copywriter))
    except NothingToSayError as error:
        await _skip(ctx, tweet_id, f"{error.detail} {error.fix}")
        return
    except MediaPosterError as error:
        await _skip(ctx, tweet_id, f"It could not be written: {error.detail} {error.fix}")
        return
    await _keep(ctx, tweet_id, words, asset_id)


async def _assignment(
    ctx: Context, session: AsyncSession, row: Tweet, plan: CampaignPlan, accounts: list[Account]
) -> tuple[Assignment, str | None]:
    now = ctx.clock()
    said = await repository.said_lately(session, [one.id for one in accounts], since=now - _SAID)
    offer = await offers.get_offer(session, row.offer_id) if row.offer_id else None
    learned = await learning.brief(session, for_="tweets") if plan.copywriter != LOCAL else None
    kind, title, asset_id = row.kind, "", None
    videos = await repository.public_videos(session, limit=20)
    if kind is TweetKind.VIDEO:
        fresh = [one for one in videos if not any(one[2] in text for text in said)]
        if fresh:
            _, asset_id, title = fresh[row.number % len(fresh)]
        else:
            kind = TweetKind.VALUE
            row.kind, row.note = kind, "Meant to show a video; no public one was left, so it is a value post."
            await session.flush()
    elif videos and any(wants_video(account) for account in accounts):
        _, asset_id, _ = videos[row.number % len(videos)]
    assignment = Assignment(
        kind=kind,
        number=row.number,
        accounts=accounts,
        said=said,
        points=plan.points,
        topic=plan.topic,
        tone=plan.tone,
        learned=learned.text if learned and learned.evidence else "",
        offer_name=offer.name if offer else "",
        offer_cta=offer.cta if offer else "",
        link=f"{ctx.settings.site_url}/r/1234567" if row.with_link else None,  # as long as the real one will be
        video_title=title,
        media=[(await media.get_asset(session, asset_id)).media_facts] if asset_id else (),
        titled=wants_title(accounts),
    )
    return assignment, asset_id


@engine.step("campaigns.hand_over", attempts=5)
async def hand_over(tweet_id: str) -> str:
    """Plan the tweet on each account for its slot, in one transaction: once, however often this is repeated."""
    ctx = context.current()
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await _tweet(session, tweet_id, lock=True)
        if row.state not in (TweetState.WRITTEN, TweetState.EDITED):
            return row.state
        campaign = await service.get_campaign(session, row.campaign_id)
        if campaign.state is CampaignState.PAUSED:
            await service.skip(session, row, "The campaign was paused before it went to the ledger.")
            return row.state
        plan = service.plan_of(campaign)
        accounts = await service.accounts_of(session, plan)
        await _within_link_budget(session, row, plan)
        if (why := await _beyond_money(session, row, plan, accounts)) is not None:
            await service.skip(session, row, why)
            return row.state
        await _plan_everywhere(ctx, session, row, campaign, accounts, now=now)
        row.state = TweetState.HANDED_OVER
        data = {"campaign_id": campaign.id, "number": row.number, "local": row.local, "post_id": row.post_id}
        await events.emit(session, "tweet.handed_over", row.id, data)
        return row.state


async def _within_link_budget(session: AsyncSession, row: Tweet, plan: CampaignPlan) -> None:
    """Take the link off where the budget of links is used up, and say so on the tweet."""
    budget = plan.link_budget
    if budget is None or not row.with_link:
        return
    used = await repository.count_links(session, row.campaign_id, since=row.slot_at - timedelta(days=budget.days))
    if used >= budget.links:
        row.with_link = False
        row.note = f"Without its link: {used} of {budget.links} links in {budget.days} days are used."


async def _beyond_money(session: AsyncSession, row: Tweet, plan: CampaignPlan, accounts: list[Account]) -> str | None:
    """Write what the tweet will cost on it, and return why it is more than there is."""
    cost, currency = cost_of(prices_of(accounts), row.texts, with_link=row.with_link)
    row.cost_micros, row.currency = cost, currency
    budget = plan.money_budget
    if budget is None or not cost:
        return None
    since = row.slot_at - timedelta(days=budget.days)
    used = await repository.spent(session, row.campaign_id, budget.currency, since=since)
    if used + cost <= budget.micros:
        return None
    gone, whole = (guards.money(amount, budget.currency) for amount in (used, budget.micros))
    return f"It costs {guards.money(cost, budget.currency)}; of {whole} in {budget.days} days {gone} are spent."


async def _plan_everywhere(
    ctx: Context, session: AsyncSession, row: Tweet, campaign: Campaign, accounts: list[Account], *, now: datetime
) -> None:
    offer = await offers.get_offer(session, row.offer_id) if row.offer_id else None
    post = await publishing.create_post(
        session,
        asset_ids=[row.asset_id] if row.asset_id else [],
        title=row.texts[0][:80],
        run_id=campaign.run_id,
        recipe={"template": f"tweet {row.kind}"},
        clock=ctx.clock,
    )
    row.post_id = post.id
    for account in accounts:
        publication_id = new_id("pub")
        link = None
        if offer is not None and row.with_link:
            link = await offers.create_tracked_link(
                session,
                offer_id=offer.id,
                channel=account.channel,
                campaign=campaign.id,
                base_url=ctx.settings.site_url,
                account_id=account.id,
                placement="tweet",
                publication_id=publication_id,
                run_id=campaign.run_id,
                key=f"{row.id}:{account.id}",
                clock=ctx.clock,
            )
        await publishing.plan_publication(
            session,
            post_id=post.id,
            account_id=account.id,
            copy=copy_of(row.texts, link.url if link else None, titled=wants_title([account])),
            run_id=campaign.run_id,
            link_id=link.id if link else None,
            link_label=link.cta if link else None,
            due_at=max(row.slot_at, now),
            publication_id=publication_id,
            clock=ctx.clock,
        )


async def _tweet(session: AsyncSession, tweet_id: str, *, lock: bool = False) -> Tweet:
    row = await repository.get_tweet(session, tweet_id, lock=lock)
    assert row is not None
    return row


async def _keep(ctx: Context, tweet_id: str, words: Words, asset_id: str | None) -> None:
    async with ctx.database.session() as session:
        row = await _tweet(session, tweet_id, lock=True)
        if row.state is TweetState.PLANNED:  # a person may have edited it meanwhile
            row.state, row.texts, row.writer, row.asset_id = (
                TweetState.WRITTEN,
                list(words.texts),
                words.writer,
                asset_id,
            )
            data: dict[str, Any] = {"campaign_id": row.campaign_id, "number": row.number, "writer": words.writer}
            await events.emit(session, "tweet.written", row.id, data)


async def _skip(ctx: Context, tweet_id: str, why: str) -> None:
    async with ctx.database.session() as session:
        row = await _tweet(session, tweet_id, lock=True)
        if row.state is TweetState.PLANNED:
            await service.skip(session, row, why.strip())
