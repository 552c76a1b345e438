"""Offers and their tracked links: what may be a target, and how a link is made of it."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError
from mediaposter.offers import service
from mediaposter.offers.errors import NoSuchOfferError, OfferUrlError
from mediaposter.offers.links import check_target, is_slug, new_slug, with_parameters
from mediaposter.offers.models import Offer
from mediaposter.offers.service import TrackedLink

pytestmark = pytest.mark.feature("ARCH-005")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "//shop.example/",
        "shop.example/x",
        "https://",
        "https:///path",
        "https://user:pass@shop.example/",
        "https://shop.example/a b",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example\\@evil.example/",
        "https://[bad",
        "https://shop.example:99999/",
        "https://shop.example/" + "x" * 2100,
        "",
    ],
)
def test_only_plain_web_addresses_can_be_targets(url: str) -> None:
    with pytest.raises(OfferUrlError) as caught:
        check_target(url)
    assert caught.value.fix
    assert caught.value.errors[0].field == "url"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (" https://shop.example ", "https://shop.example"),
        ("http://shop.example:8080/a/?b=c&d=%20#e", "http://shop.example:8080/a/?b=c&d=%20#e"),
        ("https://münchen.example/straße?q=ü", "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=%C3%BC"),
        ("https://shop.example/?sig=a+b/c==&x[]=1", "https://shop.example/?sig=a+b/c==&x[]=1"),
    ],
)
def test_a_target_keeps_what_it_had_and_becomes_ascii(url: str, target: str) -> None:
    assert check_target(url) == target


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://a.example", "https://a.example?utm_source=x&utm_content=p+1"),
        ("https://a.example/?q=1&q=2#part", "https://a.example/?q=1&q=2&utm_source=x&utm_content=p+1#part"),
        ("https://a.example/?empty=&flag", "https://a.example/?empty=&flag&utm_source=x&utm_content=p+1"),
        ("https://a.example/?utm_source=mine", "https://a.example/?utm_source=mine&utm_content=p+1"),
        ("https://a.example/?sig=%2B%2f+=", "https://a.example/?sig=%2B%2f+=&utm_source=x&utm_content=p+1"),
    ],
)
def test_parameters_join_a_query_without_breaking_it(url: str, result: str) -> None:
    assert with_parameters(url, {"utm_source": "x", "utm_medium": "", "utm_content": "p 1"}) == result


def test_slugs_are_short_random_and_unmistakable() -> None:
    slugs = {new_slug() for _ in range(2000)}
    assert len(slugs) == 2000
    assert all(is_slug(slug) for slug in slugs)
    assert not set("".join(slugs)) & set("0OIl")


@pytest.mark.parametrize("text", ["", "short", "waytoolongforone", "abc/defg", "abcdef0", "ünïcödé"])
def test_what_cannot_be_a_slug_is_seen_at_once(text: str) -> None:
    assert not is_slug(text)


async def test_a_link_carries_where_it_was_placed(link: TrackedLink) -> None:
    parts = urlsplit(link.target)
    assert (parts.netloc, parts.path, parts.fragment) == ("shop.example", "/wick", "buy")
    assert parse_qsl(parts.query) == [
        ("ref", "1"),
        ("utm_source", "tiktok"),
        ("utm_medium", "social"),
        ("utm_campaign", "spring"),
        ("utm_content", "pub_1"),
    ]


async def test_a_links_address_is_ours(ctx: Context, link: TrackedLink) -> None:
    assert link.url == f"{ctx.settings.site_url}/r/{link.slug}"
    assert link.cta == "Get the kit"


async def test_the_same_key_gives_the_same_link(ctx: Context, offer: Offer) -> None:
    async with ctx.database.session() as session:
        made = [
            await service.create_tracked_link(
                session, offer_id=offer.id, channel="x", campaign="c", base_url="http://x", key="run_1:acct_1"
            )
            for _ in range(2)
        ]
    assert made[0] == made[1]


async def test_a_link_of_no_offer_is_an_error(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(NoSuchOfferError):
            await service.create_tracked_link(session, offer_id="nope", channel="x", campaign="c", base_url="http://x")


async def test_a_price_needs_its_currency(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(InvalidInputError):
            await service.create_offer(session, name="x", url="https://x.example", price_minor=100)


async def test_offers_over_the_api(web: httpx.AsyncClient) -> None:
    made = await web.post("/api/offers", json={"name": "Kit", "url": "https://k.example", "cta": "Buy"})
    assert made.status_code == 201
    path = f"/api/offers/{made.json()['id']}"
    changed = await web.patch(path, json={"cta": "Get it"})
    assert (changed.json()["cta"], changed.json()["name"]) == ("Get it", "Kit")
    assert [offer["id"] for offer in (await web.get("/api/offers")).json()] == [made.json()["id"]]
    await web.delete(path)
    assert (await web.get("/api/offers")).json() == []
    assert len((await web.get("/api/offers?archived=true")).json()) == 1


async def test_a_bad_url_is_refused_with_the_field(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/offers", json={"name": "Kit", "url": "javascript:alert(1)"})
    assert (answer.status_code, answer.json()["code"]) == (400, "OFFER_URL")
    assert answer.json()["errors"][0]["field"] == "url"


async def test_links_over_the_api_have_their_clicks(web: httpx.AsyncClient, offer: Offer) -> None:
    made = await web.post(f"/api/offers/{offer.id}/links", json={"channel": "x", "campaign": "launch"})
    assert made.status_code == 201
    await web.get(f"/r/{made.json()['slug']}")
    (link,) = (await web.get(f"/api/offers/{offer.id}/links")).json()
    assert (link["clicks"], link["unique"], link["robots"]) == (1, 1, 0)
    assert link["last_click_at"] is not None
