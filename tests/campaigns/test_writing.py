"""The words of tweets: by a model or from the owner's own, within the rules of each channel, never alike."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from mediaposter.campaigns import service
from mediaposter.campaigns.errors import CampaignError
from mediaposter.campaigns.models import TweetState
from mediaposter.campaigns.schemas import CampaignPlan
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing import ledger
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.searching import list_posts
from tests.campaigns.conftest import begin, offer, points, run_next, tweets
from tests.media.conftest import Clip, clip, media_folder
from tests.metrics.conftest import Clock, Meter
from tests.servers.openai_server import OpenAIServer
from tests.servers.vendor import KEY

__all__ = ["clip", "media_folder"]
pytestmark = pytest.mark.feature("ARCH-004")


@pytest.fixture
def model(clock: Clock) -> Iterator[OpenAIServer]:
    with OpenAIServer().running() as server:
        clock.ctx.settings.openai_base_url = server.base_url
        clock.ctx.settings.openai_api_key = SecretStr(KEY)
        yield server


async def publications(clock: Clock) -> list[Publication]:
    async with clock.ctx.database.session() as session:
        return list((await session.execute(select(Publication).order_by(Publication.part))).scalars())


async def test_a_model_writes_and_the_record_says_which(clock: Clock, meter: Meter, model: OpenAIServer) -> None:
    model.plays({"posts": ["Ferns drink at dawn, before the sun is on them."]})
    campaign = await begin(clock, copywriter="openai:gpt-6-luna", topic="ferns")
    assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER
    (tweet,) = await tweets(clock, campaign.id)
    assert (tweet.texts, tweet.writer) == (["Ferns drink at dawn, before the sun is on them."], "openai:gpt-6-luna")


async def test_what_resembles_an_earlier_post_goes_back_to_the_model_with_the_reason(
    clock: Clock, meter: Meter, model: OpenAIServer
) -> None:
    said = "Ferns drink at dawn, before the sun is on them."
    model.plays({"posts": [said]}, {"posts": [said + "!"]}, {"posts": ["Repot palms in spring and never in winter."]})
    campaign = await begin(clock, copywriter="openai:gpt-6-luna")
    assert [await run_next(clock, campaign.id) for _ in range(2)] == [TweetState.HANDED_OVER] * 2
    assert "resembles what was said" in json.dumps(model.requests[-1])
    assert (await tweets(clock, campaign.id))[1].texts == ["Repot palms in spring and never in winter."]


async def test_a_model_that_says_the_same_again_and_again_leaves_the_tweet_out(
    clock: Clock, meter: Meter, model: OpenAIServer
) -> None:
    model.plays(*[{"posts": ["Ferns drink at dawn, before the sun is on them."]}] * 4)
    campaign = await begin(clock, copywriter="openai:gpt-6-luna")
    assert [await run_next(clock, campaign.id) for _ in range(2)] == [TweetState.HANDED_OVER, TweetState.SKIPPED]
    assert "resembles" in ((await tweets(clock, campaign.id))[1].note or "")


async def test_a_model_that_is_away_leaves_the_tweet_out_and_says_so(
    clock: Clock, meter: Meter, model: OpenAIServer
) -> None:
    campaign = await begin(clock, copywriter="openai:gpt-6-luna")
    clock.ctx.settings.openai_base_url = "http://127.0.0.1:9/v1"
    assert await run_next(clock, campaign.id) == TweetState.SKIPPED
    assert "could not be written" in ((await tweets(clock, campaign.id))[0].note or "")


async def test_a_story_is_a_thread(clock: Clock, meter: Meter, model: OpenAIServer) -> None:
    posts = ["My fern died in June.", "I had watered it every day at noon.", "Now it drinks at dawn, twice a week."]
    model.plays({"posts": posts})
    campaign = await begin(clock, copywriter="openai:gpt-6-luna", kinds={"story": 1})
    await run_next(clock, campaign.id)
    (row,) = await publications(clock)
    assert [row.copy["description"], *row.copy["thread"]] == posts


@pytest.mark.parametrize(
    ("channel", "target"),
    [
        ("x", {}),
        ("bluesky", {}),
        ("mastodon", {}),
        ("threads", {}),
        ("linkedin", {}),
        ("blotato", {"platform": "twitter", "account": "1"}),
    ],
)
async def test_every_channel_that_takes_words_takes_a_tweet(clock: Clock, channel: str, target: dict[str, Any]) -> None:
    async with clock.ctx.database.session() as session:
        await publishing.create_account(session, channel=channel, handle="ann.example", external_id="1", target=target)
        plan = {"accounts": ["all"], "copywriter": "local", "points": points(3), "kinds": {"value": 1, "offer": 1}}
        offers = [await offer(clock)]
        campaign = await service.create_campaign(
            session,
            name="Ferns",
            plan=CampaignPlan.model_validate({**plan, "offers": offers, "link_share": 1}),
            clock=clock.ctx.clock,
        )
    said = [await run_next(clock, campaign.id) for _ in range(2)]
    assert (said, [one.note for one in await tweets(clock, campaign.id)]) == ([TweetState.HANDED_OVER] * 2, [None] * 2)


async def test_a_site_gets_a_public_video_with_each_tweet(clock: Clock, clip: Clip) -> None:
    source = clip("master.mp4", extra=("-movflags", "+faststart"))
    async with clock.ctx.database.session() as session:
        limits = MediaLimits.of(clock.ctx.settings)
        asset = await media.register(session, str(source), storage=clock.ctx.storage, limits=limits)
        account = await publishing.create_account(session, channel="site", handle="garden")
        post = await publishing.create_post(session, asset_ids=[asset.id], title="Ferns")
        made = await publishing.plan_publication(
            session, post_id=post.id, account_id=account.id, copy=Copy(title="Ferns", description="Ferns")
        )
        row = await publishing.get_publication(session, made.id, lock=True)
        for outcome in (Outcome.ARMED, Outcome.SENT, Outcome.CONFIRMED):
            await ledger.change(session, row, outcome, note="", now=clock.now)
        plan = CampaignPlan.model_validate(
            {"accounts": ["site:garden"], "copywriter": "local", "points": points(3), "kinds": {"value": 1}}
        )
        campaign = await service.create_campaign(session, name="Ferns", plan=plan, clock=clock.ctx.clock)
    assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER
    async with clock.ctx.database.session() as session:
        (newest, *_) = await list_posts(session, limit=50, before=None)
    assert newest.asset_ids == [asset.id]


async def test_accounts_with_and_without_videos_need_two_campaigns(clock: Clock, meter: Meter) -> None:
    async with clock.ctx.database.session() as session:
        await publishing.create_account(session, channel="site", handle="garden")
    with pytest.raises(CampaignError, match="site:garden"):
        await begin(clock, accounts=["all"])


async def test_a_budget_of_money_leaves_out_what_it_does_not_reach_for(clock: Clock) -> None:
    async with clock.ctx.database.session() as session:
        await publishing.create_account(session, channel="x", handle="ann", external_id="1")
        plan = {"accounts": ["x:ann"], "copywriter": "local", "points": points(9), "kinds": {"value": 1}}
        budget = {"micros": 35_000, "currency": "USD", "days": 30}
        campaign = await service.create_campaign(
            session,
            name="Ferns",
            plan=CampaignPlan.model_validate({**plan, "money_budget": budget}),
            clock=clock.ctx.clock,
        )
    said = [await run_next(clock, campaign.id) for _ in range(4)]
    made = await tweets(clock, campaign.id)
    spent = sum(one.cost_micros or 0 for one in made if one.state is TweetState.HANDED_OVER)
    assert TweetState.SKIPPED in said
    assert 0 < spent <= 35_000
    assert "are spent" in (made[-1].note or "")
