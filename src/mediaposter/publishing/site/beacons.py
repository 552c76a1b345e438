"""How often one visitor may count: a bucket of tokens for each, in this process's memory."""

from collections import OrderedDict
from time import monotonic

from mediaposter.publishing.errors import TooManyBeaconsError

_BURST = 20.0
_PER_SECOND = 0.5
_VISITORS_MAX = 20_000

_buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # visitor: tokens, when they were counted


def take(visitor: str) -> None:
    """Take one token of a visitor. Raises TooManyBeaconsError when there is none left."""
    now = monotonic()
    tokens, at = _buckets.pop(visitor, (_BURST, now))
    tokens = min(_BURST, tokens + (now - at) * _PER_SECOND)
    _buckets[visitor] = (max(tokens - 1, 0.0), now)
    while len(_buckets) > _VISITORS_MAX:
        _buckets.popitem(last=False)
    if tokens < 1:
        raise TooManyBeaconsError("That was too often for one visitor.", fix="Wait a few seconds.")
