"""What the campaigns room can do: campaigns, their next tweets, and changes to both. Services never commit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import repository
from mediaposter.campaigns.cadence import Slot
from mediaposter.campaigns.errors import CampaignError, NoSuchCampaignError, TweetStateError
from mediaposter.campaigns.models import Campaign, CampaignState, Tweet, TweetState
from mediaposter.campaigns.pricing import cost_of, estimate, prices_of
from mediaposter.campaigns.rotation import turn_of
from mediaposter.campaigns.schemas import CampaignPlan, TweetRead
from mediaposter.campaigns.writing import LOCAL, PERSON, copy_of, wants_title, wants_video
from mediaposter.core import context, events, timeline
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import FieldProblem, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.timeline import MissedPolicy
from mediaposter.models.language import language_model
from mediaposter.offers import service as offers
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.rules import Price

TWEET = "campaigns.tweet"  # the kind of our rows in the timeline: write and hand over the tweet of this slot
LEAD = timedelta(minutes=10)  # ahead of its slot a tweet is written: a model may be slow, a person may look
_OPEN = (TweetState.PLANNED, TweetState.WRITTEN, TweetState.EDITED)


async def create_campaign(
    session: AsyncSession,
    *,
    name: str,
    plan: CampaignPlan,
    run_id: str | None = None,
    key: str | None = None,
    clock: Clock = utc_now,
) -> Campaign:
    """Begin a campaign; its first tweet goes out in its next slot. The same `key` gives the same campaign again.

    Accounts that post nothing without a video get a public one of the library with each post. Raises CampaignError
    where such and others are mixed, NotFoundError for accounts and offers that are not
    there, and what `language_model` raises where its writer is not configured.
    """
    if key is not None and (known := await repository.get_by_key(session, key)):
        return known
    plan = await check_plan(session, plan)
    now = clock()
    values: dict[str, Any] = {
        "id": new_id("camp"),
        "name": name.strip(),
        "state": CampaignState.RUNNING,
        "plan": plan.model_dump(mode="json"),
        "number": 0,
        "key": key,
        "run_id": run_id,
        "begins_at": now,
        "created_at": now,
    }
    if not await repository.insert_campaign(session, values):
        known = await repository.get_by_key(session, key or "")
        assert known is not None
        return known
    campaign = await get_campaign(session, values["id"], lock=True)
    await schedule_next(session, campaign, after=now)
    await events.emit(session, "campaign.created", campaign.id, {"name": campaign.name, "run_id": run_id})
    return campaign


async def check_plan(session: AsyncSession, plan: CampaignPlan) -> CampaignPlan:
    """Return a plan with its zone filled in. Raises as `create_campaign` does."""
    settings = context.current().settings
    accounts = await publishing.list_accounts(session, plan.accounts)
    if not accounts:
        raise CampaignError("There is no account to tweet on.", fix="Connect one: mediaposter accounts connect bluesky")
    with_video = [f"{one.channel}:{one.handle}" for one in accounts if wants_video(one)]
    if with_video and len(with_video) < len(accounts):
        raise CampaignError(
            f"{', '.join(with_video)} post nothing without a video, and the other accounts do.",
            fix="Make two campaigns: one for those, which carries a video with each post, and one for the others.",
            errors=[FieldProblem("accounts", "all with a video or all without", f"Leave out {with_video[0]}.")],
        )
    for offer_id in plan.offers:
        await offers.get_offer(session, offer_id)
    writer = plan.copywriter or settings.language_model
    if writer != LOCAL:
        language_model(settings, writer)
    elif not plan.points:
        raise CampaignError(
            "Without a model, a campaign says what it was given to say, and was given nothing.",
            fix="Give points, one thing to say in each, or name a copywriter such as openai:gpt-6-luna.",
            errors=[FieldProblem("points", "at least one, with copywriter=local", "Give some.")],
        )
    return plan.model_copy(update={"time_zone": plan.time_zone or settings.time_zone, "copywriter": writer})


async def get_campaign(session: AsyncSession, campaign_id: str, *, lock: bool = False) -> Campaign:
    """Return a campaign. Raises NoSuchCampaignError."""
    campaign = await repository.get_campaign(session, campaign_id, lock=lock)
    if campaign is None:
        raise NoSuchCampaignError(
            f"There is no campaign {campaign_id}.", fix="List them with `mediaposter campaigns list`."
        )
    return campaign


async def list_campaigns(session: AsyncSession) -> list[Campaign]:
    """Return the campaigns, newest first."""
    return await repository.list_campaigns(session)


def plan_of(campaign: Campaign) -> CampaignPlan:
    """Return what a campaign was asked for."""
    return CampaignPlan.model_validate(campaign.plan)


# Slots


def next_slots(campaign: Campaign, *, after: datetime, limit: int) -> list[tuple[int, Slot]]:
    """Return the next slots with the numbers that their tweets will have, until the campaign's end."""
    plan = plan_of(campaign)
    local_day = campaign.begins_at.astimezone(_zone(plan)).date()
    left = limit if plan.count is None else min(limit, plan.count - campaign.number)
    found = islice(plan.cadence(local_day).after(max(after, campaign.begins_at)), max(left, 0))
    numbered = enumerate(found, start=campaign.number + 1)
    return [(number, slot) for number, slot in numbered if plan.until is None or slot.at <= plan.until]


