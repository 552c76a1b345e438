"""Every query of the campaigns room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns.models import Campaign, Tweet, TweetState


async def insert_campaign(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a campaign. False when its key is taken."""
    made = insert(Campaign).values(values).on_conflict_do_nothing().returning(Campaign.id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def get_campaign(session: AsyncSession, campaign_id: str, *, lock: bool = False) -> Campaign | None:
    return await session.get(Campaign, campaign_id, with_for_update=lock or None, populate_existing=lock)


async def get_by_key(session: AsyncSession, key: str) -> Campaign | None:
    return (await session.execute(select(Campaign).where(Campaign.key == key))).scalar_one_or_none()


async def list_campaigns(session: AsyncSession) -> list[Campaign]:
    """Return the campaigns, newest first."""
    return list((await session.execute(select(Campaign).order_by(Campaign.id.desc()))).scalars())


async def insert_tweet(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a tweet. False when its slot has one."""
    made = insert(Tweet).values(values).on_conflict_do_nothing().returning(Tweet.id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def tweet_at(session: AsyncSession, campaign_id: str, slot_at: datetime, *, lock: bool = False) -> Tweet | None:
    """Return the tweet of a slot."""
    query = select(Tweet).where(Tweet.campaign_id == campaign_id, Tweet.slot_at == slot_at)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(query)).scalar_one_or_none()


async def get_tweet(session: AsyncSession, tweet_id: str, *, lock: bool = False) -> Tweet | None:
    return await session.get(Tweet, tweet_id, with_for_update=lock or None, populate_existing=lock)


async def list_tweets(
    session: AsyncSession, campaign_id: str, *, since: datetime | None = None, limit: int = 100
) -> list[Tweet]:
    """Return tweets, those of the latest slots first; from a moment on if given."""
    query = select(Tweet).where(Tweet.campaign_id == campaign_id).order_by(Tweet.slot_at.desc()).limit(limit)
    if since is not None:
        query = query.where(Tweet.slot_at >= since)
    return list((await session.execute(query)).scalars())


async def latest_slot(session: AsyncSession, campaign_id: str, *, up_to: int) -> datetime | None:
    """Return the latest slot of the tweets numbered up to `up_to`."""
    query = select(func.max(Tweet.slot_at)).where(Tweet.campaign_id == campaign_id, Tweet.number <= up_to)
    return (await session.execute(query)).scalar_one()


async def tweets_in(session: AsyncSession, campaign_id: str, states: Sequence[TweetState]) -> list[Tweet]:
    """Return the tweets in some states, locked, the earliest slots first."""
    query = select(Tweet).where(Tweet.campaign_id == campaign_id, Tweet.state.in_(states)).order_by(Tweet.slot_at)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return list((await session.execute(locked)).scalars())


async def count_links(session: AsyncSession, campaign_id: str, *, since: datetime) -> int:
    """Return how many tweets with a link were handed over for slots since a moment."""
    query = select(func.count()).where(
        Tweet.campaign_id == campaign_id,
        Tweet.slot_at > since,
        Tweet.with_link,
        Tweet.state == TweetState.HANDED_OVER,
    )
    return (await session.execute(query)).scalar_one()


async def spent(session: AsyncSession, campaign_id: str, currency: str, *, since: datetime) -> int:
    """Return what the tweets of slots since a moment cost, in micros."""
    query = select(func.coalesce(func.sum(Tweet.cost_micros), 0)).where(
        Tweet.campaign_id == campaign_id,
        Tweet.slot_at > since,
        Tweet.currency == currency,
        Tweet.state == TweetState.HANDED_OVER,
    )
    return int((await session.execute(query)).scalar_one() or 0)


async def said_lately(session: AsyncSession, account_ids: Sequence[str], *, since: datetime) -> list[str]:
    """Return what the accounts have said, or are to say, since a moment: of all campaigns, runs and people."""
    query = text(
        "SELECT DISTINCT said FROM publications, LATERAL ("
        "  SELECT copy ->> 'description' UNION ALL"
        "  SELECT jsonb_array_elements_text(coalesce(nullif(copy -> 'thread', 'null'), '[]'))) AS words (said)"
        " WHERE account_id = ANY(:accounts) AND outcome NOT IN ('rejected', 'cancelled')"
        " AND coalesce(slot_at, due_at, created_at) > :since"
    )
    rows = await session.execute(query, {"accounts": list(account_ids), "since": since})
    return [row[0] for row in rows if row[0]]


async def public_videos(session: AsyncSession, *, limit: int) -> list[tuple[str, str, str]]:
    """Return the newest posts with a video that are public somewhere: id, asset and title."""
    query = text(
        "SELECT posts.id, posts.asset_ids ->> 0, posts.title FROM posts"
        " WHERE jsonb_array_length(posts.asset_ids) = 1 AND posts.title <> '' AND EXISTS ("
        "  SELECT FROM publications WHERE publications.post_id = posts.id AND publications.outcome = 'confirmed')"
        " ORDER BY posts.created_at DESC LIMIT :limit"
    )
    return [(row[0], row[1], row[2]) for row in await session.execute(query, {"limit": limit})]
