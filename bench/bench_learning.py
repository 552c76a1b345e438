"""How much is lost by choosing: our allocation against random, greedy and 70/20/10, in a world whose truth is known.

    python bench/bench_learning.py [--seeds 16] [--days 60] [--together 0.25]

Every policy lives in the same world: 22 accounts that differ in size and liking, one post a day each, heavy tails, and
readings that come a day late. Regret is what the best recipe would have brought more, in true effect (log of the
rates), summed over all posts. Greedy and 70/20/10 get the very scores that ours gets; "greedy, raw" is greedy on
likes, replies, shares and clicks per impression. Uses the room's own pure code and no database.
"""

import argparse
import math
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import product

import numpy as np

from mediaposter.learning.allocation import choose
from mediaposter.learning.baseline import WINDOW, baseline_of
from mediaposter.learning.evidence import Evidence, Goal, Reading
from mediaposter.learning.posteriors import posterior_of
from mediaposter.learning.rates import prior_of, rates_of, shown
from mediaposter.learning.rewards import reward_of

START = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNTS = 22
DIMENSIONS = {"template": 5, "hook": 4, "style": 3, "slot": 3}
OPTIONS = {name: [f"{name}{n}" for n in range(size)] for name, size in DIMENSIONS.items()}
EVENT_DAY = 15  # when the lone viral post, or the newcomer, appears
AFTER = 20  # days for which its share of the choices is counted
Recipe = dict[str, str]


@dataclass(frozen=True)
class World:
    """The truth of one seed."""

    effects: dict[tuple[str, str], float]
    size: np.ndarray
    liking: np.ndarray
    pairs: dict[tuple[str, str], float]  # what a template and a hook do only together

    @classmethod
    def of(cls, seed: int, together: float = 0.0) -> "World":
        random = np.random.default_rng(seed)
        effects = {(d, v): float(random.normal(0, 0.25)) for d, values in OPTIONS.items() for v in values}
        size, liking = random.lognormal(7, 1, ACCOUNTS), random.lognormal(0, 0.5, ACCOUNTS)
        pairs = {(t, h): float(random.normal(0, together)) for t in OPTIONS["template"] for h in OPTIONS["hook"]}
        return cls(effects, size, liking, pairs)

    def effect(self, recipe: Recipe) -> float:
        pair = self.pairs.get((recipe["template"], recipe["hook"]), 0.0)
        return pair + sum(self.effects[key] for key in recipe.items())

    @cached_property
    def best(self) -> float:
        return max(self.effect(dict(zip(OPTIONS, values, strict=True))) for values in product(*OPTIONS.values()))

    def worst(self, dimension: str) -> str:
        return min(OPTIONS[dimension], key=lambda value: self.effects[dimension, value])

    def publish(self, random: np.random.Generator, account: int, recipe: Recipe, day: int, boost: float) -> Reading:
        """Publish a post: its impressions and its rates have heavy tails (Student's t with 3 degrees)."""
        times = int(self.size[account] * math.exp(0.8 * random.standard_t(3))) + 1
        times = min(times, 5_000_000)
        luck = self.effect(recipe) + 0.3 * random.standard_t(3)
        push = self.liking[account] * math.exp(min(luck, 3.0)) * boost

        def people(rate: float) -> int:
            return int(random.binomial(times, min(0.95, rate * push)))

        return Reading(
            publication_id="",
            post_id="",
            account_id=str(account),
            channel="x",
            age="24h",
            taken_at=START + timedelta(days=day + 1),
            impressions=times,
            likes=people(0.012),
            comments=people(0.002),
            shares=people(0.002),
            clicks=people(0.008),
            recipe=recipe,
        )


@dataclass(frozen=True)
class Seen:
    """One post as the policies see it."""

    evidence: Evidence
    raw: float


Pick = Callable[[list[Seen], datetime, np.random.Generator, dict[str, list[str]]], Callable[[], Recipe]]


def at_random(_: list[Seen], __: datetime, random: np.random.Generator, options: dict[str, list[str]]):  # type: ignore[no-untyped-def]
    return lambda: {d: values[int(random.integers(len(values)))] for d, values in options.items()}


def ours(seen: list[Seen], now: datetime, random: np.random.Generator, options: dict[str, list[str]]):  # type: ignore[no-untyped-def]
    posterior = posterior_of([one.evidence for one in seen], now=now)
    return lambda: dict(choose(posterior, options, seed=int(random.integers(2**62))).recipe)


def no_hold_out(seen: list[Seen], now: datetime, random: np.random.Generator, options: dict[str, list[str]]):  # type: ignore[no-untyped-def]
    """Ours without the hold-out: the difference is what measuring the gain costs."""
    posterior = posterior_of([one.evidence for one in seen], now=now)
    return lambda: dict(choose(posterior, options, seed=int(random.integers(2**62)), hold_out=0).recipe)


def _means(seen: list[Seen], *, raw: bool) -> dict[tuple[str, str], tuple[float, int]]:
    sums: dict[tuple[str, str], tuple[float, int]] = {}
    for one in seen:
        for key in one.evidence.recipe.items():
            total, count = sums.get(key, (0.0, 0))
            sums[key] = (total + (one.raw if raw else one.evidence.score), count + 1)
    return {key: (total / count, count) for key, (total, count) in sums.items()}


def greedy(*, raw: bool) -> Pick:
    """Always the value with the best mean; each value once before that."""

    def start(seen: list[Seen], _: datetime, random: np.random.Generator, options: dict[str, list[str]]):  # type: ignore[no-untyped-def]
        means = _means(seen, raw=raw)

        def pick() -> Recipe:
            recipe: Recipe = {}
            for d, values in options.items():
                untried = [v for v in values if (d, v) not in means]
                if untried:
                    recipe[d] = untried[int(random.integers(len(untried)))]
                else:
                    recipe[d] = max(values, key=lambda v, d=d: means[d, v][0])
            return recipe

        return pick

    return start


