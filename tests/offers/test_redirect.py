"""GET /r/{slug}: the click is stored first, then the visitor goes on; nothing but stored targets, nobody known."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import aclosing

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mediaposter.core import context, events
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.ids import new_id
from mediaposter.core.visitors import Device
from mediaposter.offers import service
from mediaposter.offers.clicks import ClickWriter
from mediaposter.offers.models import Offer, OfferClick
from mediaposter.offers.repository import Click
from mediaposter.offers.service import TrackedLink

pytestmark = pytest.mark.feature("ARCH-005")
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def clicks(ctx: Context) -> Sequence[OfferClick]:
    async with ctx.database.session() as session:
        return (await session.execute(select(OfferClick).order_by(OfferClick.id))).scalars().all()


def without_click(answer: httpx.Response) -> str:
    """Return where an answer leads, without the id of the click."""
    return re.sub(r"[?&]mp_click=click_[0-9a-z]{26}", "", answer.headers["location"])


async def test_the_target_is_told_the_id_of_the_click(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    location = (await web.get(f"/r/{link.slug}")).headers["location"]
    (click,) = await clicks(ctx)
    assert f"&mp_click={click.id}#buy" in location


async def test_an_offer_may_keep_the_id_of_the_click_to_itself(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    async with ctx.database.session() as session:
        (await service.get_offer(session, offer.id)).click_parameter = None
    assert (await web.get(f"/r/{link.slug}")).headers["location"] == link.target


async def test_clicks_are_told_of_together(ctx: Context, web: httpx.AsyncClient, link: TrackedLink) -> None:
    after = await events.latest(ctx.database)
    for headers in ({}, DESKTOP, {"User-Agent": "WhatsApp/2.23.20.0 A"}):
        await web.get(f"/r/{link.slug}", headers=headers)
    async with asyncio.timeout(10), aclosing(events.follow(ctx.database, after=after, topic="link.clicked")) as told:
        event = await anext(told)
    assert (event.subject, event.data) == (link.id, {"people": 2, "robots": 1})


async def test_one_click_that_cannot_be_stored_takes_no_other_with_it(ctx: Context, link: TrackedLink) -> None:
    writer = ClickWriter(ctx.database)
    now = ctx.clock()

    def click(link_id: str) -> Click:
        return Click(new_id("click"), link_id, "v", False, Device.PHONE, None, None, now)

    stored = await asyncio.gather(
        writer.store(click(link.id)),
        writer.store(click("link_none")),
        writer.store(click(link.id)),
        return_exceptions=True,
    )
    assert [type(one) for one in stored] == [type(None), IntegrityError, type(None)]
    assert len(await clicks(ctx)) == 2


async def test_it_leads_to_the_stored_target(web: httpx.AsyncClient, link: TrackedLink) -> None:
    answer = await web.get(f"/r/{link.slug}")
    assert (answer.status_code, without_click(answer)) == (302, link.target)
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
        assert without_click(await web.get(f"/r/{link.slug}{query}")) == link.target


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
    assert without_click(await web.get(f"/r/{link.slug}")) == link.target


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
