"""What counts now: of the evidence and of what people said, after the reverts."""

from collections.abc import Sequence
from datetime import datetime

from mediaposter.learning.allocation import Rules
from mediaposter.learning.models import Adjustment, AdjustmentKind


class Policy:
    """The adjustments in force for an account (or for all of them)."""

    def __init__(self, adjustments: Sequence[Adjustment], *, account_id: str | None = None) -> None:
        self._windows = [
            (one.since, one.created_at)
            for one in adjustments
            if one.kind is AdjustmentKind.REVERT and one.undone_at is None and one.since is not None
        ]
        self.in_force = [
            one
            for one in adjustments
            if one.undone_at is None
            and one.account_id in (None, account_id)
            and (one.kind is AdjustmentKind.REVERT or self.counts(one.created_at))
        ]

    def counts(self, at: datetime) -> bool:
        """Say whether what was seen or said at that moment counts: no revert that stands took it back."""
        return not any(since <= at < until for since, until in self._windows)

    def rules(self) -> Rules:
        """Return the pins and exclusions. The last pin of a dimension holds; an account's own goes before."""
        pins: dict[str, str] = {}
        excluded: set[tuple[str, str]] = set()
        # Later ones overwrite earlier ones, and those of the account everybody's.
        for one in sorted(self.in_force, key=lambda one: (one.account_id is not None, one.created_at, one.id)):
            if one.dimension is None or one.value is None:
                continue
            if one.kind is AdjustmentKind.PIN:
                pins[one.dimension] = one.value
            elif one.kind is AdjustmentKind.EXCLUDE:
                excluded.add((one.dimension, one.value))
        return Rules(pins, frozenset(excluded))
