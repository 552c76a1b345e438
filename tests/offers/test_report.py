"""Where traffic came from: each click and conversion leads back to what brought it; the sums are those of all."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.core.ids import new_id
from mediaposter.offers import conversions, report, service
from mediaposter.offers.conversions import Told
from mediaposter.offers.models import ConversionKind, ConversionSource, Offer
from mediaposter.offers.report import By, Model
from mediaposter.offers.service import TrackedLink
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy

pytestmark = pytest.mark.feature("ARCH-005")
RECIPES = ({"hook": "strong", "length": "15-30 s"}, {"hook": "weak", "length": "15-30 s"})


@pytest.fixture
async def links(ctx: Context, offer: Offer) -> list[TrackedLink]:
    """Two posts of other recipes on an account each, and a link by hand."""
    made: list[TrackedLink] = []
    async with ctx.database.session() as session:
        for number, recipe in enumerate(RECIPES):
            account = await publishing.create_account(session, channel="site", handle=f"ann{number}")
            post = await publishing.create_post(
                session,
                title=f"Ferns {number}",
                recipe=recipe,
                prompts=[f"prompt {number}"],
                clip_ids=[f"asset_{number}"],
            )
            publication_id = new_id("pub")
            made.append(
                await service.create_tracked_link(
                    session,
                    offer_id=offer.id,
                    channel="site",
                    campaign="spring",
                    account_id=account.id,
                    publication_id=publication_id,
                    base_url=ctx.settings.site_url,
                )
            )
            await publishing.plan_publication(
                session,
                post_id=post.id,
                account_id=account.id,
                copy=Copy(title="Ferns", description="Ferns"),
                link_id=made[-1].id,
                publication_id=publication_id,
            )
        made.append(
            await service.create_tracked_link(
                session, offer_id=offer.id, channel="email", campaign="letter", base_url=ctx.settings.site_url
            )
        )
    return made


@pytest.fixture
async def traffic(ctx: Context, web: httpx.AsyncClient, offer: Offer, links: list[TrackedLink]) -> None:
    """Three clicks on the first, one on the second; a sale and a lead that name clicks, and a sale that names none."""
    ids = [(await web.get(f"/r/{links[at].slug}")).headers["location"] for at in (0, 0, 0, 1)]
    clicks = [str(httpx.URL(location).params["mp_click"]) for location in ids]
    await web.get(f"/r/{links[2].slug}", headers={"User-Agent": "Googlebot/2.1"})
    async with ctx.database.session() as session:
        for number, (kind, value, clicked) in enumerate(
            [
                (ConversionKind.SALE, 1000, [clicks[0], clicks[3]]),
                (ConversionKind.LEAD, 0, [clicks[1]]),
                (ConversionKind.SALE, 500, []),
            ]
        ):
            told = Told(kind, ConversionSource.CSV, f"o{number}", ctx.clock(), value, "EUR" if value else None, clicked)
            await conversions.record(session, offer, told, now=ctx.clock())


async def rows(ctx: Context, by: By, **how: Any) -> dict[str, report.Row]:
    now = ctx.clock() + timedelta(seconds=5)
    async with ctx.database.session() as session:
        found = await report.report(session, by=by, since=now - timedelta(days=1), until=now, **how)
    return {row.key: row for row in found}


async def test_sales_go_to_the_last_click(ctx: Context, links: list[TrackedLink], traffic: None) -> None:
    found = await rows(ctx, By.LINK)
    assert (found[links[0].slug].sales, found[links[1].slug].sales) == (0, 1)
    assert found[links[1].slug].revenue == {"EUR": 1000}


async def test_or_to_the_first_when_asked(ctx: Context, links: list[TrackedLink], traffic: None) -> None:
    found = await rows(ctx, By.LINK, model=Model.FIRST)
    assert (found[links[0].slug].sales, found[links[0].slug].leads) == (1, 1)


async def test_people_are_counted_apart_from_robots_and_repeats(
    ctx: Context, links: list[TrackedLink], traffic: None
) -> None:
    found = await rows(ctx, By.LINK)
    one, robots = found[links[0].slug], found[links[2].slug]
    assert (one.clicks, one.unique, robots.clicks, robots.robots) == (3, 1, 0, 1)


@pytest.mark.parametrize("by", [by for by in By if by is not By.RECIPE])
async def test_the_sums_are_those_of_everything(ctx: Context, traffic: None, by: By) -> None:
    found = (await rows(ctx, by)).values()
    assert sum(row.clicks for row in found) == 4
    assert sum(row.sales for row in found) == 2
    assert sum(row.revenue.get("EUR", 0) for row in found) == 1500


async def test_what_nothing_is_known_of_is_a_row_of_its_own(ctx: Context, traffic: None) -> None:
    assert (await rows(ctx, By.CHANNEL))[report.UNKNOWN].revenue == {"EUR": 500}


async def test_a_recipe_is_told_by_one_of_its_dimensions(ctx: Context, traffic: None) -> None:
    found = await rows(ctx, By.RECIPE, dimension="hook")
    assert (found["strong"].clicks, found["weak"].sales) == (3, 1)
    assert (await rows(ctx, By.RECIPE, dimension="length"))["15-30 s"].clicks == 4


async def test_a_report_by_recipe_needs_a_dimension(web: httpx.AsyncClient) -> None:
    answer = await web.get("/api/traffic/report", params={"by": "recipe"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "dimension")


async def test_every_click_and_conversion_leads_back_to_what_brought_it(
    ctx: Context, web: httpx.AsyncClient, links: list[TrackedLink], traffic: None
) -> None:
    trail = (await web.get("/api/traffic/trail")).json()
    of_posts = [row for row in trail if row["slug"] in (links[0].slug, links[1].slug)]
    assert len(of_posts) == 4 + 2  # the clicks, and the conversions that came with one
    for row in of_posts:
        number = 0 if row["slug"] == links[0].slug else 1
        assert row["account"] == f"site:ann{number}"
        assert row["recipe"] == RECIPES[number]
        assert (row["prompts"], row["clip_ids"]) == ([f"prompt {number}"], [f"asset_{number}"])
        assert row["publication_id"].startswith("pub_")


async def test_a_code_of_a_link_is_a_picture(web: httpx.AsyncClient, links: list[TrackedLink]) -> None:
    svg = await web.get(f"/api/offers/links/{links[0].id}/code")
    png = await web.get(f"/api/offers/links/{links[0].id}/code", params={"format": "png"})
    assert (svg.text[:5], png.content[:8]) == ("<?xml", b"\x89PNG\r\n\x1a\n")