def seventy(seen: list[Seen], _: datetime, random: np.random.Generator, options: dict[str, list[str]]):  # type: ignore[no-untyped-def]
    """70 % the best mean, 20 % what was tried least, 10 % anything."""
    means = _means(seen, raw=False)

    def pick() -> Recipe:
        roll = random.random()
        recipe: Recipe = {}
        for d, values in options.items():
            if roll < 0.7 and any((d, v) in means for v in values):
                recipe[d] = max(values, key=lambda v, d=d: means.get((d, v), (-9.0, 0))[0])
            elif roll < 0.9:
                recipe[d] = min(values, key=lambda v, d=d: (means.get((d, v), (0.0, 0))[1], random.random()))
            else:
                recipe[d] = values[int(random.integers(len(values)))]
        return recipe

    return pick


POLICIES: dict[str, Pick] = {
    "ours": ours,
    "no hold-out": no_hold_out,
    "random": at_random,
    "greedy": greedy(raw=False),
    "greedy, raw": greedy(raw=True),
    "70/20/10": seventy,
}


class Scorer:
    """Scores readings as the room does, with a rolling window per account and rate."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], deque[float]] = {}

    def score(self, reading: Reading) -> float:
        z = {}
        for rate, value in rates_of(reading).items():
            if value is not None:
                window = self._windows.setdefault((reading.account_id, rate), deque(maxlen=WINDOW))
                z[rate] = baseline_of(list(window), prior_of(reading.channel, rate)).z(value)
                window.appendleft(value)
        reward = reward_of(z, Goal.DEFAULT, shown=shown(reading))
        assert reward is not None
        return reward.score


@dataclass(frozen=True)
class Lived:
    """How one policy fared: regret per day, and the share of later choices that the intruder got."""

    regret: list[float]
    share: float


def live(world: World, pick: Pick, *, seed: int, days: int, scenario: str = "") -> Lived:
    """Live through the days. `viral`: one post with the worst template runs fifty times as far. `newcomer`: a bad new
    template comes up, and its first post is lucky."""
    random, luck = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    scorer, seen, regret = Scorer(), list[Seen](), list[float]()
    coming: list[Reading] = []
    options = {d: list(values) for d, values in OPTIONS.items()}
    intruder, hits, chances = world.worst("template"), 0, 0
    if scenario == "newcomer":
        intruder = "newcomer"
        worst = world.effects["template", world.worst("template")]
        world = replace(world, effects={**world.effects, ("template", intruder): worst})
    number = 0
    for day in range(days):
        for reading in coming:  # yesterday's, which are readable now
            counts = (reading.likes or 0, reading.comments or 0, reading.shares or 0, reading.clicks or 0)
            raw = sum(counts) / (reading.impressions or 1)
            number += 1
            evidence = Evidence(str(number), reading.recipe, scorer.score(reading), 1.0, reading.taken_at)
            seen.append(Seen(evidence, raw))
        coming = []
        # The newcomer can be chosen once its lucky post is read, the day after.
        if scenario == "newcomer" and day == EVENT_DAY + 1:
            options["template"].append(intruder)
        one = pick(seen, START + timedelta(days=day), random, options)
        lost = 0.0
        for account in range(ACCOUNTS):
            recipe, boost = one(), 1.0
            if scenario and EVENT_DAY < day <= EVENT_DAY + AFTER:
                chances += 1
                hits += recipe["template"] == intruder
            if scenario and day == EVENT_DAY and account == 0:
                recipe, boost = {**recipe, "template": intruder}, 50.0 if scenario == "viral" else 5.0
            coming.append(world.publish(luck, account, recipe, day, boost))
            lost += world.best - world.effect(recipe)
        regret.append(lost)
    return Lived(regret, hits / chances if chances else 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--together", type=float, default=0.0, help="spread of what template and hook do only together")
    asked = parser.parse_args()
    began = time.perf_counter()
    lived = {
        name: [live(World.of(seed, asked.together), pick, seed=seed, days=asked.days) for seed in range(asked.seeds)]
        for name, pick in POLICIES.items()
    }
    totals = {name: [sum(one.regret) for one in some] for name, some in lived.items()}
    print(f"{asked.seeds} seeds, {ACCOUNTS} accounts, {asked.days} days, {ACCOUNTS * asked.days} posts each\n")
    print(f"{'policy':<13} {'regret':>8} {'sd':>6} {'last week':>10} {'ours is':>9}  worst seed")
    for name, some in totals.items():
        spread = statistics.stdev(some) if len(some) > 1 else 0.0
        week = statistics.fmean(sum(one.regret[-7:]) for one in lived[name])
        ratio = statistics.fmean(totals["ours"]) / statistics.fmean(some)
        print(
            f"{name:<13} {statistics.fmean(some):>8.0f} {spread:>6.0f} {week:>10.1f} {ratio:>8.2f}x  {max(some):>10.0f}"
        )
    print(f"\nshare of the choices in the {AFTER} days after it; a fair share of a bad value is its exploration")
    print(f"{'policy':<13} {'lone viral post x50':>20} {'newcomer, lucky x5':>20}")
    for name in ("ours", "greedy", "greedy, raw", "70/20/10"):
        shares = [
            statistics.fmean(
                live(World.of(seed), POLICIES[name], seed=seed, days=EVENT_DAY + AFTER + 1, scenario=scenario).share
                for seed in range(asked.seeds)
            )
            for scenario in ("viral", "newcomer")
        ]
        print(f"{name:<13} {shares[0]:>19.1%} {shares[1]:>20.1%}")
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
