"""What learning can do: score publications, choose recipes, say what it believes. Services never commit."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.ids import new_id
from mediaposter.learning import allocation, repository
from mediaposter.learning.allocation import Options
from mediaposter.learning.baseline import WINDOW
from mediaposter.learning.errors import NoSuchDecisionError, NoSuchReadingError, NothingLeftError, OptionsError
from mediaposter.learning.evidence import AGES, Evidence, Goal, Scored, gather
from mediaposter.learning.explaining import explain
from mediaposter.learning.models import Decision, Score
from mediaposter.learning.policy import Policy
from mediaposter.learning.posteriors import HALF_LIFE_DAYS, Belief, Posterior, posterior_of
from mediaposter.learning.rates import Rate
from mediaposter.learning.rewards import Reward, reward_of
from mediaposter.learning.scoring import measure

_SEED_BITS = 62  # what a bigint keeps
_MEMORY = timedelta(days=6 * HALF_LIFE_DAYS)  # what is older would count less than a sixty-fourth


@dataclass(frozen=True)
class Choice:
    """A recipe to make next. `hold_out`: drawn at random, to measure the others by."""

    decision_id: str
    recipe: Mapping[str, str]
    hold_out: bool
    explanation: str


@dataclass(frozen=True)
class ValueStanding:
    """What is believed of one value, and how often it would be chosen now."""

    belief: Belief
    share: float
    pinned: bool
    excluded: bool


@dataclass(frozen=True)
class Lift:
    """What learning brings: mean scores of posts that it chose and of the hold-out. None where one has no posts."""

    chosen: float | None
    chosen_posts: int
    hold_out: float | None
    hold_out_posts: int


@dataclass(frozen=True)
class Standings:
    """All values, by dimension the most preferred first, and the lift."""

    goal: Goal
    account_id: str | None
    posts: int
    dimensions: Mapping[str, Sequence[ValueStanding]]
    lift: Lift


async def score_publication(session: AsyncSession, publication_id: str, age: str, *, clock: Clock = utc_now) -> Score:
    """Score a publication at an age against its account's earlier posts. A repeat renews the score.

    A reading that tells nothing measurable is kept as a score without a value, with a note that says why.
    Raises NoSuchReadingError.
    """
    reading = await repository.reading(session, publication_id, age)
    if reading is None:
        raise NoSuchReadingError(
            f"The publication {publication_id} has no reading at the age {age}.",
            fix=f"Ages are {', '.join(AGES)}; wait for the checkback, or look at the publication's metrics.",
        )
    found = measure(reading, await repository.earlier_readings(session, reading, limit=WINDOW))
    note = None
    if found.reward is None:
        reasons = {
            "removed": "The platform does not have the post any more.",
            "unavailable": "The platform did not tell how the post did.",
        }
        note = reasons.get(reading.state, "Neither impressions nor views are known, or there were none.")
        if reading.state == "taken" and found.shown is not None:
            note = "The platform told none of the counts that rewards are made of."
    values = {
        "id": new_id("score"),
        "publication_id": publication_id,
        "post_id": reading.post_id,
        "account_id": reading.account_id,
        "channel": reading.channel,
        "age": age,
        "taken_at": reading.taken_at,
        "late": reading.late,
        "shown": found.shown,
        "recipe": dict(reading.recipe),
        "rates": {rate.value: value for rate, value in found.rates.items()},
        "z": {rate.value: value for rate, value in found.z.items()},
        "baselines": {rate.value: baseline.facts() for rate, baseline in found.baselines.items()},
        "reward": found.reward.value if found.reward else None,
        "score": found.reward.score if found.reward else None,
        "labels": [label.value for label in found.reward.labels] if found.reward else [],
        "note": note,
        "created_at": clock(),
    }
    score = await repository.keep_score(session, values)
    data = {"age": age, "score": score.score, "labels": score.labels, "account_id": score.account_id}
    await events.emit(session, "learning.publication.scored", publication_id, data)
    return score


async def list_scores(session: AsyncSession, publication_id: str) -> list[Score]:
    """Return the scores of a publication, from the youngest age to the oldest."""
    return await repository.scores_of(session, publication_id)


def reward_for(score: Score, goal: Goal) -> Reward | None:
    """Return what a score comes to for a goal. None when nothing that the goal counts was measurable."""
    return reward_of({Rate(name): float(z) for name, z in score.z.items()}, goal, shown=score.shown)


async def evidence(
    session: AsyncSession, *, goal: Goal, now: datetime, account_id: str | None = None, policy: Policy | None = None
) -> list[Evidence]:
    """Return what counts as evidence for a goal: one piece per post, nothing that a revert took back."""
    policy = policy or await policy_of(session, account_id=account_id)
    scored: list[Scored] = []
    for score in await repository.list_scores(session, since=now - _MEMORY):
        reward = reward_for(score, goal)
        if reward is not None and policy.counts(score.taken_at):
            recipe = {name: str(value) for name, value in score.recipe.items()}
            scored.append(
                Scored(
                    publication_id=score.publication_id,
                    post_id=score.post_id,
                    account_id=score.account_id,
                    age=score.age,
                    taken_at=score.taken_at,
                    recipe=recipe,
                    score=reward.score,
                    late=score.late,
                )
            )
    return gather(scored, account_id=account_id)


async def policy_of(session: AsyncSession, *, account_id: str | None) -> Policy:
    """Return what people have said that counts now."""
    return Policy(await repository.list_adjustments(session), account_id=account_id)


async def choose_recipe(
    session: AsyncSession,
    *,
    options: Options,
    goal: Goal = Goal.DEFAULT,
    account_id: str | None = None,
    subject: str | None = None,
    seed: int | None = None,
    clock: Clock = utc_now,
) -> Choice:
    """Choose a recipe among `options` (values by dimension) and keep the decision with its reasons.

    `subject` is the run or the post it is for: name it, or the hold-out cannot be compared. The same evidence and
    `seed` give the same choice. Raises OptionsError, NothingLeftError.
    """
    if not options or not all(options.values()):
        raise OptionsError(
            "There is nothing to choose from: no dimension, or one without values.",
            fix="Give at least one dimension, each with at least one value.",
        )
    policy = await policy_of(session, account_id=account_id)
    rules = policy.rules()
    empty = [dimension for dimension, values in rules.allowed(options).items() if not values]
    if empty:
        raise NothingLeftError(
            f"Every value of {', '.join(empty)} is excluded.",
            fix="Undo an exclusion: `mediaposter learning adjustments` lists them.",
        )
    now = clock()
    found = await evidence(session, goal=goal, now=now, account_id=account_id, policy=policy)
    posterior = posterior_of(found, now=now)
    seed = secrets.randbits(_SEED_BITS) if seed is None else seed
    chosen = allocation.choose(posterior, options, seed=seed, rules=rules)
    beliefs = [posterior.belief(dimension, value) for dimension, values in options.items() for value in values]
    decision = Decision(
        id=new_id("decision"),
        subject=subject,
        goal=goal,
        account_id=account_id,
        options={dimension: list(values) for dimension, values in options.items()},
        recipe=dict(chosen.recipe),
        how={dimension: how.value for dimension, how in chosen.how.items()},
        hold_out=chosen.hold_out,
        seed=seed,
        rules={"pins": dict(rules.pins), "excluded": sorted(map(list, rules.excluded))},
        posterior=[{**vars(belief), "low": belief.low, "high": belief.high} for belief in beliefs],
        explanation=explain(chosen, posterior, options),
        created_at=now,
    )
    session.add(decision)
    await session.flush()
    data = {"recipe": decision.recipe, "hold_out": decision.hold_out, "for": subject, "goal": goal.value}
    await events.emit(session, "learning.recipe.chosen", decision.id, data)
    return Choice(decision.id, chosen.recipe, chosen.hold_out, decision.explanation)


async def get_decision(session: AsyncSession, decision_id: str) -> Decision:
    """Return a decision with its reasons. Raises NoSuchDecisionError."""
    decision = await repository.get_decision(session, decision_id)
    if decision is None:
        raise NoSuchDecisionError(
            f"There is no decision {decision_id}.", fix="`mediaposter learning explain` lists the latest."
        )
    return decision


async def list_decisions(session: AsyncSession, *, limit: int = 20) -> list[Decision]:
    """Return the latest decisions, newest first."""
    return await repository.list_decisions(session, limit=limit)


async def standing(
    session: AsyncSession,
    *,
    goal: Goal = Goal.DEFAULT,
    account_id: str | None = None,
    options: Options | None = None,
    clock: Clock = utc_now,
) -> Standings:
    """Return what is believed of each value, how often it would be chosen, and what learning has brought.

    Without `options`, of every value that was tried.
    """
    policy = await policy_of(session, account_id=account_id)
    rules = policy.rules()
    now = clock()
    found = await evidence(session, goal=goal, now=now, account_id=account_id, policy=policy)
    posterior = posterior_of(found, now=now)
    options = options or _tried(posterior)
    usable = {name: values for name, values in options.items() if rules.allowed({name: values})[name]}
    shares = allocation.shares(posterior, usable, rules=rules)
    dimensions: dict[str, list[ValueStanding]] = {}
    for dimension, values in sorted(options.items()):
        standings = [
            ValueStanding(
                posterior.belief(dimension, value),
                shares.get((dimension, value), 0.0),
                rules.pins.get(dimension) == value,
                (dimension, value) in rules.excluded,
            )
            for value in values
        ]
        dimensions[dimension] = sorted(standings, key=lambda one: -one.belief.mean)
    return Standings(goal, account_id, len(found), dimensions, await _lift(session, found))


def _tried(posterior: Posterior) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for dimension, value in sorted(posterior.places):
        options.setdefault(dimension, []).append(value)
    return options


async def _lift(session: AsyncSession, found: Sequence[Evidence]) -> Lift:
    names = await repository.subjects_of(session, [one.post_id for one in found])
    subjects = [name for pair in names.values() for name in pair if name is not None]
    held_out = await repository.hold_outs(session, subjects)
    groups: dict[bool, list[float]] = {True: [], False: []}
    for one in found:
        subject = next((name for name in names.get(one.post_id, ()) if name in held_out), None)
        if subject is not None:
            groups[held_out[subject]].append(one.score)
    means = {held: fmean(scores) if scores else None for held, scores in groups.items()}
    return Lift(means[False], len(groups[False]), means[True], len(groups[True]))
