"""The room as a whole: scored when read, chosen with reasons, told to the writers, reverted exactly."""

from datetime import timedelta

import httpx
import pytest

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.errors import ConflictError, InvalidInputError, NotFoundError
from mediaposter.learning import adjusting, service, subscribers, telling
from mediaposter.learning.errors import NoSuchReadingError, NothingLeftError, OptionsError
from mediaposter.learning.evidence import Goal
from mediaposter.metrics.models import SnapshotState
from mediaposter.offers import service as offers
from mediaposter.offers.models import ConversionKind, ConversionSource, MatchedBy, OfferConversion, OfferLink
from tests.learning.conftest import NOON, Meadow

pytestmark = pytest.mark.feature("ARCH-006")
OPTIONS = {"template": ["good", "bad"]}
LATER = NOON + timedelta(days=60)


async def grow(meadow: Meadow, posts: int = 12) -> None:
    """Posts of a template that people answer, and of one that they do not."""
    for _ in range(posts):
        await meadow.scored(recipe={"template": "good"}, likes=30, comments=8, shares=8)
        await meadow.scored(recipe={"template": "bad"}, likes=4, comments=0, shares=0)


async def test_a_reading_is_scored_when_it_is_heard_of(ctx: Context, meadow: Meadow) -> None:
    publication_id = await meadow.read(likes=60)
    async with ctx.database.session() as session:
        await events.emit(session, "metrics.checkback.taken", publication_id, {"age": "24h"})
    heard = next(one for one in events.registered() if one.name == "learning.scores")
    assert heard.handle is subscribers.score
    subscriber = events.Subscriber("test.scores", heard.topic, heard.handle, from_start=True)
    assert await events.deliver(ctx, subscriber) == 1
    async with ctx.database.session() as session:
        (score,) = await service.list_scores(session, publication_id)
    assert score.score is not None
    assert score.score > 0


async def test_a_repeat_renews_the_score(ctx: Context, meadow: Meadow) -> None:
    score = await meadow.scored()
    assert (await meadow.score(score.publication_id)).id == score.id


async def test_a_publication_that_was_not_read_cannot_be_scored(meadow: Meadow) -> None:
    publication_id = await meadow.read()
    with pytest.raises(NoSuchReadingError):
        await meadow.score(publication_id, "7d")


@pytest.mark.parametrize("state", [SnapshotState.REMOVED, SnapshotState.UNAVAILABLE])
async def test_what_could_not_be_read_is_kept_with_the_reason(meadow: Meadow, state: SnapshotState) -> None:
    score = await meadow.scored(state=state)
    assert (score.score, score.labels) == (None, [])
    assert score.note


async def test_a_post_is_measured_against_earlier_posts_of_its_own_account_at_its_age(meadow: Meadow) -> None:
    await meadow.account("bob")
    for _ in range(3):
        await meadow.read("acct_ann")
    await meadow.read("acct_bob", day=0.1)
    await meadow.read("acct_ann", age="1h", day=0.2)
    await meadow.read("acct_ann", day=500)
    score = await meadow.scored("acct_ann", day=400)
    assert score.baselines["like"]["posts"] == 3


async def test_sales_through_the_publications_link_count_for_purchases(ctx: Context, meadow: Meadow) -> None:
    publication_id = await meadow.read(link_clicks=40, day=5)
    async with ctx.database.session() as session:
        offer = await offers.create_offer(session, name="Kit", url="https://k.example")
        link = await offers.create_tracked_link(
            session, offer_id=offer.id, channel="x", campaign="c", account_id="acct_ann", base_url="http://x"
        )
        row = await session.get(OfferLink, link.id)
        assert row is not None
        row.publication_id = publication_id
        for number, day in enumerate((4, 4, 6)):
            session.add(
                OfferConversion(
                    id=f"conv_{number}",
                    offer_id=offer.id,
                    kind=ConversionKind.SALE,
                    source=ConversionSource.CSV,
                    external_id=str(number),
                    value_minor=500,
                    currency="EUR",
                    link_id=link.id,
                    matched_by=MatchedBy.LINK,
                    occurred_at=NOON + timedelta(days=day),
                )
            )
    score = await meadow.score(publication_id)
    assert score.rates["conversion"] == pytest.approx((2 + 100 * 0.0005) / 1100)  # the third came after the reading
    assert service.reward_for(score, Goal.PURCHASES) is not None


