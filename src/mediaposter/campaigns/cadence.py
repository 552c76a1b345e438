"""When a campaign posts: slots in local time, the same every day, over clock changes too.

The slots of a day are the minutes that lie a whole number of intervals from the anchor, counted within that day:
every 120 minutes from 09:30 is 01:30, 03:30 ... 23:30, every day. An interval that does not divide a day begins anew
each day; one of more than a day is a number of days. A local time that the clocks leave out in spring is moved to the
first minute that exists, unless a slot is there already; one that comes twice in autumn is used once, the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = 24 * 60
_DAYS_AHEAD = 400  # a campaign whose quiet hours leave no slot has none for good


@dataclass(frozen=True)
class Quiet:
    """Hours in which nothing goes out: from, and until but without, over midnight if need be."""

    start: time
    end: time

    def holds(self, local: time) -> bool:
        """Say whether a local time is quiet."""
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True)
class Cadence:
    """The times of a campaign. `begins` is its first local day, which intervals of several days are counted from."""

    interval_minutes: int
    anchor: time
    zone: str
    begins: date
    quiet: Quiet | None = None

    def after(self, moment: datetime) -> Iterator["Slot"]:
        """Yield the slots later than `moment`, in order. Ends where the quiet hours leave none."""
        zone = ZoneInfo(self.zone)
        day = max(moment.astimezone(zone).date(), self.begins)
        last: datetime | None = None
        for number in range(_DAYS_AHEAD * 1000):
            slots = list(self._of_day(day + timedelta(days=number), zone))
            for slot in slots:
                if slot.at > moment and (last is None or slot.at > last):
                    last = slot.at
                    yield slot
            if last is None and number > _DAYS_AHEAD:
                return

    def _of_day(self, day: date, zone: ZoneInfo) -> Iterator["Slot"]:
        if self.interval_minutes >= _DAY and (day - self.begins).days % (self.interval_minutes // _DAY):
            return
        anchor = self.anchor.hour * 60 + self.anchor.minute
        step = min(self.interval_minutes, _DAY)
        taken: set[datetime] = set()
        wanted = [time(minute // 60, minute % 60) for minute in range(anchor % step, _DAY, step)]
        wanted = [one for one in wanted if self.quiet is None or not self.quiet.holds(one)]
        exact = {at for one in wanted if (at := _exact(day, one, zone)) is not None}
        for one in wanted:
            at = _exact(day, one, zone)
            if at is None:
                at = _end_of_gap(day, one, zone)
                if at in exact or at in taken:
                    continue
            taken.add(at)
            yield Slot(at, f"{day.isoformat()} {one:%H:%M}")


@dataclass(frozen=True)
class Slot:
    """A moment (UTC) to post at, and what the clocks of the campaign's zone are meant to show."""

    at: datetime
    local: str


def _exact(day: date, local: time, zone: ZoneInfo) -> datetime | None:
    """Return the moment of a local time, the first of two; None where the clocks leave it out."""
    wall = datetime.combine(day, local, zone)
    at = wall.astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None) else None


def _end_of_gap(day: date, local: time, zone: ZoneInfo) -> datetime:
    """Return the first moment after the gap that a local time falls into."""
    wall = datetime.combine(day, local, zone)
    before, after = wall.replace(fold=0).utcoffset(), wall.replace(fold=1).utcoffset()
    assert before is not None
    assert after is not None
    # Within a gap, fold=0 counts with the offset before it and fold=1 with that after it (PEP 495).
    low, high = (wall.replace(tzinfo=UTC) - one for one in (after, before))
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high.replace(second=0, microsecond=0)
