"""Rates, baselines, rewards: what one reading comes to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mediaposter.learning.baseline import WINDOW, Z_LIMIT, baseline_of
from mediaposter.learning.evidence import Goal, Reading
from mediaposter.learning.rates import Prior, Rate, prior_of, rates_of
from mediaposter.learning.rewards import WEIGHTS, Label, reward_of
from mediaposter.learning.scoring import measure

pytestmark = pytest.mark.feature("ARCH-006")
READING = Reading(
    publication_id="p",
    post_id="post",
    account_id="a",
    channel="x",
    age="24h",
    taken_at=datetime(2026, 11, 1, tzinfo=UTC),
    impressions=10_000,
    likes=200,
    comments=20,
    shares=10,
    clicks=50,
)
PRIOR = Prior(0.02, 0.01)


@pytest.mark.parametrize("shown", [{"impressions": 0}, {"impressions": None}, {"impressions": None, "views": 0}])
def test_nothing_is_measurable_without_impressions(shown: dict[str, int | None]) -> None:
    assert set(rates_of(replace(READING, **shown)).values()) == {None}


def test_views_stand_in_for_impressions_that_are_not_told() -> None:
    viewed = replace(READING, impressions=None, views=10_000)
    assert rates_of(viewed)[Rate.LIKE] == rates_of(READING)[Rate.LIKE]


def test_a_count_that_is_not_told_is_not_zero() -> None:
    rates = rates_of(replace(READING, likes=None, comments=0))
    assert rates[Rate.LIKE] is None
    assert rates[Rate.REPLY] is not None


def test_clicks_through_our_link_are_taken_instead_of_the_platforms_and_never_added() -> None:
    ours = rates_of(replace(READING, link_clicks=30, clicks=50))
    assert ours[Rate.CLICK] == rates_of(replace(READING, clicks=30))[Rate.CLICK]


def test_few_impressions_stay_close_to_what_is_usual() -> None:
    lucky = rates_of(replace(READING, impressions=2, likes=2))[Rate.LIKE]
    assert lucky is not None
    assert lucky < 0.04


def test_what_was_removed_has_no_rates() -> None:
    assert set(rates_of(replace(READING, state="removed")).values()) == {None}


def test_without_posts_the_prior_is_the_baseline() -> None:
    assert baseline_of([], PRIOR).z(0.03) == pytest.approx(1.0)


def test_the_prior_is_gone_once_the_window_is_full() -> None:
    baseline = baseline_of([0.5, 0.7] * (WINDOW // 2), PRIOR)
    assert (baseline.mean, baseline.prior_weight) == (pytest.approx(0.6), 0)


def test_zero_spread_is_no_deviation() -> None:
    assert baseline_of([0.5] * WINDOW, PRIOR).z(0.9) == 0


def test_one_outlier_hardly_moves_a_baseline() -> None:
    usual = [0.018, 0.02, 0.022] * 6
    calm, wild = baseline_of([*usual, 0.02], PRIOR), baseline_of([*usual, 0.99], PRIOR)
    assert wild.mean == pytest.approx(calm.mean, rel=0.05)
    assert wild.sd < 2 * calm.sd


def test_only_the_window_counts() -> None:
    assert baseline_of([0.02, 0.03] * 10 + [9.0] * 50, PRIOR) == baseline_of([0.02, 0.03] * 10, PRIOR)


def test_z_ends_somewhere() -> None:
    assert baseline_of([], PRIOR).z(50.0) == Z_LIMIT


@pytest.mark.parametrize("goal", list(Goal))
def test_equal_deviations_are_the_reward_whatever_could_be_measured(goal: Goal) -> None:
    for known in (list(WEIGHTS[goal]), list(WEIGHTS[goal])[:1]):
        reward = reward_of(dict.fromkeys(known, 0.7), goal, shown=1000)
        assert reward is not None
        assert reward.value == pytest.approx(0.7)


def test_a_goal_without_its_rates_has_no_reward() -> None:
    assert reward_of({Rate.SAVE: 2.0}, Goal.PURCHASES, shown=1000) is None


@pytest.mark.parametrize(("z", "labels"), [(1.0, (Label.WINNER,)), (-1.0, (Label.LOSER,)), (0.9, ())])
def test_labels_begin_at_one_standard_deviation(z: float, labels: tuple[Label, ...]) -> None:
    reward = reward_of({Rate.LIKE: z}, Goal.DEFAULT, shown=1000)
    assert reward is not None
    assert reward.labels == labels


@pytest.mark.parametrize(("shown", "intent"), [(1000, True), (20, False), (None, False)])
def test_high_intent_needs_enough_impressions(shown: int | None, intent: bool) -> None:
    reward = reward_of({Rate.CLICK: 1.2, Rate.LIKE: -2.0}, Goal.DEFAULT, shown=shown)
    assert reward is not None
    assert (Label.HIGH_INTENT in reward.labels) is intent


def test_the_first_post_of_all_can_be_a_winner() -> None:
    prior = prior_of("x", Rate.LIKE).mean
    good = replace(READING, likes=int(10_000 * prior * 2.5), comments=50, shares=60, clicks=200)
    reward = measure(good, []).reward
    assert reward is not None
    assert Label.WINNER in reward.labels