async def test_without_a_link_no_conversion_is_measurable(meadow: Meadow) -> None:
    assert (await meadow.scored()).rates["conversion"] is None


async def test_what_works_is_preferred_and_says_why(ctx: Context, meadow: Meadow) -> None:
    await grow(meadow)
    async with ctx.database.session() as session:
        standings = await service.standing(session, clock=lambda: LATER)
    first, second = standings.dimensions["template"]
    assert (first.belief.value, second.belief.value) == ("good", "bad")
    assert first.share > 0.7


async def test_a_decision_is_kept_and_can_be_taken_again(ctx: Context, meadow: Meadow) -> None:
    await grow(meadow)
    async with ctx.database.session() as session:
        made = [await service.choose_recipe(session, options=OPTIONS, seed=5, clock=lambda: LATER) for _ in range(2)]
        kept = await service.get_decision(session, made[0].decision_id)
    assert made[0].recipe == made[1].recipe == kept.recipe
    assert kept.explanation.startswith("template = ")
    assert {belief["value"] for belief in kept.posterior} == {"good", "bad"}


@pytest.mark.parametrize("options", [{}, {"template": []}])
async def test_there_must_be_something_to_choose_from(ctx: Context, options: dict[str, list[str]]) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(OptionsError):
            await service.choose_recipe(session, options=options)


async def test_when_everything_is_excluded_nothing_is_chosen(ctx: Context) -> None:
    async with ctx.database.session() as session:
        await adjusting.exclude(session, dimension="template", value="only")
        with pytest.raises(NothingLeftError):
            await service.choose_recipe(session, options={"template": ["only"]})


async def test_a_pin_holds_on_its_account_until_it_is_undone(ctx: Context, meadow: Meadow) -> None:
    async with ctx.database.session() as session:
        pin = await adjusting.pin(session, dimension="template", value="bad", account_id="acct_ann")
        rules = (await service.policy_of(session, account_id="acct_ann")).rules()
        assert rules.pins == {"template": "bad"}
        assert (await service.policy_of(session, account_id="acct_bob")).rules().pins == {}
        await adjusting.undo(session, pin.id)
        assert (await service.policy_of(session, account_id="acct_ann")).rules().pins == {}
        with pytest.raises(ConflictError):
            await adjusting.undo(session, pin.id)


