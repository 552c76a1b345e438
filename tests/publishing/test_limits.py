"""When the next post may go out: sliding windows, by the moments of the others."""

from datetime import UTC, datetime, timedelta

import pytest

from mediaposter.publishing.limits import Windows
from mediaposter.publishing.rules import Limit

pytestmark = pytest.mark.feature("BLOT-001")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(*seconds: float) -> list[datetime]:
    return [NOW + timedelta(seconds=one) for one in seconds]


def test_without_others_it_goes_now() -> None:
    assert Windows([Limit(1, 60)]).first_free(NOW) == NOW


def test_a_full_window_opens_when_its_oldest_leaves_it() -> None:
    windows = Windows.over([Limit(2, 60)], at(-50, -10))
    assert windows.first_free(NOW) == NOW + timedelta(seconds=11)  # a second later than the platform would allow


def test_each_one_that_waits_gets_a_moment_of_its_own() -> None:
    windows = Windows([Limit(2, 60)])
    moments = []
    for _ in range(6):
        moments.append(windows.first_free(NOW))
        windows.take(moments[-1])
    assert moments == at(0, 0, 61, 61, 122, 122)


def test_the_tightest_of_several_limits_decides() -> None:
    windows = Windows.over([Limit(10, 60), Limit(2, 3600)], at(-3000, -2000))
    assert windows.first_free(NOW) == NOW + timedelta(seconds=601)


def test_a_moment_before_reserved_ones_must_not_break_their_windows() -> None:
    windows = Windows.over([Limit(2, 60)], at(30, 40))
    assert windows.first_free(NOW) == NOW + timedelta(seconds=91)


def test_no_window_ever_holds_more_than_its_limit() -> None:
    limits = [Limit(3, 10), Limit(7, 60)]
    windows = Windows(limits)
    for number in range(60):
        windows.take(windows.first_free(NOW + timedelta(seconds=number % 7)))
    for limit in limits:
        for start in windows.moments:
            end = start + timedelta(seconds=limit.seconds)
            assert sum(start <= moment < end for moment in windows.moments) <= limit.posts
