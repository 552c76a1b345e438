"""What to make next: Thompson sampling over the values of each dimension, with a floor, a hold-out and a threshold."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from mediaposter.learning.posteriors import PRIOR_SD, Posterior

HOLD_OUT = 0.10  # chosen at random for ever: the only honest measure of what learning brings
EXPLORATION = 0.04  # of the choices of a dimension, at random: no value starves, tastes change
MIN_EVIDENCE = 3.0  # posts; a value with fewer gets no credit for its luck

Options = Mapping[str, Sequence[str]]


class How(StrEnum):
    """Why a value was chosen."""

    ONLY = "only"  # there was no other
    PINNED = "pinned"
    HOLD_OUT = "hold_out"
    GATHERING = "gathering"  # too little is known of the dimension
    EXPLORED = "explored"
    PREFERRED = "preferred"  # the best in a draw from what is believed


@dataclass(frozen=True)
class Rules:
    """What people have said: a pin decides its dimension, an excluded value is never chosen."""

    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    excluded: Collection[tuple[str, str]] = ()

    def allowed(self, options: Options) -> dict[str, tuple[str, ...]]:
        """Return the options that are left, in a fixed order. A pin brings its value in, even one not offered."""
        left: dict[str, tuple[str, ...]] = {}
        for dimension in sorted(options):
            values = tuple(v for v in dict.fromkeys(options[dimension]) if (dimension, v) not in self.excluded)
            left[dimension] = (self.pins[dimension],) if dimension in self.pins else values
        return left


@dataclass(frozen=True)
class Chosen:
    """A recipe, and how each of its values came into it."""

    recipe: Mapping[str, str]
    how: Mapping[str, How]
    hold_out: bool


def choose(
    posterior: Posterior,
    options: Options,
    *,
    seed: int,
    rules: Rules | None = None,
    hold_out: float = HOLD_OUT,
    exploration: float = EXPLORATION,
) -> Chosen:
    """Choose one value per dimension. The same posterior, options, rules and seed give the same choice."""
    random = np.random.default_rng(seed)
    rules = rules or Rules()
    allowed = rules.allowed(options)
    held_out = bool(random.random() < hold_out)
    truth = posterior.draw(random) if posterior.places else np.zeros(0)
    recipe: dict[str, str] = {}
    how: dict[str, How] = {}
    for dimension, values in allowed.items():
        explored = random.random() < exploration
        any_one = values[int(random.integers(len(values)))]
        best = _best(posterior, dimension, values, truth, random)
        if dimension in rules.pins:
            recipe[dimension], how[dimension] = values[0], How.PINNED
        elif len(values) == 1:
            recipe[dimension], how[dimension] = values[0], How.ONLY
        elif held_out:
            recipe[dimension], how[dimension] = any_one, How.HOLD_OUT
        elif gathering(posterior, dimension, values):
            recipe[dimension], how[dimension] = any_one, How.GATHERING
        elif explored:
            recipe[dimension], how[dimension] = any_one, How.EXPLORED
        else:
            recipe[dimension], how[dimension] = best, How.PREFERRED
    return Chosen(recipe, how, held_out)


def gathering(posterior: Posterior, dimension: str, values: Sequence[str]) -> bool:
    """Say whether too little is known of a dimension to prefer anything: all its values are chosen evenly then."""
    return sum(posterior.belief(dimension, value).n for value in values) < MIN_EVIDENCE * len(values)


def _best(
    posterior: Posterior, dimension: str, values: Sequence[str], truth: np.ndarray, random: np.random.Generator
) -> str:
    drawn: list[float] = []
    for value in values:
        fresh = float(random.standard_normal()) * PRIOR_SD
        place = posterior.places.get((dimension, value))
        if place is None:
            drawn.append(fresh)
        elif posterior.counts[place] < MIN_EVIDENCE:
            # Its uncertainty may bring it in, its one good day may not; a bad day counts.
            drawn.append(float(truth[place] - max(0.0, posterior.means[place])))
        else:
            drawn.append(float(truth[place]))
    return values[int(np.argmax(drawn))]


def shares(
    posterior: Posterior, options: Options, *, rules: Rules | None = None, draws: int = 400
) -> dict[tuple[str, str], float]:
    """Return how often each value would be chosen as things stand, the hold-out included. Always the same answer."""
    counts: dict[tuple[str, str], int] = {}
    for seed in range(draws):
        for key in choose(posterior, options, seed=seed, rules=rules).recipe.items():
            counts[key] = counts.get(key, 0) + 1
    return {
        (dimension, value): counts.get((dimension, value), 0) / draws
        for dimension, values in options.items()
        for value in values
    }
