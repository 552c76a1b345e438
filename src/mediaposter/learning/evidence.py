"""What learning learns from: readings of publications, their scores, and posts as evidence. Plain data, no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# A reading at an early age is a hint of the later ones, not the thing itself; from a day on it is mostly settled.
AGE_WEIGHTS: Mapping[str, float] = {"1h": 0.2, "6h": 0.5, "24h": 1.0, "72h": 1.0, "7d": 1.0}
AGES = tuple(AGE_WEIGHTS)  # from the youngest to the oldest


class Goal(StrEnum):
    """What the posts are for: it decides which rates count how much."""

    DEFAULT = "default"
    FOLLOWERS = "followers"
    LEADS = "leads"
    PURCHASES = "purchases"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is known of a publication at an age. None is "not told", which is not zero.

    `link_clicks` are people through our own tracked link, None where the publication has no link; they are never added
    to the platform's `clicks`.
    """

    publication_id: str
    post_id: str
    account_id: str
    channel: str
    age: str
    taken_at: datetime
    late: bool = False
    state: str = "taken"
    impressions: int | None = None
    views: int | None = None
    reach: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    watch_seconds: float | None = None
    link_clicks: int | None = None
    leads: int | None = None
    sales: int | None = None
    revenue_minor: int | None = None
    currency: str | None = None
    recipe: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One score of a publication at an age, for one goal."""

    publication_id: str
    post_id: str
    account_id: str
    age: str
    taken_at: datetime
    recipe: Mapping[str, str]
    score: float
    late: bool = False


@dataclass(frozen=True)
class Evidence:
    """One post as one piece of evidence, on however many accounts it was: they share its luck.

    `weight` is 1 for a settled reading of one account, and grows to 2 with the number of accounts.
    """

    post_id: str
    recipe: Mapping[str, str]
    score: float
    weight: float
    at: datetime


# A post's own luck and an account's day make up half of the noise each: 22 accounts tell about one post twice as much
# as one account does, not 22 times as much.
_POST_NOISE = 0.5
_LATE = 0.5  # a late reading is of another age than what it is measured against
_FOREIGN = 0.5  # what other accounts' audiences say counts half where one account is asked about


def gather(scores: Iterable[Scored], *, account_id: str | None = None) -> list[Evidence]:
    """Return one piece of evidence per post, from the oldest age that each of its publications has a score at."""
    latest: dict[str, Scored] = {}
    for score in scores:
        if score.recipe and score.age in AGE_WEIGHTS:
            known = latest.get(score.publication_id)
            if known is None or AGES.index(score.age) > AGES.index(known.age):
                latest[score.publication_id] = score
    posts: dict[str, list[Scored]] = {}
    for score in latest.values():
        posts.setdefault(score.post_id, []).append(score)
    return [_one(post_id, some, account_id) for post_id, some in sorted(posts.items())]


def _one(post_id: str, scores: list[Scored], account_id: str | None) -> Evidence:
    ordered = sorted(scores, key=lambda one: one.publication_id)
    shares = [
        AGE_WEIGHTS[one.age]
        * (1.0 if account_id in (None, one.account_id) else _FOREIGN)
        * (_LATE if one.late else 1.0)
        for one in ordered
    ]
    total = sum(shares)
    mean = sum(share * one.score for share, one in zip(shares, ordered, strict=True)) / total
    accounts = len(scores)
    weight = (total / accounts) / (_POST_NOISE + (1 - _POST_NOISE) / accounts)
    return Evidence(post_id, ordered[0].recipe, mean, weight, max(one.taken_at for one in scores))
