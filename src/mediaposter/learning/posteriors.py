"""What is believed of each value of a recipe's dimensions: one linear model of all of them, with a known prior.

One model, because values are not tried evenly: a template that was mostly made with the best hook would otherwise get
the hook's credit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mediaposter.learning.evidence import Evidence

PRIOR_SD = 0.5  # a value is believed to move a post by half of its usual spread, either way
NOISE_SD = 1.0  # scores are in standard deviations
CLIP = 2.0  # one post counts as no more than that, however far it ran
HALF_LIFE_DAYS = 45.0  # tastes change: what was seen so long ago counts half
Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Belief:
    """What is believed of one value: its effect in standard deviations, with a 90 % interval.

    `n` is the effective number of posts: old and early readings count less.
    """

    dimension: str
    value: str
    n: float
    mean: float
    sd: float

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.mean - 1.645 * self.sd

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.mean + 1.645 * self.sd


@dataclass(frozen=True)
class Posterior:
    """The joint belief of all values. What was never tried has the prior."""

    places: Mapping[tuple[str, str], int]
    counts: Values
    means: Values
    covariance: Values

    def belief(self, dimension: str, value: str) -> Belief:
        """Return what is believed of one value."""
        place = self.places.get((dimension, value))
        if place is None:
            return Belief(dimension, value, 0.0, 0.0, PRIOR_SD)
        sd = float(self.covariance[place, place]) ** 0.5
        return Belief(dimension, value, float(self.counts[place]), float(self.means[place]), sd)

    def beliefs(self) -> list[Belief]:
        """Return what is believed of every value that was tried."""
        return [self.belief(*key) for key in sorted(self.places)]

    @cached_property
    def _root(self) -> Values:
        # Lower triangle of the covariance; the jitter keeps rounding from making it indefinite.
        return np.linalg.cholesky(self.covariance + 1e-10 * np.eye(len(self.covariance)))

    def draw(self, random: np.random.Generator) -> Values:
        """Draw one possible truth of all values that were tried."""
        return self.means + self._root @ random.standard_normal(len(self.means))


def posterior_of(evidence: Sequence[Evidence], *, now: datetime) -> Posterior:
    """Return what the evidence makes believable. The order of the evidence does not matter."""
    keys = sorted({(dimension, value) for one in evidence for dimension, value in one.recipe.items()})
    places = {key: place for place, key in enumerate(keys)}
    size = len(keys)
    design = np.zeros((len(evidence), size + 1))
    design[:, size] = 1.0  # what all posts share: a policy that got better raised its own baseline
    for row, one in enumerate(evidence):
        for key in one.recipe.items():
            design[row, places[key]] = 1.0
    days = np.array([max(0.0, (now - one.at).total_seconds() / 86400) for one in evidence])
    weights = np.array([one.weight for one in evidence]) * 0.5 ** (days / HALF_LIFE_DAYS)
    scores = np.clip(np.array([one.score for one in evidence]), -CLIP, CLIP)
    precision = np.eye(size + 1) / PRIOR_SD**2
    precision += (design * weights[:, None]).T @ design / NOISE_SD**2
    covariance = np.linalg.inv(precision)
    means = covariance @ ((design * weights[:, None]).T @ scores) / NOISE_SD**2
    counts = (design * weights[:, None]).sum(axis=0)
    return Posterior(places, counts[:size], means[:size], covariance[:size, :size])
