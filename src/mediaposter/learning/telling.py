"""What the prompt writer and the tweet writer are told, and the table of who leads. With the evidence, capped."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.clock import Clock, utc_now
from mediaposter.learning import repository, service
from mediaposter.learning.allocation import MIN_EVIDENCE
from mediaposter.learning.evidence import AGE_WEIGHTS, AGES, Goal
from mediaposter.learning.explaining import numbers
from mediaposter.learning.models import Score
from mediaposter.learning.rates import Rate
from mediaposter.learning.rewards import THRESHOLD

_LENGTH = 1600  # characters: a paragraph or two of a prompt, not its subject
# A tweet has no length, voice or provider of its own.
_DIMENSIONS = {"prompts": None, "tweets": frozenset({"template", "hook", "style", "slot"})}


@dataclass(frozen=True)
class Told:
    """One publication as evidence."""

    publication_id: str
    title: str
    url: str | None
    age: str
    score: float


@dataclass(frozen=True)
class Brief:
    """What a writer is told, and the publications that it rests on."""

    text: str
    evidence: Sequence[Told]


@dataclass(frozen=True)
class Leader:
    """How posts with one value of a dimension did. Scores are means; None where nothing was measured."""

    value: str
    posts: int
    score_24h: float | None
    score_7d: float | None
    early_velocity: float | None  # at 1 h and 6 h
    spread: float | None  # of the scores at 24 h: small is steady
    click_rate: float | None
    conversion_rate: float | None


async def brief(
    session: AsyncSession,
    *,
    for_: str = "prompts",
    goal: Goal = Goal.DEFAULT,
    limit: int = 3,
    account_id: str | None = None,
    clock: Clock = utc_now,
) -> Brief:
    """Return what worked and what did not, in words, numbers and links. `limit` is how many of each.

    `for_` is "prompts" or "tweets". Nothing is claimed of a value that fewer than three posts tell of.
    """
    standings = await service.standing(session, goal=goal, account_id=account_id, clock=clock)
    wanted = _DIMENSIONS[for_]
    beliefs = [
        one.belief
        for dimension, values in standings.dimensions.items()
        if wanted is None or dimension in wanted
        for one in values
        if one.belief.n >= MIN_EVIDENCE
    ]
    good = sorted((one for one in beliefs if one.low > 0), key=lambda one: -one.mean)[:limit]
    bad = sorted((one for one in beliefs if one.high < 0), key=lambda one: one.mean)[:limit]
    best, worst = await _extremes(session, goal=goal, account_id=account_id, limit=limit)
    lines = [f"What {standings.posts} scored posts say (goal: {goal.value}; sd = spread of an account's usual posts)."]
    lines += [f"Worked: {one.dimension} {one.value}, {numbers(one)}." for one in good]
    lines += [f"Did not work: {one.dimension} {one.value}, {numbers(one)}." for one in bad]
    if not good and not bad:
        lines.append("No choice is proven better or worse yet: vary.")
    lines += [f"A winner: {_line(one)}" for one in best]
    lines += [f"A loser: {_line(one)}" for one in worst]
    text, used = "", 0
    for line in lines:  # whole lines only: half a number misleads
        if len(text) + len(line) + 1 > _LENGTH:
            break
        text, used = text + line + "\n", used + 1
    shown = max(0, used - (len(lines) - len(best) - len(worst)))
    return Brief(text.strip(), [*best, *worst][:shown])


def _line(told: Told) -> str:
    return f'"{told.title[:80]}", {told.score:+.2f} sd at {told.age}, {told.url or told.publication_id}'


async def _extremes(
    session: AsyncSession, *, goal: Goal, account_id: str | None, limit: int
) -> tuple[list[Told], list[Told]]:
    policy = await service.policy_of(session, account_id=account_id)
    latest: dict[str, tuple[Score, float]] = {}  # of each post the best told publication
    settled: dict[str, Score] = {}
    for score in await repository.list_scores(session, account_id=account_id):
        if AGE_WEIGHTS.get(score.age, 0) < 1 or not policy.counts(score.taken_at):
            continue
        known = settled.get(score.publication_id)
        if known is None or AGES.index(score.age) > AGES.index(known.age):
            settled[score.publication_id] = score
    for score in settled.values():
        reward = service.reward_for(score, goal)
        if reward is not None:
            known = latest.get(score.post_id)
            if known is None or abs(reward.score) > abs(known[1]):
                latest[score.post_id] = (score, reward.score)
    ordered = sorted(latest.values(), key=lambda one: (-one[1], one[0].id))
    best = [one for one in ordered if one[1] >= THRESHOLD][:limit]
    worst = [one for one in reversed(ordered) if one[1] <= -THRESHOLD][:limit]
    names = await repository.addresses(session, [score.publication_id for score, _ in (*best, *worst)])

    def told(some: Sequence[tuple[Score, float]]) -> list[Told]:
        return [
            Told(one.publication_id, *names.get(one.publication_id, ("", None)), one.age, round(score, 3))
            for one, score in some
        ]

    return told(best), told(worst)


async def leaderboard(
    session: AsyncSession,
    *,
    dimension: str = "template",
    goal: Goal = Goal.DEFAULT,
    channel: str | None = None,
    account_id: str | None = None,
) -> list[Leader]:
    """Return how posts did by the values of a dimension, the best at 24 h first."""
    policy = await service.policy_of(session, account_id=account_id)
    by_value: dict[str, list[Score]] = {}
    for score in await repository.list_scores(session, channel=channel, account_id=account_id):
        if dimension in score.recipe and policy.counts(score.taken_at):
            by_value.setdefault(str(score.recipe[dimension]), []).append(score)
    leaders = [_leader(value, scores, goal) for value, scores in by_value.items()]
    return sorted(leaders, key=lambda one: (one.score_24h is None, -(one.score_24h or 0.0), one.value))


def _leader(value: str, scores: Sequence[Score], goal: Goal) -> Leader:
    def at(*ages: str) -> list[float]:
        rewards = [service.reward_for(score, goal) for score in scores if score.age in ages]
        return [reward.score for reward in rewards if reward is not None]

    def rate(name: Rate) -> float | None:
        return _mean([float(score.rates[name]) for score in scores if score.rates.get(name) is not None])

    day = at("24h")
    return Leader(
        value=value,
        posts=len({score.post_id for score in scores}),
        score_24h=_mean(day),
        score_7d=_mean(at("7d")),
        early_velocity=_mean(at("1h", "6h")),
        spread=pstdev(day) if len(day) > 1 else None,
        click_rate=rate(Rate.CLICK),
        conversion_rate=rate(Rate.CONVERSION),
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
