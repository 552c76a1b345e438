"""From a reading to a score: rates, what is usual for the account, z, reward. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediaposter.learning.baseline import WINDOW, Baseline, baseline_of
from mediaposter.learning.evidence import Goal, Reading
from mediaposter.learning.rates import Rate, prior_of, rates_of, shown
from mediaposter.learning.rewards import Reward, reward_of


@dataclass(frozen=True)
class Measured:
    """What a reading comes to. `rates` has None where nothing could be measured, `z` leaves those out."""

    rates: dict[Rate, float | None]
    baselines: dict[Rate, Baseline]
    z: dict[Rate, float]
    shown: int | None
    reward: Reward | None


def measure(reading: Reading, earlier: Sequence[Reading], *, goal: Goal = Goal.DEFAULT) -> Measured:
    """Measure a reading against the account's earlier ones at the same age, the newest first."""
    rates = rates_of(reading)
    before = [rates_of(one) for one in earlier[:WINDOW]]
    baselines: dict[Rate, Baseline] = {}
    z: dict[Rate, float] = {}
    for rate, value in rates.items():
        if value is not None:
            own = [was for one in before if (was := one[rate]) is not None]
            baselines[rate] = baseline_of(own, prior_of(reading.channel, rate))
            z[rate] = baselines[rate].z(value)
    times = shown(reading)
    return Measured(rates, baselines, z, times, reward_of(z, goal, shown=times))
