"""Accounts that take words, a campaign of theirs, and a clock that the test moves."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mediaposter.campaigns import service, workflows
from mediaposter.campaigns.models import Campaign, Tweet
from mediaposter.campaigns.schemas import CampaignPlan
from mediaposter.core import timeline
from mediaposter.core.timeline import TimelineState
from mediaposter.offers import service as offers
from mediaposter.publishing import service as publishing
from mediaposter.publishing.registry import load_channels, register
from tests.engine import engine
from tests.metrics.conftest import Clock, Meter, clock

__all__ = ["clock", "engine"]


def points(number: int) -> list[str]:
    """Return so many different things to say, which have little in common."""
    chance = random.Random(number)
    letters = "abcdefghijklmnoprstuvwyz"
    return [
        " ".join("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(12)) + "."
        for _ in range(number)
    ]


@pytest.fixture
def meter() -> Iterator[Meter]:
    one = Meter()
    register(one)
    yield one
    del load_channels()["meter"]


async def begin(clock: Clock, *, number: int = 1, **plan: Any) -> Campaign:
    """Make accounts and a campaign over them."""
    async with clock.ctx.database.session() as session:
        handles = [f"ann{one}" for one in range(number)]
        for handle in handles:
            if await publishing.find_account(session, "meter", handle) is None:
                await publishing.create_account(session, channel="meter", handle=handle)
        values = {
            "accounts": [f"meter:{handle}" for handle in handles],
            "copywriter": "local",
            "points": points(40),
            "kinds": {"value": 1},
            **plan,
        }
        return await service.create_campaign(
            session, name="Ferns", plan=CampaignPlan.model_validate(values), clock=clock.ctx.clock
        )


async def offer(clock: Clock, name: str = "Kit") -> str:
    async with clock.ctx.database.session() as session:
        return (await offers.create_offer(session, name=name, url="https://shop.example", cta="Get the kit")).id


async def due(clock: Clock, campaign_id: str) -> list[timeline.TimelineEntry]:
    """Return the rows that wait."""
    async with clock.ctx.database.session() as session:
        found = await timeline.list_entries(
            session, kind=service.TWEET, subject=campaign_id, state=TimelineState.WAITING
        )
    return list(found)


async def run_next(clock: Clock, campaign_id: str, *, late: timedelta = timedelta(0)) -> str | None:
    """Move the clock to the next row and do what a worker does with it; None where no row waits."""
    waiting = await due(clock, campaign_id)
    if not waiting:
        return None
    clock.now = max(clock.now, waiting[0].due_at + late)
    async with clock.ctx.database.session() as session:
        row = await timeline.get(session, waiting[0].id, lock=True)
        row.state = TimelineState.STARTED
    tweet_id = await workflows.begin(waiting[0].id)
    if tweet_id is None:
        return "nothing"
    await workflows.write_tweet(tweet_id)
    return await workflows.hand_over(tweet_id)


async def tweets(clock: Clock, campaign_id: str) -> list[Tweet]:
    """Return the tweets that were made, oldest slot first."""
    async with clock.ctx.database.session() as session:
        return (await service.list_tweets(session, campaign_id, limit=1000))[::-1]
