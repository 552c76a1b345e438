"""Posteriors and choices: what is believed of a value, and how often it is chosen."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from mediaposter.learning.allocation import EXPLORATION, HOLD_OUT, How, Rules, choose, shares
from mediaposter.learning.evidence import Evidence, Scored, gather
from mediaposter.learning.explaining import explain
from mediaposter.learning.posteriors import CLIP, PRIOR_SD, Posterior, posterior_of

pytestmark = pytest.mark.feature("ARCH-006")
NOW = datetime(2026, 11, 20, tzinfo=UTC)
OPTIONS = {"template": ["good", "bad", "usual"], "hook": ["question", "claim"]}


def post(number: int, score: float, *, days: float = 1, weight: float = 1, **recipe: str) -> Evidence:
    return Evidence(f"post_{number}", recipe, score, weight, NOW - timedelta(days=days))


def history(posts: int = 20) -> list[Evidence]:
    effects = {"good": 0.8, "bad": -0.8, "usual": 0.0}
    return [
        post(n, effect, template=template, hook=OPTIONS["hook"][n % 2])
        for n in range(posts)
        for template, effect in effects.items()
    ]


def believe(evidence: list[Evidence]) -> Posterior:
    return posterior_of(evidence, now=NOW)


def test_what_was_never_tried_has_the_prior() -> None:
    belief = believe([]).belief("template", "new")
    assert (belief.n, belief.mean, belief.sd) == (0, 0, PRIOR_SD)


def test_the_order_of_the_evidence_does_not_matter() -> None:
    evidence = history()
    shuffled = Random(1).sample(evidence, len(evidence))
    assert [b.mean for b in believe(evidence).beliefs()] == pytest.approx([b.mean for b in believe(shuffled).beliefs()])


def test_more_posts_make_surer() -> None:
    assert believe(history(20)).belief("template", "good").sd < believe(history(5)).belief("template", "good").sd


@pytest.mark.parametrize("score", [CLIP, 50.0, 1e6])
def test_however_far_one_post_ran_it_counts_the_same(score: float) -> None:
    assert believe([post(1, score, template="a")]).belief("template", "a").mean == pytest.approx(
        believe([post(1, CLIP, template="a")]).belief("template", "a").mean
    )


def test_old_evidence_counts_less() -> None:
    young, old = believe([post(1, 1.0, template="a")]), believe([post(1, 1.0, days=200, template="a")])
    assert old.belief("template", "a").mean < young.belief("template", "a").mean / 3


def test_a_template_gets_no_credit_for_the_hook_it_was_made_with() -> None:
    evidence = [post(n, 1.0, template="rider", hook="best") for n in range(30)]
    evidence += [post(100 + n, 1.0, template="other", hook="best") for n in range(30)]
    evidence += [post(200 + n, -1.0, template="rider", hook="worst") for n in range(30)]
    evidence += [post(300 + n, -1.0, template="other", hook="worst") for n in range(3)]
    found = believe(evidence)
    assert abs(found.belief("template", "rider").mean - found.belief("template", "other").mean) < 0.1


def test_a_post_on_many_accounts_is_one_piece_of_evidence() -> None:
    scores = [
        Scored(
            publication_id=f"p{n}",
            post_id="one",
            account_id=f"a{n}",
            age="24h",
            taken_at=NOW,
            recipe={"template": "a"},
            score=1.0,
        )
        for n in range(22)
    ]
    (found,) = gather(scores)
    assert (found.score, found.weight < 2) == (pytest.approx(1.0), True)


def test_of_one_publication_the_oldest_age_counts() -> None:
    ages = {"1h": 3.0, "72h": 0.5, "24h": 2.0}
    scores = [
        Scored(publication_id="p", post_id="one", account_id="a", age=age, taken_at=NOW, recipe={"t": "a"}, score=score)
        for age, score in ages.items()
    ]
    assert [one.score for one in gather(scores)] == [pytest.approx(0.5)]


@pytest.mark.parametrize(("age", "late", "weight"), [("24h", False, 1), ("24h", True, 0.5), ("1h", False, 0.2)])
def test_late_and_early_readings_weigh_less(age: str, late: bool, weight: float) -> None:
    score = Scored(
        publication_id="p",
        post_id="one",
        account_id="a",
        age=age,
        taken_at=NOW,
        recipe={"t": "a"},
        score=1.0,
        late=late,
    )
    assert gather([score])[0].weight == pytest.approx(weight)


def test_the_same_seed_gives_the_same_choice() -> None:
    assert choose(believe(history()), OPTIONS, seed=7) == choose(believe(history()), OPTIONS, seed=7)


def test_what_works_is_chosen_most_and_nothing_starves() -> None:
    found = shares(believe(history()), OPTIONS)
    assert found["template", "good"] > 0.75
    assert found["template", "bad"] > 0


def test_the_hold_out_is_even_and_has_its_share() -> None:
    held = [chosen for seed in range(2000) if (chosen := choose(believe(history()), OPTIONS, seed=seed)).hold_out]
    templates = Counter(one.recipe["template"] for one in held)
    assert len(held) == pytest.approx(2000 * HOLD_OUT, rel=0.3)
    assert min(templates.values()) > len(held) / 3 * 0.6


def test_all_values_are_tried_evenly_while_little_is_known() -> None:
    found = believe([post(1, 2.0, template="good", hook="claim")])
    hows = {how for seed in range(50) for how in choose(found, OPTIONS, seed=seed).how.values()}
    assert hows <= {How.GATHERING, How.HOLD_OUT}


def test_one_lucky_post_gets_no_more_than_its_uncertainty() -> None:
    known = history()
    options = {"template": [*OPTIONS["template"], "lucky"]}
    lucky = shares(believe([*known, post(999, 50.0, template="lucky", hook="claim")]), options)
    untried = shares(believe(known), options)
    assert lucky["template", "lucky"] <= untried["template", "lucky"] + 0.02


def test_a_pin_decides_even_the_hold_out() -> None:
    rules = Rules(pins={"template": "bad"})
    chosen = [choose(believe(history()), OPTIONS, seed=seed, rules=rules) for seed in range(100)]
    assert {one.recipe["template"] for one in chosen} == {"bad"}


def test_an_excluded_value_is_never_chosen() -> None:
    rules = Rules(excluded={("template", "good")})
    found = {choose(believe(history()), OPTIONS, seed=seed, rules=rules).recipe["template"] for seed in range(200)}
    assert "good" not in found


def test_with_everything_random_switched_off_only_belief_chooses() -> None:
    hows = {
        how
        for seed in range(50)
        for how in choose(believe(history()), OPTIONS, seed=seed, hold_out=0, exploration=0).how.values()
    }
    assert hows == {How.PREFERRED}
    assert EXPLORATION > 0


def test_an_explanation_names_the_value_its_numbers_and_its_rival() -> None:
    found = believe(history())
    seed = next(s for s in range(99) if choose(found, OPTIONS, seed=s).how["template"] is How.PREFERRED)
    said = explain(choose(found, OPTIONS, seed=seed), found, OPTIONS)
    assert "template = good: " in said
    assert "best of 3, ahead of usual" in said
    assert " sd (" in said
