"""A campaign's plan is changed while it runs: what has gone out stays, what is to come is planned anew."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest

from mediaposter.campaigns import service
from mediaposter.campaigns.editing import edit_campaign
from mediaposter.campaigns.errors import CampaignError, TweetStateError
from mediaposter.campaigns.models import Campaign, TweetState
from mediaposter.campaigns.schemas import CampaignEdit, TweetRead
from mediaposter.core import events
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.rules import ChannelRules, Price, RepeatRules, TextRules
from tests.campaigns.conftest import begin, due, offer, run_next, tweets
from tests.metrics.conftest import Clock, Meter

pytestmark = pytest.mark.feature("ARCH-004")


class Dear(Meter):
    """A platform that takes money."""

    name: ClassVar[str] = "meter"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(description_max=500, thread_max=10),
        price=Price(15_000, 200_000),
        repeats=RepeatRules(media=False, text_days=None),
    )


async def edit(clock: Clock, campaign: Campaign, **changes: Any) -> Campaign:
    wish = CampaignEdit.model_validate(changes)
    async with clock.ctx.database.session() as session:
        return await edit_campaign(session, campaign.id, wish.changes(), name=wish.name, clock=clock.ctx.clock)


async def coming(clock: Clock, campaign: Campaign, limit: int = 4) -> list[TweetRead]:
    async with clock.ctx.database.session() as session:
        one = await service.get_campaign(session, campaign.id)
        return await service.preview(session, one, limit=limit, now=clock.now)


async def test_another_interval_moves_what_is_to_come_and_not_what_went_out(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, interval_minutes=120)
    await run_next(clock, campaign.id)
    (out,) = await tweets(clock, campaign.id)
    await edit(clock, campaign, interval_minutes=60)
    await run_next(clock, campaign.id)
    first, second = await tweets(clock, campaign.id)

    assert (first.id, first.slot_at, first.state) == (out.id, out.slot_at, TweetState.HANDED_OVER)
    assert (second.number, second.slot_at - first.slot_at) == (2, timedelta(hours=1))
    assert len(await due(clock, campaign.id)) == 1


async def test_only_what_is_given_changes_and_null_takes_out(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, link_share=0.25, quiet_hours={"start": "22:00", "end": "07:00"}, count=5)
    made = service.plan_of(await edit(clock, campaign, name="Moss", quiet_hours=None, count=None, tone="dry"))

    assert (made.quiet_hours, made.count, made.tone, made.link_share) == (None, None, "dry", 0.25)


async def test_an_edit_is_told(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    await edit(clock, campaign, interval_minutes=60, name="Moss")
    told = await events.read(clock.ctx.database, after=0, topic="campaign.*", subject=campaign.id)

    assert (told[-1].topic, told[-1].data["changed"]) == ("campaign.edited", ["interval_minutes", "name"])


@pytest.mark.parametrize(
    ("change", "word"),
    [({"kinds": {"offer": 1}}, "offer"), ({"kinds": {"value": 0}}, "kinds"), ({"interval_minutes": 2000}, "interval")],
)
async def test_a_plan_that_cannot_be_so_is_refused_and_the_old_one_stays(
    clock: Clock, meter: Meter, change: dict[str, Any], word: str
) -> None:
    campaign = await begin(clock)
    with pytest.raises(CampaignError, match=word):
        await edit(clock, campaign, **change)

    assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER


async def test_words_of_a_person_go_to_the_first_slot_not_before_their_old_one(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, interval_minutes=60)
    words = (await coming(clock, campaign))[2]
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, words.number, ["Mine."], clock=clock.ctx.clock)
    await edit(clock, campaign, interval_minutes=240)
    kept = next(one for one in await coming(clock, campaign) if one.texts == ["Mine."])
    numbers = [one.number for one in await coming(clock, campaign)]

    assert words.slot_at <= kept.slot_at < words.slot_at + timedelta(hours=4)
    assert numbers == [1, 2, 3, 4]
    while "Mine." not in [text for one in await tweets(clock, campaign.id) if one.post_id for text in one.texts]:
        assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER


async def test_an_end_before_a_persons_words_leaves_them_out_and_a_later_one_takes_the_campaign_on(
    clock: Clock, meter: Meter
) -> None:
    campaign = await begin(clock, interval_minutes=60)
    last = (await coming(clock, campaign))[3]
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, last.number, ["Mine."], clock=clock.ctx.clock)
    await edit(clock, campaign, count=2)
    assert len([one for one in await coming(clock, campaign) if one.state is not TweetState.SKIPPED]) == 2
    await edit(clock, campaign, count=8)
    for _ in range(5):
        await run_next(clock, campaign.id)

    sent = [one.number for one in await tweets(clock, campaign.id) if one.state is TweetState.HANDED_OVER]
    assert len(sent) >= 4


async def test_a_paused_campaign_is_edited_and_stays_paused(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    async with clock.ctx.database.session() as session:
        await service.pause_campaign(session, campaign.id)
    await edit(clock, campaign, interval_minutes=60)

    assert await due(clock, campaign.id) == []


async def test_a_campaign_that_has_ended_is_not_edited(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    async with clock.ctx.database.session() as session:
        await service.end_campaign(session, campaign.id)

    with pytest.raises(TweetStateError):
        await edit(clock, campaign, interval_minutes=60)


async def test_each_tweet_to_come_says_what_it_will_cost_where_that_is_known(clock: Clock, meter: Meter) -> None:
    register(Dear())
    try:
        kinds = {"offer": 1, "value": 1, "story": 1}
        campaign = await begin(clock, number=2, offers=[await offer(clock)], kinds=kinds, link_share=1)
        told = {one.kind: (one.cost_micros, one.currency) for one in await coming(clock, campaign, 3)}
    finally:
        del load_channels()["meter"]
        register(meter)

    assert told == {"offer": (400_000, "USD"), "value": (30_000, "USD"), "story": (None, "USD")}


async def test_what_costs_nothing_says_so(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)

    assert {(one.cost_micros, one.currency) for one in await coming(clock, campaign)} == {(0, None)}
