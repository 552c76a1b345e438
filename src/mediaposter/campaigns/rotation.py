"""What the n-th tweet of a campaign is: its kind, its offer, and whether it carries the link. By its number alone.

So the preview says what will happen, and a restart changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class TweetKind(StrEnum):
    OFFER = "offer"  # what is sold, and why
    VALUE = "value"  # something useful, nothing to sell
    ENGAGEMENT = "engagement"  # a question to answer
    VIDEO = "video"  # a video of ours that is public
    STORY = "story"  # several posts, one after the other


DEFAULT_KINDS: Mapping[TweetKind, int] = {
    TweetKind.VALUE: 4,
    TweetKind.ENGAGEMENT: 2,
    TweetKind.OFFER: 2,
    TweetKind.VIDEO: 1,
    TweetKind.STORY: 1,
}
_SELLING = (TweetKind.OFFER, TweetKind.STORY, TweetKind.VIDEO)  # those that may carry the link


@dataclass(frozen=True)
class Turn:
    """What one tweet is to be. `offer` is the place of its offer in the campaign's list, None for none."""

    kind: TweetKind
    offer: int | None
    with_link: bool


def turn_of(number: int, *, kinds: Mapping[TweetKind, int], offers: int, link_share: float) -> Turn:
    """Return what tweet `number` (from 1) is. `link_share` is of those tweets that may carry a link."""
    round_ = _round(tuple(sorted((kind.value, weight) for kind, weight in kinds.items() if weight > 0)))
    kind = round_[(number - 1) % len(round_)]
    if kind not in _SELLING or offers == 0:
        return Turn(kind, None, with_link=False)
    rounds, rest = divmod(number, len(round_))
    sold = rounds * sum(one in _SELLING for one in round_) + sum(one in _SELLING for one in round_[:rest])
    with_link = int(sold * link_share + 1e-9) > int((sold - 1) * link_share + 1e-9)
    return Turn(kind, (sold - 1) % offers, with_link)


@lru_cache(maxsize=256)
def _round(weights: Sequence[tuple[str, int]]) -> tuple[TweetKind, ...]:
    """Deal the kinds out by smooth weighted round robin: each as often as it weighs, and none in a clump."""
    total = sum(weight for _, weight in weights)
    credit = {kind: 0 for kind, _ in weights}
    dealt: list[TweetKind] = []
    for _ in range(total):
        for kind, weight in weights:
            credit[kind] += weight
        best = max(weights, key=lambda one: (credit[one[0]], one[0]))[0]
        credit[best] -= total
        dealt.append(TweetKind(best))
    return tuple(dealt)
