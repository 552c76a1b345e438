"""Checkbacks: five readings of each publication, raw and normalized; late ones say so, removed posts are noticed."""

from datetime import timedelta

import pytest

from mediaposter.core import events, timeline
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Engine
from mediaposter.core.timeline import TimelineState
from mediaposter.metrics import service, workflows
from mediaposter.metrics.models import Snapshot, SnapshotState
from mediaposter.offers import service as offers
from mediaposter.publishing import service as publishing
from mediaposter.publishing.channel import Metrics
from mediaposter.publishing.errors import ReconnectNeededError, RetryLaterError
from mediaposter.publishing.models import Publication
from tests.metrics.conftest import Clock, Meter, publish, rows

pytestmark = pytest.mark.feature("ARCH-006")


async def take(clock: Clock, publication: Publication, age: str) -> str:
    """Run the waiting checkback of an age, as the worker does when it is due."""
    waiting = [row for row in await rows(clock.ctx, publication) if row.state is TimelineState.WAITING]
    entry = next(row for row in waiting if row.data["age"] == age)
    async with clock.ctx.database.session() as session:
        row = await timeline.get(session, entry.id, lock=True)
        row.state = TimelineState.STARTED
    return await workflows.take(entry.id)


async def snapshots(ctx: Context, publication: Publication) -> dict[str, Snapshot]:
    async with ctx.database.session() as session:
        return {one.age: one for one in await service.list_snapshots(session, publication_id=publication.id)}


async def told(ctx: Context, topic: str) -> list[JsonObject]:
    return [event.data for event in await events.read(ctx.database, after=0, topic=topic)]


async def test_five_ages_are_on_the_timeline(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    ages = {row.data["age"]: row.due_at - clock.now for row in await rows(clock.ctx, publication)}
    assert ages == {
        "1h": timedelta(hours=1),
        "6h": timedelta(hours=6),
        "24h": timedelta(hours=24),
        "72h": timedelta(hours=72),
        "7d": timedelta(days=7),
    }


async def test_scheduling_again_adds_none(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    async with clock.ctx.database.session() as session:
        assert await service.schedule(session, [publication], now=clock.now) == 0


async def test_a_reading_is_kept_raw_and_normalized(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    clock.later(hours=1)
    assert await take(clock, publication, "1h") == "taken"
    kept = (await snapshots(clock.ctx, publication))["1h"]
    assert (kept.views, kept.likes, kept.raw, kept.late) == (120, 7, {"likes": 7}, False)


async def test_what_the_platform_does_not_tell_is_unknown_and_not_zero(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    clock.later(hours=1)
    await take(clock, publication, "1h")
    kept = (await snapshots(clock.ctx, publication))["1h"]
    assert (kept.impressions, kept.shares) == (None, None)


async def test_a_late_reading_says_that_it_is_late(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    clock.later(hours=3)
    await take(clock, publication, "1h")
    kept = (await snapshots(clock.ctx, publication))["1h"]
    assert (kept.late, kept.due_at, kept.taken_at) == (True, clock.now - timedelta(hours=2), clock.now)


async def test_it_counts_the_clicks_on_its_own_link_apart(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    meter.tells = Metrics(views=10, clicks=3)
    async with clock.ctx.database.session() as session:
        offer = await offers.create_offer(session, name="Kit", url="https://shop.example")
        await offers.create_tracked_link(
            session,
            offer_id=offer.id,
            channel="meter",
            campaign="c",
            publication_id=publication.id,
            base_url="http://127.0.0.1",
        )
    clock.later(hours=1)
    await take(clock, publication, "1h")
    kept = (await snapshots(clock.ctx, publication))["1h"]
    assert (kept.clicks, kept.link_clicks) == (3, 0)


async def test_a_removed_post_is_reported_and_read_no_more(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    meter.tells = None
    clock.later(hours=1)
    assert await take(clock, publication, "1h") == "removed"
    assert [row.state for row in await rows(clock.ctx, publication)].count(TimelineState.CANCELLED) == 4
    assert [one["url"] for one in await told(clock.ctx, "publication.removed")] == [None]
    async with clock.ctx.database.session() as session:
        found = await publishing.get_publication(session, publication.id)
    assert (found.outcome, found.removed_at) == ("confirmed", clock.now)


async def test_a_platform_that_cannot_be_read_now_is_read_later(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    meter.tells = RetryLaterError("Slow down.", after=timedelta(minutes=30))
    clock.later(hours=1)
    assert await take(clock, publication, "1h") == "later"
    again = [row for row in await rows(clock.ctx, publication) if row.data.get("tries") == 1]
    assert [row.due_at for row in again] == [clock.now + timedelta(minutes=30)]
    meter.tells = Metrics(views=5)
    clock.later(minutes=30)
    await take(clock, publication, "1h")
    assert (await snapshots(clock.ctx, publication))["1h"].views == 5


async def test_a_reading_that_is_given_up_says_why(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    meter.tells = ReconnectNeededError("The token is void.", fix="Connect it again.")
    clock.later(hours=3, minutes=40)
    assert await take(clock, publication, "1h") == "unavailable"
    kept = (await snapshots(clock.ctx, publication))["1h"]
    assert kept.problem == {"code": "RECONNECT_NEEDED", "detail": "The token is void.", "fix": "Connect it again."}


async def test_a_channel_without_counts_says_so_and_is_not_asked_again(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx, "silent")
    clock.later(hours=1)
    assert await take(clock, publication, "1h") == "unavailable"
    assert (await snapshots(clock.ctx, publication))["1h"].state is SnapshotState.UNAVAILABLE


async def test_an_age_is_read_once(clock: Clock, meter: Meter) -> None:
    publication = await publish(clock.ctx)
    clock.later(hours=1)
    entry = next(row for row in await rows(clock.ctx, publication) if row.data["age"] == "1h")
    await workflows.take(entry.id)
    meter.tells = Metrics(views=999)
    await workflows.take(entry.id)
    assert (await snapshots(clock.ctx, publication))["1h"].views == 120
    assert len(await told(clock.ctx, "metrics.checkback.taken")) == 1


async def test_a_due_checkback_is_taken_by_a_worker(ctx: Context, engine: Engine, meter: Meter) -> None:
    publication = await publish(ctx)
    entry = next(row for row in await rows(ctx, publication) if row.data["age"] == "1h")
    assert await workflows.checkback(entry.id) == "taken"