async def schedule_next(session: AsyncSession, campaign: Campaign, *, after: datetime) -> None:
    """Put the next slot of a running campaign on the timeline, or end it where there is none. A repeat adds nothing."""
    if campaign.state is not CampaignState.RUNNING:
        return
    coming = next_slots(campaign, after=after, limit=1)
    if not coming:
        await _end(session, campaign, note="Its last tweet is done.")
        return
    _, slot = coming[0]
    await timeline.schedule(
        session,
        kind=TWEET,
        subject=campaign.id,
        due_at=slot.at - LEAD,
        data={"slot_at": slot.at.isoformat(), "local": slot.local},
        key=f"{campaign.id}:{slot.at.isoformat()}:{campaign.number}",
        missed=MissedPolicy.CATCH_UP,  # whoever comes late decides by the campaign's own policy, and goes on
    )


async def latest_slot(session: AsyncSession, campaign: Campaign) -> datetime:
    """Return the latest slot whose tweet was begun; the campaign's beginning where none was."""
    return await repository.latest_slot(session, campaign.id, up_to=campaign.number) or campaign.begins_at


async def tweet_for(session: AsyncSession, campaign: Campaign, slot: Slot, *, number: int, now: datetime) -> Tweet:
    """Return the tweet of a slot, locked; made if it is new. The campaign must be locked."""
    plan = plan_of(campaign)
    turn = turn_of(number, kinds=plan.kinds, offers=len(plan.offers), link_share=plan.link_share)
    values = {
        "id": new_id("tweet"),
        "campaign_id": campaign.id,
        "number": number,
        "slot_at": slot.at,
        "local": slot.local,
        "kind": turn.kind,
        "state": TweetState.PLANNED,
        "offer_id": plan.offers[turn.offer] if turn.offer is not None else None,
        "with_link": turn.with_link,
        "texts": [],
        "created_at": now,
        "updated_at": now,
    }
    await repository.insert_tweet(session, values)
    tweet = await repository.tweet_at(session, campaign.id, slot.at, lock=True)
    assert tweet is not None
    return tweet


async def accounts_of(session: AsyncSession, plan: CampaignPlan) -> list[Account]:
    """Return the accounts that a campaign goes to now."""
    return await publishing.list_accounts(session, plan.accounts)


# Looking and changing


async def preview(session: AsyncSession, campaign: Campaign, *, limit: int = 12, now: datetime) -> list[TweetRead]:
    """Return the next tweets: what is written of them, and what each will be."""
    plan = plan_of(campaign)
    known = {row.slot_at: row for row in await repository.list_tweets(session, campaign.id, since=now, limit=limit * 4)}
    prices = prices_of(await accounts_of(session, plan))
    shown = [_priced(row, prices) for row in sorted(known.values(), key=lambda row: row.number)]
    after = max(now, await latest_slot(session, campaign))
    for number, slot in next_slots(campaign, after=after, limit=limit):
        if slot.at in known:
            continue
        turn = turn_of(number, kinds=plan.kinds, offers=len(plan.offers), link_share=plan.link_share)
        cost, currency = estimate(prices, turn.kind, with_link=turn.with_link)
        shown.append(
            TweetRead(
                id=None,
                number=number,
                slot_at=slot.at,
                local=slot.local,
                kind=turn.kind,
                state=TweetState.PLANNED,
                offer_id=plan.offers[turn.offer] if turn.offer is not None else None,
                with_link=turn.with_link,
                texts=[],
                writer=None,
                post_id=None,
                cost_micros=cost,
                currency=currency,
                note=None,
            )
        )
    return sorted(shown, key=lambda one: one.slot_at)[:limit]


