"""A stretch of the calendar."""

from datetime import timedelta
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError
from mediaposter.overview import calendar
from mediaposter.overview.schemas import CalendarRead, EntryKind
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Account
from tests.campaigns.conftest import begin, clock, engine, meter
from tests.metrics.conftest import Clock, Meter
from tests.overview.conftest import NOW, Publishes

__all__ = ["clock", "engine", "meter"]
pytestmark = pytest.mark.feature("ARCH-008")


async def look(ctx: Context, **asked: Any) -> CalendarRead:
    async with ctx.database.session() as session:
        return await calendar.calendar(
            session,
            **{
                "start": NOW - timedelta(days=1),
                "end": NOW + timedelta(days=2),
                "account_id": None,
                "channel": None,
                "settings": ctx.settings,
                "now": NOW,
                **asked,
            },
        )


async def test_what_went_and_what_goes_out_stands_at_its_moment(
    ctx: Context, fern: Account, publish: Publishes
) -> None:
    await publish(fern, "planned", title="Later", due_at=NOW + timedelta(hours=5))
    await publish(fern, "confirmed", title="Gone", sent_at=NOW - timedelta(hours=5))
    await publish(fern, "cancelled", title="Taken back")
    found = (await look(ctx)).entries
    assert [(one.title, one.movable) for one in found] == [("Gone", False), ("Later", True)]


async def test_two_of_one_account_within_a_quarter_of_an_hour_clash(
    ctx: Context, fern: Account, moss: Account, publish: Publishes
) -> None:
    first = await publish(fern, due_at=NOW + timedelta(minutes=60))
    near = await publish(fern, due_at=NOW + timedelta(minutes=70))
    await publish(moss, due_at=NOW + timedelta(minutes=61))
    await publish(fern, due_at=NOW + timedelta(minutes=85))
    clashes = {one.id: one.clashes for one in (await look(ctx)).entries}
    assert [clashes[first.id], clashes[near.id]] == [[near.id], [first.id]]
    assert sorted(map(len, clashes.values())) == [0, 0, 1, 1]


async def test_posting_times_are_free_where_nothing_stands_near(
    ctx: Context, fern: Account, moss: Account, publish: Publishes
) -> None:
    first, *_ = (await look(ctx)).free_slots
    assert set(first.account_ids) == {fern.id, moss.id}
    await publish(fern, due_at=first.at + timedelta(minutes=5))
    assert (await look(ctx)).free_slots[0].account_ids == [moss.id]


async def test_a_paused_account_is_offered_no_time(ctx: Context, fern: Account) -> None:
    async with ctx.database.session() as session:
        await publishing.pause_account(session, fern.id, reason="holiday")
    assert (await look(ctx)).free_slots == []


async def test_one_account_or_one_channel_can_be_looked_at(
    ctx: Context, fern: Account, moss: Account, publish: Publishes
) -> None:
    for account in (fern, moss):
        await publish(account, title=account.handle)
    assert [one.title for one in (await look(ctx, account_id=moss.id)).entries] == ["moss"]
    assert (await look(ctx, channel="x")).entries == []


async def test_tweets_to_come_stand_there_too(clock: Clock, meter: Meter) -> None:
    await begin(clock, number=1, interval_minutes=120)
    now = clock.now
    found = await look(clock.ctx, start=now, end=now + timedelta(hours=12), now=now)
    assert {one.kind for one in found.entries} == {EntryKind.TWEET}
    assert len(found.entries) >= 4
    assert {one.campaign_id is not None for one in found.entries} == {True}


@pytest.mark.parametrize("days", [0, -1, 63])
async def test_a_stretch_that_is_empty_or_too_long_is_refused(ctx: Context, days: int) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await look(ctx, start=NOW, end=NOW + timedelta(days=days))
    assert [one.field for one in refused.value.errors] == ["end"]
