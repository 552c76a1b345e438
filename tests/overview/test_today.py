"""The numbers of a day, where the day begins and ends by the clock of a place."""

from datetime import UTC, datetime, timedelta

import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError
from mediaposter.core.ids import new_id
from mediaposter.metrics.models import Snapshot
from mediaposter.offers import service as offers
from mediaposter.offers.models import OfferClick, OfferConversion
from mediaposter.overview import today
from mediaposter.overview.schemas import TodayRead
from mediaposter.publishing.models import Account
from tests.overview.conftest import NOW, Publishes

pytestmark = pytest.mark.feature("ARCH-008")
LATE = datetime(2026, 6, 9, 23, 30, tzinfo=UTC)  # already the tenth in Berlin


async def look(ctx: Context, zone: str = "UTC") -> TodayRead:
    async with ctx.database.session() as session:
        return await today.today(session, zone=zone, now=NOW)


async def test_a_day_is_that_of_the_zone(ctx: Context, fern: Account, publish: Publishes) -> None:
    await publish(fern, "confirmed", settled_at=LATE, sent_at=LATE, armed_at=LATE)
    there, here = await look(ctx, "UTC"), await look(ctx, "Europe/Berlin")
    assert (there.today.published, there.yesterday.published) == (0, 1)
    assert (here.today.published, here.yesterday.published) == (1, 0)


async def test_outcomes_are_counted_apart_and_money_by_currency(
    ctx: Context, fern: Account, publish: Publishes
) -> None:
    for outcome, cost in (("confirmed", 15_000), ("unknown", 15_000), ("rejected", 99)):
        await publish(fern, outcome, settled_at=NOW, sent_at=NOW, armed_at=NOW, cost_micros=cost, currency="USD")
    told = (await look(ctx)).today
    assert (told.published, told.unknown, told.refused, told.spent_micros) == (1, 1, 1, {"USD": 30_000})


async def test_views_are_what_a_reading_shows_over_the_one_before(
    ctx: Context, fern: Account, publish: Publishes
) -> None:
    row = await publish(fern, "confirmed", settled_at=NOW - timedelta(days=2))
    async with ctx.database.session() as session:
        for age, views, at in (("24h", 100, NOW - timedelta(days=1)), ("72h", 140, NOW)):
            session.add(
                Snapshot(
                    id=new_id("snap"),
                    publication_id=row.id,
                    account_id=fern.id,
                    channel="site",
                    age=age,
                    state="taken",
                    due_at=at,
                    taken_at=at,
                    late=False,
                    views=views,
                    link_clicks=0,
                    raw={},
                )
            )
    told = await look(ctx)
    assert (told.today.views, told.yesterday.views) == (40, 100)


async def test_without_a_reading_views_are_not_known_rather_than_none(ctx: Context) -> None:
    assert (await look(ctx)).today.views is None


async def test_robots_do_not_count_and_revenue_is_by_currency(ctx: Context) -> None:
    async with ctx.database.session() as session:
        offer = await offers.create_offer(session, name="Kit", url="https://shop.example")
        link = await offers.create_tracked_link(
            session, offer_id=offer.id, channel="x", campaign="c", base_url="http://127.0.0.1:5555"
        )
        for robot in (True, False, False):
            session.add(
                OfferClick(
                    id=new_id("clk"),
                    link_id=link.id,
                    visitor="v",
                    first=True,
                    robot=robot,
                    device="phone",
                    created_at=NOW,
                )
            )
        for number, (value, currency) in enumerate(((1999, "USD"), (1, "USD"), (500, "EUR"))):
            session.add(
                OfferConversion(
                    id=new_id("cnv"),
                    offer_id=offer.id,
                    kind="sale",
                    source="stripe",
                    external_id=str(number),
                    value_minor=value,
                    currency=currency,
                    matched_by="none",
                    data={},
                    occurred_at=NOW,
                )
            )
    told = (await look(ctx)).today
    assert (told.clicks, told.sales, told.revenue) == (2, 3, {"USD": 2000, "EUR": 500})


async def test_a_zone_that_is_none_is_refused_by_name(ctx: Context) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await look(ctx, "Mars/Olympus")
    assert [one.field for one in refused.value.errors] == ["time_zone"]
