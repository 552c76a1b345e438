"""What is usual for an account: mean and spread of its own recent posts at the same age, blended with a prior."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from mediaposter.learning.rates import Prior

# Some ten days of two posts a day: long enough for a spread to settle, short enough to follow a growing account.
WINDOW = 20
_PRIOR_POSTS = 5  # the prior weighs as much as so many posts at first, and nothing once the window is full
_OUTLIER = 3.0  # robust standard deviations from the median, beyond which a post counts as if it lay there
_MAD_TO_SD = 1.4826
Z_LIMIT = 3.0  # one post can say no more than that


@dataclass(frozen=True)
class Baseline:
    """What a rate is measured against. `posts` are the account's own, `prior_weight` the share of the prior."""

    mean: float
    sd: float
    posts: int
    prior_weight: float

    def z(self, value: float) -> float:
        """Return how unusual a value is, in standard deviations; 0 where nothing varies."""
        if self.sd <= 1e-12:
            return 0.0
        return max(-Z_LIMIT, min(Z_LIMIT, (value - self.mean) / self.sd))

    def facts(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return asdict(self)


def baseline_of(history: Sequence[float], prior: Prior) -> Baseline:
    """Return the baseline of an account. `history` is its earlier values, the newest first."""
    own = list(history[:WINDOW])
    count = len(own)
    pseudo = _PRIOR_POSTS * (1 - count / WINDOW)
    if count == 0:
        return Baseline(prior.mean, prior.sd, 0, 1.0)
    own = _winsorised(own, prior)
    own_mean = fmean(own)
    total = count + pseudo
    mean = (own_mean * count + prior.mean * pseudo) / total
    # The spread of the posts around their own mean, blended with the prior's: how far the two means lie apart says
    # that the prior is off for this account, and nothing about how much its posts vary.
    squares = sum((value - own_mean) ** 2 for value in own)
    sd = ((squares + pseudo * prior.sd**2) / total) ** 0.5
    return Baseline(mean, sd if sd > 1e-9 * max(1.0, abs(mean)) else 0.0, count, pseudo / total)


def _winsorised(values: list[float], prior: Prior) -> list[float]:
    middle = median(values)
    spread = median(abs(value - middle) for value in values) * _MAD_TO_SD
    if spread == 0:  # more than half are alike: the rest may still not run away
        spread = prior.sd
    low, high = middle - _OUTLIER * spread, middle + _OUTLIER * spread
    return [min(high, max(low, value)) for value in values]
