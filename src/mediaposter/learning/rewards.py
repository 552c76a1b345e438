"""Rewards: the z of each rate, weighed by what the posts are for, and the labels that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mediaposter.learning.evidence import Goal
from mediaposter.learning.rates import Rate

# Rows of the specification (content_ops 9). Rates that no channel tells of yet (profile clicks, hides) have no column.
# A lead is what the goal of leads is about: its weight there is ours.
WEIGHTS: Mapping[Goal, Mapping[Rate, float]] = {
    Goal.DEFAULT: {Rate.CLICK: 1.0, Rate.REPLY: 0.8, Rate.REPOST: 0.6, Rate.LIKE: 0.4},
    Goal.FOLLOWERS: {Rate.REPLY: 1.0, Rate.REPOST: 0.8, Rate.LIKE: 0.4, Rate.CLICK: 0.2},
    Goal.LEADS: {Rate.CLICK: 1.0, Rate.LEAD: 1.0, Rate.REPLY: 0.7, Rate.REPOST: 0.4, Rate.LIKE: 0.2},
    Goal.PURCHASES: {Rate.CONVERSION: 1.0, Rate.CLICK: 0.7, Rate.REPLY: 0.3},
}
THRESHOLD = 1.0
_IMPRESSIONS_FOR_INTENT = 200  # below, one curious click makes a high rate


class Label(StrEnum):
    WINNER = "winner"
    LOSER = "loser"
    HIGH_INTENT = "high_intent"


@dataclass(frozen=True)
class Reward:
    """`value` is the weighted mean of z, `score` the same in its own standard deviations: 1 is a winner."""

    value: float
    score: float
    labels: tuple[Label, ...]
    used: tuple[Rate, ...]


def reward_of(z: Mapping[Rate, float], goal: Goal, *, shown: int | None) -> Reward | None:
    """Return the reward of a publication for a goal, None when no rate of that goal could be measured.

    Rates that could not be measured are left out, and the weights of the others count for the whole.
    """
    weights = {rate: weight for rate, weight in WEIGHTS[goal].items() if rate in z}
    total = sum(weights.values())
    if total == 0:
        return None
    value = sum(weight * z[rate] for rate, weight in weights.items()) / total
    # A mean of several z varies less than each of them (as if they were independent): without this, a post that is
    # measured by four rates would need to be far better for a label than one that is measured by one.
    score = value / (sum(weight**2 for weight in weights.values()) ** 0.5 / total)
    labels: list[Label] = []
    if score >= THRESHOLD:
        labels.append(Label.WINNER)
    elif score <= -THRESHOLD:
        labels.append(Label.LOSER)
    intent = max((z[rate] for rate in (Rate.CLICK, Rate.LEAD, Rate.CONVERSION) if rate in z), default=0.0)
    if intent >= THRESHOLD and (shown or 0) >= _IMPRESSIONS_FOR_INTENT:
        labels.append(Label.HIGH_INTENT)
    return Reward(value, score, tuple(labels), tuple(weights))