def _priced(row: Tweet, prices: Sequence[Price]) -> TweetRead:
    """Read a row; with what it will cost where it is still to be handed over."""
    shown = TweetRead.of(row)
    if row.state not in _OPEN:
        return shown
    if row.texts:
        cost, currency = cost_of(prices, row.texts, with_link=row.with_link)
    else:
        cost, currency = estimate(prices, row.kind, with_link=row.with_link)
    return shown.model_copy(update={"cost_micros": cost, "currency": currency})


async def list_tweets(session: AsyncSession, campaign_id: str, *, limit: int = 100) -> list[Tweet]:
    """Return the tweets that were made, the latest slots first. Raises NoSuchCampaignError."""
    await get_campaign(session, campaign_id)
    return await repository.list_tweets(session, campaign_id, limit=limit)


async def edit_tweet(
    session: AsyncSession, campaign_id: str, number: int, texts: Sequence[str], *, clock: Clock = utc_now
) -> Tweet:
    """Give a tweet other words before it goes. One that the ledger has already goes out with them.

    Raises TweetStateError once it is out, NotFoundError for a number that is not among the next hundred.
    """
    tweet, campaign = await _tweet_numbered(session, campaign_id, number, now=clock())
    if tweet.state is TweetState.HANDED_OVER:
        await _replan(session, tweet, texts)
    elif tweet.state not in (*_OPEN, TweetState.SKIPPED) or tweet.slot_at <= clock():
        raise TweetStateError(f"Tweet {number} is {tweet.state}.", fix="Edit one that is still to come.")
    else:
        if tweet.state is TweetState.SKIPPED and tweet.number <= campaign.number:
            await _take_up_again(session, campaign, tweet, now=clock())
        tweet.state = TweetState.EDITED
    tweet.texts, tweet.writer, tweet.note = list(texts), PERSON, None
    await session.flush()
    await events.emit(session, "tweet.edited", tweet.id, {"campaign_id": campaign_id, "number": number})
    return tweet


async def skip_tweet(session: AsyncSession, campaign_id: str, number: int, *, clock: Clock = utc_now) -> Tweet:
    """Leave a tweet out. One that the ledger has is cancelled there. Raises as `edit_tweet` does."""
    tweet, _ = await _tweet_numbered(session, campaign_id, number, now=clock())
    if tweet.state is TweetState.HANDED_OVER:
        for row in await publishing.list_publications(session, post_ids=[tweet.post_id or ""]):
            await publishing.cancel_publication(session, row.id, clock=clock)
    await skip(session, tweet, "Left out by a person.")
    return tweet


async def skip(session: AsyncSession, tweet: Tweet, why: str) -> None:
    """Mark a tweet as not sent, and say why."""
    tweet.state, tweet.note = TweetState.SKIPPED, why
    await session.flush()
    data = {"campaign_id": tweet.campaign_id, "number": tweet.number, "local": tweet.local, "note": why}
    await events.emit(session, "tweet.skipped", tweet.id, data)


async def pause_campaign(session: AsyncSession, campaign_id: str, *, reason: str = "") -> Campaign:
    """Let a campaign rest: nothing more is written. What the ledger has already goes out, or is cancelled there."""
    campaign = await get_campaign(session, campaign_id, lock=True)
    if campaign.state is CampaignState.RUNNING:
        campaign.state, campaign.note = CampaignState.PAUSED, reason.strip() or "paused by hand"
        await timeline.cancel_all(session, subject=campaign.id, kind=TWEET, note="The campaign is paused.")
        await events.emit(session, "campaign.paused", campaign.id, {"reason": campaign.note})
    return campaign


async def resume_campaign(session: AsyncSession, campaign_id: str, *, clock: Clock = utc_now) -> Campaign:
    """Let a paused campaign go on with its next slot. Raises TweetStateError for one that has ended."""
    campaign = await get_campaign(session, campaign_id, lock=True)
    if campaign.state is CampaignState.ENDED:
        raise TweetStateError("The campaign has ended.", fix="Create another one.")
    if campaign.state is CampaignState.PAUSED:
        campaign.state, campaign.note = CampaignState.RUNNING, None
        await forget_cancelled(session, campaign)
        await _number_anew(session, campaign, now=clock())
        await schedule_next(session, campaign, after=max(clock(), await latest_slot(session, campaign)))
        await events.emit(session, "campaign.resumed", campaign.id, {})
    return campaign


