"""GET /r/{slug}: the click is stored first, then the visitor goes on; nothing but stored targets, nobody known."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from sqlalchemy import select

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.offers import service
from mediaposter.offers.models import Offer, OfferClick
from mediaposter.offers.service import TrackedLink

pytestmark = pytest.mark.feature("ARCH-005")
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def clicks(ctx: Context) -> Sequence[OfferClick]:
    async with ctx.database.session() as session:
        return (await session.execute(select(OfferClick).order_by(OfferClick.id))).scalars().all()


async def test_it_leads_to_the_stored_target(web: httpx.AsyncClient, link: TrackedLink) -> None:
    answer = await web.get(f"/r/{link.slug}")
    assert (answer.status_code, answer.headers["location"]) == (302, link.target)
    assert answer.headers["cache-control"] == "no-store"


async def test_the_click_is_stored_with_what_may_be_known(
    ctx: Context, web: httpx.AsyncClient, link: TrackedLink
) -> None:
    await web.get(f"/r/{link.slug}", headers={"Referer": "https://www.TikTok.com/@ann/video/1?secret=2"})
    (click,) = await clicks(ctx)
    assert (click.link_id, click.referrer, click.device, click.country) == (link.id, "www.tiktok.com", "phone", None)
    assert (click.first, click.robot, len(click.visitor)) == (True, False, 24)
    assert "127.0.0.9" not in str(vars(click))


async def test_a_second_visit_is_stored_as_a_repeat(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    for headers in ({}, {}, DESKTOP):
        await web.get(f"/r/{link.slug}", headers=headers)
    assert [click.first for click in await clicks(ctx)] == [True, False, True]
    async with ctx.database.session() as session:
        count = (await service.count_clicks(session, [link.id]))[link.id]
    assert (count.clicks, count.unique) == (3, 2)


async def test_link_previews_are_kept_apart(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    answer = await web.get(f"/r/{link.slug}", headers={"User-Agent": "WhatsApp/2.23.20.0 A"})
    assert answer.status_code == 302
    assert [(click.robot, click.device) for click in await clicks(ctx)] == [(True, "robot")]
    async with ctx.database.session() as session:
        count = (await service.count_clicks(session, [link.id]))[link.id]
    assert (count.clicks, count.robots) == (0, 1)


async def test_a_prefetch_is_no_click_of_a_person(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    await web.get(f"/r/{link.slug}", headers={"Sec-Purpose": "prefetch"})
    await web.get(f"/r/{link.slug}")
    assert [(click.robot, click.first) for click in await clicks(ctx)] == [(True, True), (False, True)]


async def test_a_head_request_leads_on_and_is_no_click(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    assert (await web.head(f"/r/{link.slug}")).headers["location"] == link.target
    assert await clicks(ctx) == []


async def test_every_click_of_a_rush_is_stored(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    await asyncio.gather(*(web.get(f"/r/{link.slug}") for _ in range(60)))
    assert len(await clicks(ctx)) == 60


@pytest.mark.parametrize("slug", ["abcdefg", "x", "toolongtobeaslug", "abc%2Fdef", "aaaaaa0"])
async def test_an_unknown_slug_is_a_page_that_helps(web: httpx.AsyncClient, slug: str) -> None:
    answer = await web.get(f"/r/{slug}")
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_nothing_in_the_request_changes_the_target(web: httpx.AsyncClient, link: TrackedLink) -> None:
    for query in ("?url=https://evil.example", "?target=//evil.example", "?utm_source=evil"):
        assert (await web.get(f"/r/{link.slug}{query}")).headers["location"] == link.target


async def test_what_cannot_be_stored_is_not_redirected(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/nothing")
    context.install(Context(ctx.settings, gone, ctx.storage, ctx.secrets))
    answer = await web.get(f"/r/{link.slug}")
    await gone.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "location" not in answer.headers


async def test_a_changed_offer_leaves_links_as_they_were(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    async with ctx.database.session() as session:
        await service.update_offer(session, offer.id, url="https://new.example")
        await service.archive_offer(session, offer.id)
    assert (await web.get(f"/r/{link.slug}")).headers["location"] == link.target


async def test_the_proxys_headers_are_believed_only_when_they_are_set(
    ctx: Context, web: httpx.AsyncClient, link: TrackedLink
) -> None:
    told = {"X-Real-Address": "203.0.113.7", "X-Country": "de"}
    await web.get(f"/r/{link.slug}", headers=told)
    ctx.settings.visitor_address_header = "X-Real-Address"
    ctx.settings.visitor_country_header = "X-Country"
    await web.get(f"/r/{link.slug}", headers=told)
    await web.get(f"/r/{link.slug}", headers={"X-Real-Address": "203.0.113.8", "X-Country": "nonsense"})
    stored = await clicks(ctx)
    assert [click.country for click in stored] == [None, "DE", None]
    assert len({click.visitor for click in stored}) == 3
