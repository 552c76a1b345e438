"""Rates of a reading: what people did, per time it was shown. Not measurable is None, never 0 and never 0/0."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mediaposter.learning.evidence import Reading


class Rate(StrEnum):
    LIKE = "like"
    REPLY = "reply"
    REPOST = "repost"
    CLICK = "click"
    SAVE = "save"
    WATCH = "watch"  # seconds per view
    LEAD = "lead"
    CONVERSION = "conversion"  # sales


@dataclass(frozen=True)
class Prior:
    """What a rate is believed to be before an account has posts of its own."""

    mean: float
    sd: float


def _family(like: float, reply: float, repost: float, save: float, watch: float) -> Mapping[Rate, Prior]:
    means = {
        Rate.LIKE: like,
        Rate.REPLY: reply,
        Rate.REPOST: repost,
        Rate.SAVE: save,
        Rate.WATCH: watch,
        Rate.CLICK: 0.008,
        Rate.LEAD: 0.001,
        Rate.CONVERSION: 0.0005,
    }
    # Rates of single posts spread about as widely as they are high.
    return {rate: Prior(mean, mean * (0.5 if rate is Rate.WATCH else 0.75)) for rate, mean in means.items()}


# Ours, in orders of magnitude: they stand in until an account has posts, and are gone after the twentieth.
_SHORT_VIDEO = _family(like=0.04, reply=0.003, repost=0.004, save=0.004, watch=8.0)
_TEXT = _family(like=0.012, reply=0.002, repost=0.002, save=0.001, watch=6.0)
_OTHER = _family(like=0.02, reply=0.002, repost=0.002, save=0.002, watch=8.0)
_FAMILIES: Mapping[str, Mapping[Rate, Prior]] = {
    **dict.fromkeys(("tiktok", "instagram", "youtube"), _SHORT_VIDEO),
    **dict.fromkeys(("x", "threads", "bluesky", "mastodon"), _TEXT),
}
# A rate of few impressions is drawn to the prior as if so many more had behaved as usual.
PSEUDO_IMPRESSIONS = 100


def prior_of(channel: str, rate: Rate) -> Prior:
    """Return what a rate on a channel is believed to be at first."""
    return _FAMILIES.get(channel, _OTHER)[rate]


def shown(reading: Reading) -> int | None:
    """Return how often it was shown: impressions, or views where those are not told. None when unknown or zero."""
    return (reading.impressions if reading.impressions is not None else reading.views) or None


def rates_of(reading: Reading) -> dict[Rate, float | None]:
    """Return every rate of a reading, None where it cannot be measured."""
    return {rate: _rate(reading, rate) for rate in Rate}


def _rate(reading: Reading, rate: Rate) -> float | None:
    times = (reading.views or shown(reading)) if rate is Rate.WATCH else shown(reading)
    count = _count(reading, rate)
    if reading.state != "taken" or times is None or times < 0 or count is None or count < 0:
        return None
    return (count + PSEUDO_IMPRESSIONS * prior_of(reading.channel, rate).mean) / (times + PSEUDO_IMPRESSIONS)


def _count(reading: Reading, rate: Rate) -> float | None:
    counts: Mapping[Rate, float | None] = {
        Rate.LIKE: reading.likes,
        Rate.REPLY: reading.comments,
        Rate.REPOST: reading.shares,
        # People through our own link are certain; the platform's count is the next best thing, and no addition to it.
        Rate.CLICK: reading.clicks if reading.link_clicks is None else reading.link_clicks,
        Rate.SAVE: reading.saves,
        Rate.WATCH: reading.watch_seconds,
        Rate.LEAD: reading.leads,
        Rate.CONVERSION: reading.sales,
    }
    return counts[rate]
