"""Posting times are local times, on both sides of a clock change."""

from datetime import UTC, datetime, time

import pytest

from mediaposter.pipeline.slots import slot_times

pytestmark = pytest.mark.feature("ARCH-001")


def test_the_next_slot_is_later_today() -> None:
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert slot_times((time(9), time(13)), "UTC", now)[0] == datetime(2026, 11, 23, 13, tzinfo=UTC)


def test_after_the_last_slot_comes_tomorrows_first() -> None:
    now = datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert slot_times((time(13), time(9)), "UTC", now)[0] == datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_a_clock_change_does_not_shift_local_times() -> None:
    # Berlin leaves summer time on 25 October 2026: nine o'clock is 07:00 UTC before and 08:00 UTC after.
    now = datetime(2026, 10, 24, 0, tzinfo=UTC)
    hours = [moment.hour for moment in slot_times((time(9),), "Europe/Berlin", now)[:2]]
    assert hours == [7, 8]
