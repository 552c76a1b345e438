"""When a campaign posts: local times that stay local times, over clock changes, quiet hours and odd intervals."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from mediaposter.campaigns.cadence import Cadence, Quiet
from mediaposter.campaigns.rotation import DEFAULT_KINDS, TweetKind, turn_of

pytestmark = pytest.mark.feature("ARCH-004")


def local_times(cadence: Cadence, day: date) -> list[str]:
    zone = ZoneInfo(cadence.zone)
    start = datetime.combine(day, time(0), zone).astimezone(UTC) - timedelta(microseconds=1)
    end = datetime.combine(day + timedelta(days=1), time(0), zone).astimezone(UTC)
    return [f"{one.at.astimezone(zone):%H:%M}" for one in islice(cadence.after(start), 300) if one.at < end]


def every(minutes: int, anchor: time = time(0, 30), zone: str = "Europe/Berlin", quiet: Quiet | None = None) -> Cadence:
    return Cadence(minutes, anchor, zone, date(2026, 1, 1), quiet)


def test_every_two_hours_is_twelve_times_a_day_at_the_same_times() -> None:
    wanted = [f"{hour:02}:30" for hour in range(0, 24, 2)]
    assert local_times(every(120), date(2026, 6, 1)) == wanted
    assert local_times(every(120, anchor=time(18, 30)), date(2026, 12, 1)) == wanted


@pytest.mark.parametrize(
    ("zone", "day", "gap", "moved"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "02:30", "03:00"),
        ("America/New_York", date(2026, 3, 8), "02:30", "03:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:00", "02:30"),
    ],
)
def test_a_time_that_spring_leaves_out_moves_to_the_first_that_exists(
    zone: str, day: date, gap: str, moved: str
) -> None:
    anchor = time.fromisoformat(gap)
    usual = local_times(every(120, anchor, zone), day - timedelta(days=1))
    assert local_times(every(120, anchor, zone), day) == [moved if one == gap else one for one in usual]


def test_no_two_slots_fall_together_where_a_time_is_left_out() -> None:
    found = local_times(every(60, time(0)), date(2026, 3, 29))
    assert found == [f"{hour:02}:00" for hour in range(24) if hour != 2]


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Berlin", date(2026, 10, 25)), ("America/New_York", date(2026, 11, 1))]
)
def test_a_time_that_autumn_gives_twice_is_used_once(zone: str, day: date) -> None:
    found = local_times(every(60, time(0), zone), day)
    assert found == [f"{hour:02}:00" for hour in range(24)]


def test_quiet_hours_over_midnight_are_kept() -> None:
    found = local_times(every(120, quiet=Quiet(time(22), time(7))), date(2026, 6, 1))
    assert found == ["08:30", "10:30", "12:30", "14:30", "16:30", "18:30", "20:30"]


def test_an_interval_that_does_not_divide_the_day_begins_anew_each_day() -> None:
    cadence = every(7 * 60, time(0))
    assert local_times(cadence, date(2026, 6, 1)) == local_times(cadence, date(2026, 6, 2))
    assert local_times(cadence, date(2026, 6, 1)) == ["00:00", "07:00", "14:00", "21:00"]


def test_an_interval_of_days_counts_from_the_first_day() -> None:
    cadence = Cadence(2 * 24 * 60, time(9), "Europe/Berlin", date(2026, 3, 28))
    slots = islice(cadence.after(datetime(2026, 3, 28, tzinfo=UTC)), 3)
    assert [one.local for one in slots] == ["2026-03-28 09:00", "2026-03-30 09:00", "2026-04-01 09:00"]


def test_where_quiet_hours_leave_nothing_there_are_no_slots() -> None:
    cadence = every(24 * 60, time(3), quiet=Quiet(time(2), time(4)))
    assert list(islice(cadence.after(datetime(2026, 6, 1, tzinfo=UTC)), 1)) == []


def test_kinds_come_as_often_as_they_weigh_and_not_in_clumps() -> None:
    dealt = [turn_of(n, kinds=DEFAULT_KINDS, offers=1, link_share=0.5).kind for n in range(1, 101)]
    assert {kind: dealt.count(kind) for kind in TweetKind} == {k: v * 10 for k, v in DEFAULT_KINDS.items()}
    assert not any(one == two == three for one, two, three in zip(dealt, dealt[1:], dealt[2:], strict=False))


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_links_come_in_their_share(share: float) -> None:
    turns = [turn_of(n, kinds=DEFAULT_KINDS, offers=2, link_share=share) for n in range(1, 1001)]
    may = [turn for turn in turns if turn.offer is not None]
    assert sum(turn.with_link for turn in may) == int(len(may) * share)


def test_offers_take_turns() -> None:
    turns = [turn_of(n, kinds={TweetKind.OFFER: 1}, offers=3, link_share=1) for n in range(1, 7)]
    assert [turn.offer for turn in turns] == [0, 1, 2, 0, 1, 2]