async def test_a_pin_on_an_account_that_is_not_there_is_refused(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(NotFoundError):
            await adjusting.pin(session, dimension="template", value="a", account_id="acct_typo")


async def test_a_revert_is_exact_and_undoing_it_too(ctx: Context, meadow: Meadow) -> None:
    async def means() -> list[float]:
        async with ctx.database.session() as session:
            standings = await service.standing(session, clock=lambda: LATER)
            return [one.belief.mean for one in standings.dimensions.get("template", ())]

    await grow(meadow, 3)
    before = await means()
    moment = NOON + timedelta(days=6.5)
    await grow(meadow, 6)
    after = await means()
    async with ctx.database.session() as session:
        revert = await adjusting.revert(session, to=moment, clock=lambda: NOON + timedelta(days=40))
    assert await means() == before
    async with ctx.database.session() as session:
        await adjusting.undo(session, revert.id)
    assert await means() == after != before


async def test_what_comes_after_a_revert_counts(ctx: Context, meadow: Meadow) -> None:
    async with ctx.database.session() as session:
        await adjusting.revert(session, to=NOON, clock=lambda: NOON + timedelta(days=10))
    await meadow.scored(day=5, recipe={"template": "good"})
    await meadow.scored(day=11, recipe={"template": "bad"})
    async with ctx.database.session() as session:
        standings = await service.standing(session, clock=lambda: LATER)
    assert [one.belief.value for one in standings.dimensions["template"]] == ["bad"]


async def test_a_revert_takes_back_what_was_pinned_meanwhile(ctx: Context) -> None:
    async with ctx.database.session() as session:
        await adjusting.pin(session, dimension="template", value="a", clock=lambda: NOON + timedelta(days=2))
        await adjusting.revert(session, to=NOON, clock=lambda: NOON + timedelta(days=3))
        assert (await service.policy_of(session, account_id=None)).rules().pins == {}


async def test_a_revert_to_the_future_is_refused(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(InvalidInputError):
            await adjusting.revert(session, to=LATER, clock=lambda: NOON)


async def test_the_lift_compares_what_was_chosen_with_the_hold_out(ctx: Context, meadow: Meadow) -> None:
    async with ctx.database.session() as session:
        for number in range(60):
            await service.choose_recipe(session, options=OPTIONS, subject=f"run_{number}", seed=number)
        decisions = await service.list_decisions(session, limit=60)
    held = next(one for one in decisions if one.hold_out)
    free = next(one for one in decisions if not one.hold_out)
    await meadow.scored(run_id=free.subject, recipe={"template": "good"}, likes=50, comments=9)
    await meadow.scored(run_id=held.subject, recipe={"template": "bad"}, likes=1, comments=0)
    async with ctx.database.session() as session:
        lift = (await service.standing(session, clock=lambda: LATER)).lift
    assert (lift.chosen_posts, lift.hold_out_posts) == (1, 1)
    assert lift.chosen is not None
    assert lift.hold_out is not None
    assert lift.chosen > lift.hold_out


async def test_the_writers_are_told_what_worked_with_numbers_and_links(ctx: Context, meadow: Meadow) -> None:
    await grow(meadow)
    async with ctx.database.session() as session:
        told = await telling.brief(session, for_="prompts", limit=2, clock=lambda: LATER)
    assert "Worked: template good, +" in told.text
    assert "Did not work: template bad, -" in told.text
    assert all(one.url and one.url in told.text for one in told.evidence)
    assert len(told.text) <= 1600


async def test_the_tweet_writer_is_not_told_of_voices(ctx: Context, meadow: Meadow) -> None:
    for _ in range(12):
        await meadow.scored(recipe={"voice": "amy"}, likes=30, comments=8, shares=8)
        await meadow.scored(recipe={"voice": "joe"}, likes=4, comments=0, shares=0)
    async with ctx.database.session() as session:
        told = await telling.brief(session, for_="tweets", clock=lambda: LATER)
    assert "voice" not in told.text


async def test_with_nothing_known_the_writers_are_told_to_vary(ctx: Context) -> None:
    async with ctx.database.session() as session:
        told = await telling.brief(session)
    assert "vary" in told.text
    assert told.evidence == []


async def test_the_leaderboard_has_the_best_first(ctx: Context, meadow: Meadow) -> None:
    await grow(meadow, 4)
    async with ctx.database.session() as session:
        leaders = await telling.leaderboard(session)
    assert [(one.value, one.posts) for one in leaders] == [("good", 4), ("bad", 4)]
    assert leaders[0].score_7d is None


async def test_learning_over_the_api(web: httpx.AsyncClient, meadow: Meadow) -> None:
    await grow(meadow, 2)
    made = await web.post("/api/learning/decisions", json={"options": OPTIONS, "subject": "run_1"})
    assert made.status_code == 201
    assert (await web.get(f"/api/learning/decisions/{made.json()['id']}")).json() == made.json()
    pinned = await web.post("/api/learning/pins", json={"dimension": "template", "value": "bad"})
    standing = (await web.get("/api/learning/standing")).json()
    assert [one["share"] for one in standing["dimensions"]["template"] if one["pinned"]] == [1.0]
    undone = await web.delete(f"/api/learning/adjustments/{pinned.json()['id']}")
    assert undone.json()["undone_at"] is not None
    reverted = await web.post("/api/learning/reverts", json={"to": made.json()["id"]})
    assert reverted.json()["since"] == made.json()["created_at"]
    assert len((await web.get("/api/learning/adjustments")).json()) == 2
    assert (await web.get("/api/learning/brief?writer=tweets")).status_code == 200
    assert (await web.get("/api/learning/leaderboard")).status_code == 200
    assert len((await web.get("/api/learning/scores/pub_001")).json()) == 1


async def test_a_decision_that_is_not_there_says_where_to_look(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/learning/decisions/nope")
    assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_DECISION")
    assert answer.json()["fix"]