async def end_campaign(session: AsyncSession, campaign_id: str) -> Campaign:
    """End a campaign for good. Its tweets and their numbers stay."""
    campaign = await get_campaign(session, campaign_id, lock=True)
    if campaign.state is not CampaignState.ENDED:
        await timeline.cancel_all(session, subject=campaign.id, kind=TWEET, note="The campaign has ended.")
        for tweet in await repository.tweets_in(session, campaign.id, _OPEN):
            await skip(session, tweet, "The campaign was ended.")
        await _end(session, campaign, note="ended by hand")
    return campaign


async def _end(session: AsyncSession, campaign: Campaign, *, note: str) -> None:
    campaign.state, campaign.note = CampaignState.ENDED, note
    await session.flush()
    await events.emit(session, "campaign.ended", campaign.id, {"note": note})


async def _number_anew(session: AsyncSession, campaign: Campaign, *, now: datetime) -> None:
    """After a pause, give the tweets that a person edited ahead the numbers that their slots have now.

    Those whose slot passed meanwhile take the numbers before, and are skipped with the reason.
    """
    ahead = [
        row for row in await repository.tweets_in(session, campaign.id, tuple(TweetState)) if is_ahead(row, campaign)
    ]
    for row in ahead:
        if row.slot_at <= now:
            campaign.number += 1
            row.number = campaign.number
            if row.state is not TweetState.SKIPPED:
                await skip(session, row, "Its time passed while the campaign was paused.")
    left = {row.slot_at: row for row in ahead if row.slot_at > now}
    if left:
        after = max(now, await latest_slot(session, campaign))
        for number, slot in next_slots(campaign, after=after, limit=500):
            if slot.at in left:
                left[slot.at].number = number


def is_ahead(row: Tweet, campaign: Campaign) -> bool:
    """Say whether a tweet was made ahead of its turn: a person has edited or skipped it."""
    return row.number > campaign.number


async def _take_up_again(session: AsyncSession, campaign: Campaign, tweet: Tweet, *, now: datetime) -> None:
    """Start the work of a tweet again whose own has ended with a skip."""
    if campaign.state is CampaignState.PAUSED:
        raise TweetStateError(
            f"Tweet {tweet.number} was skipped and its campaign is paused.",
            fix=f"Resume the campaign first: mediaposter campaigns resume {campaign.id}",
        )
    await timeline.schedule(
        session,
        kind=TWEET,
        subject=campaign.id,
        due_at=now,
        data={"slot_at": tweet.slot_at.isoformat(), "local": tweet.local, "tweet_id": tweet.id},
        missed=MissedPolicy.CATCH_UP,
    )


async def forget_cancelled(session: AsyncSession, campaign: Campaign) -> None:
    """Let a slot that a pause or an edit cancelled be scheduled again: its row keeps its record under another key."""
    for row in await timeline.list_entries(session, kind=TWEET, subject=campaign.id, limit=1000):
        if row.state is timeline.TimelineState.CANCELLED and row.key is not None:
            row.key = f"{row.key}:{row.id}"
    await session.flush()


async def _tweet_numbered(
    session: AsyncSession, campaign_id: str, number: int, *, now: datetime
) -> tuple[Tweet, Campaign]:
    campaign = await get_campaign(session, campaign_id, lock=True)
    for row in await repository.list_tweets(session, campaign_id, limit=500):
        if row.number == number:
            locked = await repository.get_tweet(session, row.id, lock=True)
            assert locked is not None
            return locked, campaign
    after = max(now, await latest_slot(session, campaign))
    for coming, slot in next_slots(campaign, after=after, limit=100):
        if coming == number:
            return await tweet_for(session, campaign, slot, number=number, now=now), campaign
    raise NotFoundError(
        f"Tweet {number} is not among the next ones.", fix=f"See them: mediaposter campaigns preview {campaign_id}"
    )


async def _replan(session: AsyncSession, tweet: Tweet, texts: Sequence[str]) -> None:
    for row in await publishing.list_publications(session, post_ids=[tweet.post_id or ""]):
        if row.outcome not in (Outcome.PLANNED, Outcome.REJECTED):
            raise TweetStateError(f"It is {row.outcome} on {row.account.channel}:{row.account.handle}.", fix="")
        words = Copy.model_validate(row.copy)
        await publishing.plan_publication(
            session,
            post_id=row.post_id,
            account_id=row.account_id,
            copy=copy_of(texts, words.link, titled=wants_title([row.account])),
            link_id=row.link_id,
            link_label=row.link_label,
            due_at=row.due_at,
        )


def _zone(plan: CampaignPlan) -> ZoneInfo:
    return ZoneInfo(plan.time_zone or "UTC")
