"""When the next post may go out: sliding windows over the moments of those that went out or have a moment already."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mediaposter.publishing.rules import Limit

_MARGIN = 0.05  # of the window, at most _MOST: a call reaches the platform a moment after it is armed
_MOST = timedelta(seconds=1)


@dataclass
class Windows:
    """The moments of one account (or of one channel), in order, and the limits that they must keep to."""

    limits: Sequence[Limit]
    moments: list[datetime] = field(default_factory=list[datetime])

    @classmethod
    def over(cls, limits: Sequence[Limit], moments: Iterable[datetime]) -> "Windows":
        """Begin with the moments that are known."""
        return cls(limits, sorted(moments))

    @property
    def longest(self) -> timedelta:
        """The longest window: older moments do not count."""
        return max((_span(limit) for limit in self.limits), default=timedelta(0))

    def first_free(self, now: datetime) -> datetime:
        """Return the first moment, `now` or later, at which one more may go out without breaking a limit."""
        candidates = [now, *(moment + _span(limit) for limit in self.limits for moment in self.moments)]
        return next(moment for moment in sorted(candidates) if moment >= now and self._fits(moment))

    def take(self, moment: datetime) -> None:
        """Count one more at `moment`."""
        insort(self.moments, moment)

    def _fits(self, moment: datetime) -> bool:
        for limit in self.limits:
            span = _span(limit)
            ends = [moment, *(other for other in self.moments if moment < other < moment + span)]
            if any(self._within(end - span, end) + 1 > limit.posts for end in ends):
                return False
        return True

    def _within(self, after: datetime, until: datetime) -> int:
        return bisect_right(self.moments, until) - bisect_right(self.moments, after)


def _span(limit: Limit) -> timedelta:
    window = timedelta(seconds=limit.seconds)
    return window + min(window * _MARGIN, _MOST)
