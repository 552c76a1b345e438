"""Campaigns: a tweet for each slot, once; what is missed or refused is recorded; people may change what comes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from mediaposter.campaigns import service, workflows
from mediaposter.campaigns.errors import CampaignError, TweetStateError
from mediaposter.campaigns.models import CampaignState, TweetState
from mediaposter.campaigns.schemas import CampaignPlan
from mediaposter.core import engine as durable
from mediaposter.core import timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.timeline import TimelineState
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.schemas import Burst
from tests.campaigns.conftest import begin, due, offer, points, run_next, tweets
from tests.metrics.conftest import Clock, Meter

pytestmark = pytest.mark.feature("ARCH-004")


async def planned(clock: Clock) -> list[Publication]:
    async with clock.ctx.database.session() as session:
        query = select(Publication).where(Publication.part == 0).order_by(Publication.due_at)
        return list((await session.execute(query)).scalars())


@pytest.mark.parametrize(
    ("zone", "start", "days"),
    [
        ("Europe/Berlin", datetime(2026, 10, 12, 5, tzinfo=UTC), 30),
        ("Europe/Berlin", datetime(2027, 3, 25, 5, tzinfo=UTC), 6),
    ],
)
async def test_thirty_days_of_tweets_over_a_clock_change_each_once_at_its_local_time(
    clock: Clock, meter: Meter, zone: str, start: datetime, days: int
) -> None:
    clock.now = start
    campaign = await begin(clock, time_zone=zone, points=points(400), anchor=time(0, 30))
    end = start + timedelta(days=days)
    while (waiting := await due(clock, campaign.id)) and waiting[0].due_at + service.LEAD <= end:
        assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER
    local = [row.due_at.astimezone(ZoneInfo(zone)) for row in await planned(clock) if row.due_at]
    first = start.astimezone(ZoneInfo(zone))
    wanted = [
        datetime.combine(first.date() + timedelta(days=day), time(hour, 30))
        for day in range(32)
        for hour in range(0, 24, 2)
    ]
    last = end.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    wanted = [one for one in wanted if first.replace(tzinfo=None) < one <= last]
    # The one local time that the spring change leaves out is at its first minute that exists.
    gap = {datetime.fromisoformat("2027-03-28T02:30"): datetime.fromisoformat("2027-03-28T03:00")}
    assert [one.replace(tzinfo=None) for one in local] == [gap.get(one, one) for one in wanted]
    assert len(local) == len({row.post_id for row in await planned(clock)})


async def test_each_account_gets_the_tweet_as_a_publication_at_its_slot(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, number=3)
    await run_next(clock, campaign.id)
    (tweet,) = await tweets(clock, campaign.id)
    rows = await planned(clock)
    assert [(row.due_at, row.outcome) for row in rows] == [(tweet.slot_at, Outcome.PLANNED)] * 3
    assert {row.copy["description"] for row in rows} == {tweet.texts[0]}


async def test_running_a_slot_again_sends_nothing_more(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    (entry,) = await due(clock, campaign.id)
    await run_next(clock, campaign.id)
    again = await workflows.begin(entry.id)
    assert again is None
    assert (len(await planned(clock)), len(await tweets(clock, campaign.id))) == (1, 1)


async def test_a_worker_that_died_between_the_steps_is_gone_on_from(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    (entry,) = await due(clock, campaign.id)
    clock.now = entry.due_at
    first = await workflows.begin(entry.id)
    assert await workflows.begin(entry.id) == first
    await workflows.write_tweet(str(first))
    await workflows.write_tweet(str(first))
    assert [await workflows.hand_over(str(first)) for _ in range(2)] == [TweetState.HANDED_OVER] * 2
    assert len(await planned(clock)) == 1
    assert len([row for row in await due(clock, campaign.id) if row.due_at > clock.now]) == 1


async def test_no_text_is_said_twice_within_thirty_days(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, points=points(5))
    said = [await run_next(clock, campaign.id) for _ in range(7)]
    assert said == [TweetState.HANDED_OVER] * 5 + [TweetState.SKIPPED] * 2
    made = await tweets(clock, campaign.id)
    assert len({one.texts[0] for one in made[:5]}) == 5
    assert "resembles what was said" in (made[-1].note or "")


async def test_what_was_missed_is_recorded_and_not_sent_in_a_burst(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    await run_next(clock, campaign.id)
    assert await run_next(clock, campaign.id, late=timedelta(hours=9)) == "nothing"
    made = await tweets(clock, campaign.id)
    assert [one.state for one in made] == [TweetState.HANDED_OVER] + [TweetState.SKIPPED] * 5
    assert "no worker was there" in (made[-1].note or "")
    assert len(await planned(clock)) == 1
    (waiting,) = await due(clock, campaign.id)
    assert waiting.due_at + service.LEAD > clock.now


async def test_the_latest_missed_one_goes_out_late_where_that_is_wanted(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, missed="run_once")
    assert await run_next(clock, campaign.id, late=timedelta(hours=9)) == TweetState.HANDED_OVER
    assert [row.due_at for row in await planned(clock)] == [clock.now]


async def test_it_ends_after_its_count(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, count=2)
    assert [await run_next(clock, campaign.id) for _ in range(3)] == [TweetState.HANDED_OVER] * 2 + [None]
    async with clock.ctx.database.session() as session:
        assert (await service.get_campaign(session, campaign.id)).state is CampaignState.ENDED


async def test_it_ends_at_its_moment(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, until=clock.now + timedelta(hours=5))
    said = [await run_next(clock, campaign.id) for _ in range(4)]
    assert said.count(TweetState.HANDED_OVER) in (2, 3)
    assert said[-1] is None


async def test_the_preview_is_what_happens(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, kinds={"value": 3, "offer": 2, "engagement": 1}, offers=[await offer(clock)])
    async with clock.ctx.database.session() as session:
        shown = await service.preview(session, campaign, limit=6, now=clock.now)
    for _ in range(6):
        await run_next(clock, campaign.id)
    made = await tweets(clock, campaign.id)
    assert [(one.slot_at, one.kind, one.with_link) for one in shown] == [
        (one.slot_at, one.kind, one.with_link) for one in made
    ]


async def test_a_tweet_with_a_link_has_a_tracked_one_for_each_account(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, number=2, kinds={"offer": 1}, offers=[await offer(clock)], link_share=1)
    await run_next(clock, campaign.id)
    links = {row.copy["link"] for row in await planned(clock)}
    assert len(links) == 2
    assert all("/r/" in link for link in links)


async def test_the_budget_of_links_is_kept_and_said(clock: Clock, meter: Meter) -> None:
    campaign = await begin(
        clock, kinds={"offer": 1}, offers=[await offer(clock)], link_share=1, link_budget={"links": 2, "days": 1}
    )
    for _ in range(4):
        await run_next(clock, campaign.id)
    made = await tweets(clock, campaign.id)
    assert [one.with_link for one in made] == [True, True, False, False]
    assert made[2].note == "Without its link: 2 of 2 links in 1 days are used."


async def test_an_edited_tweet_goes_out_as_it_is(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, 1, ["My own words.", "And more."], clock=clock.ctx.clock)
    await run_next(clock, campaign.id)
    (tweet,) = await tweets(clock, campaign.id)
    (row,) = await planned(clock)
    assert (row.copy["description"], tweet.writer) == ("My own words.", "person")


async def test_one_that_the_ledger_has_can_still_be_edited(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    await run_next(clock, campaign.id)
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, 1, ["Better words."], clock=clock.ctx.clock)
    assert [row.copy["description"] for row in await planned(clock)] == ["Better words."]


async def test_one_that_is_out_cannot(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    await run_next(clock, campaign.id)
    async with clock.ctx.database.session() as session:
        (row,) = (await session.execute(select(Publication))).scalars()
        row.outcome = Outcome.CONFIRMED
    async with clock.ctx.database.session() as session:
        with pytest.raises(TweetStateError):
            await service.edit_tweet(session, campaign.id, 1, ["Too late."], clock=clock.ctx.clock)


async def test_one_is_left_out_when_somebody_says_so(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    async with clock.ctx.database.session() as session:
        await service.skip_tweet(session, campaign.id, 1, clock=clock.ctx.clock)
    assert await run_next(clock, campaign.id) == "nothing"
    assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER
    assert [one.state for one in await tweets(clock, campaign.id)] == [TweetState.SKIPPED, TweetState.HANDED_OVER]


async def test_a_pause_lets_nothing_out_and_a_resume_goes_on_with_the_next(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    async with clock.ctx.database.session() as session:
        await service.pause_campaign(session, campaign.id)
    assert await run_next(clock, campaign.id) is None
    clock.later(hours=7)
    async with clock.ctx.database.session() as session:
        await service.resume_campaign(session, campaign.id, clock=clock.ctx.clock)
    assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER
    (row,) = await planned(clock)
    assert row.due_at is not None
    assert row.due_at >= clock.now


async def test_a_pause_and_a_resume_within_one_slot_keep_it(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    (before,) = await due(clock, campaign.id)
    async with clock.ctx.database.session() as session:
        await service.pause_campaign(session, campaign.id)
        await service.resume_campaign(session, campaign.id, clock=clock.ctx.clock)
    (after,) = await due(clock, campaign.id)
    assert after.due_at == before.due_at


async def test_one_that_was_skipped_and_then_edited_goes_out_after_all(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, points=points(1))
    await run_next(clock, campaign.id)
    assert await run_next(clock, campaign.id) == TweetState.SKIPPED  # it has nothing new to say
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, 2, ["My own words."], clock=clock.ctx.clock)
    assert await run_next(clock, campaign.id) == TweetState.HANDED_OVER
    assert [row.copy["description"] for row in await planned(clock)] == [points(1)[0], "My own words."]


async def test_a_pause_over_an_edited_tweet_skips_it_and_keeps_every_number_once(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    await run_next(clock, campaign.id)
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, 3, ["In the pause."], clock=clock.ctx.clock)
        await service.edit_tweet(session, campaign.id, 6, ["Still to come."], clock=clock.ctx.clock)
        await service.pause_campaign(session, campaign.id)
    clock.later(hours=6)
    async with clock.ctx.database.session() as session:
        await service.resume_campaign(session, campaign.id, clock=clock.ctx.clock)
    for _ in range(3):
        await run_next(clock, campaign.id)
    made = await tweets(clock, campaign.id)
    assert [one.number for one in made] == [1, 2, 3, 4, 5]
    assert [(one.state, one.note) for one in made if one.texts == ["In the pause."]] == [
        (TweetState.SKIPPED, "Its time passed while the campaign was paused.")
    ]
    assert [one.state for one in made if one.texts == ["Still to come."]] == [TweetState.HANDED_OVER]


async def test_a_tweet_that_is_written_when_the_pause_comes_does_not_go_out(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    (entry,) = await due(clock, campaign.id)
    clock.now = entry.due_at
    tweet_id = str(await workflows.begin(entry.id))
    await workflows.write_tweet(tweet_id)
    async with clock.ctx.database.session() as session:
        await service.pause_campaign(session, campaign.id)
    assert await workflows.hand_over(tweet_id) == TweetState.SKIPPED
    assert await planned(clock) == []


async def test_ending_a_campaign_leaves_no_tweet_open(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock)
    async with clock.ctx.database.session() as session:
        await service.edit_tweet(session, campaign.id, 2, ["Never said."], clock=clock.ctx.clock)
        await service.end_campaign(session, campaign.id)
    assert [one.note for one in await tweets(clock, campaign.id)] == ["The campaign was ended."]


async def test_the_late_tweet_of_a_missed_run_is_gone_on_from_after_a_crash(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, missed="run_once")
    (entry,) = await due(clock, campaign.id)
    clock.now = entry.due_at + timedelta(hours=5)
    first = await workflows.begin(entry.id)
    assert first is not None
    assert await workflows.begin(entry.id) == first


async def test_it_says_nothing_that_stood_in_a_thread(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, points=points(1))
    async with clock.ctx.database.session() as session:
        account = await publishing.find_account(session, "meter", "ann0")
        post = await publishing.create_post(session)
        assert account is not None
        words = Copy(description="A beginning.", thread=(points(1)[0],))
        await publishing.plan_publication(session, post_id=post.id, account_id=account.id, copy=words)
    assert await run_next(clock, campaign.id) == TweetState.SKIPPED


async def test_a_video_tweet_without_a_public_video_says_what_it_became(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, kinds={"video": 1})
    await run_next(clock, campaign.id)
    (tweet,) = await tweets(clock, campaign.id)
    assert (tweet.kind, "no public one was left" in (tweet.note or "")) == ("value", True)


async def test_it_says_nothing_that_the_account_said_elsewhere(clock: Clock, meter: Meter) -> None:
    campaign = await begin(clock, points=points(1))
    async with clock.ctx.database.session() as session:
        account = await publishing.find_account(session, "meter", "ann0")
        post = await publishing.create_post(session)
        assert account is not None
        await publishing.plan_publication(
            session, post_id=post.id, account_id=account.id, copy=Copy(description=points(1)[0])
        )
    assert await run_next(clock, campaign.id) == TweetState.SKIPPED


async def test_a_campaign_that_can_say_nothing_is_refused(clock: Clock, meter: Meter) -> None:
    with pytest.raises(CampaignError, match="given nothing"):
        await begin(clock, points=[])


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"interval_minutes": 2000}, "interval_minutes"),
        ({"kinds": {"offer": 1}}, "offer"),
        ({"kinds": {"value": 0}}, "kinds"),
    ],
)
def test_a_plan_that_breaks_a_rule_says_which(plan: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        CampaignPlan.model_validate({"accounts": ["all"], **plan})


async def test_a_tweet_is_really_sent_when_its_time_comes(ctx: Context, meter: Meter, engine: Engine) -> None:
    async with ctx.database.session() as session:
        account = await publishing.create_account(session, channel="meter", handle="ann")
        await publishing.update_account(session, account.id, burst=Burst(posts=0, minutes=1))
        plan = CampaignPlan.model_validate(
            {"accounts": ["meter:ann"], "copywriter": "local", "points": points(3), "kinds": {"value": 1}}
        )
        campaign = await service.create_campaign(session, name="Ferns", plan=plan)
    async with ctx.database.session() as session:
        (entry,) = await timeline.list_entries(session, kind=service.TWEET, state=TimelineState.WAITING)
    tweet_id = await workflows.begin(entry.id)
    await workflows.write_tweet(str(tweet_id))
    await workflows.hand_over(str(tweet_id))
    async with ctx.database.session() as session:
        (row,) = (await session.execute(select(Publication))).scalars()
        row.due_at = ctx.clock()
        await publishing.start_publication(session, row.id)
    assert await durable.result(f"publish:{row.id}:1") == Outcome.CONFIRMED
    assert campaign.state is CampaignState.RUNNING
