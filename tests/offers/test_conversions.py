"""Conversions: told by whoever proves themselves, stored once, credited to the clicks that led to them."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.offers import conversions, service
from mediaposter.offers.conversions import Told
from mediaposter.offers.models import ConversionKind, ConversionSource, MatchedBy, Offer, OfferConversion
from mediaposter.offers.service import TrackedLink
from mediaposter.offers.signing import postback_signature

pytestmark = pytest.mark.feature("ARCH-005")
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
STRIPE = "whsec_test_secret"


async def click(web: httpx.AsyncClient, link: TrackedLink, **headers: str) -> str:
    """Click, and return the click's id as the offer's page gets it."""
    answer = await web.get(f"/r/{link.slug}", headers=headers)
    return str(httpx.URL(answer.headers["location"]).params["mp_click"])


@pytest.fixture
async def second(ctx: Context, offer: Offer) -> TrackedLink:
    async with ctx.database.session() as session:
        return await service.create_tracked_link(
            session, offer_id=offer.id, channel="x", campaign="spring", base_url=ctx.settings.site_url
        )


async def recorded(ctx: Context, offer: Offer) -> list[OfferConversion]:
    async with ctx.database.session() as session:
        return await service.list_conversions(session, offer.id)


async def tell(ctx: Context, offer: Offer, **fields: Any) -> OfferConversion:
    told = Told(
        **{
            "kind": ConversionKind.SALE,
            "source": ConversionSource.CSV,
            "external_id": "order-1",
            "occurred_at": ctx.clock(),
            **fields,
        }
    )
    async with ctx.database.session() as session:
        return (await conversions.record(session, offer, told, now=ctx.clock())).conversion


# Crediting


async def test_the_first_and_the_last_click_are_credited(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink, second: TrackedLink
) -> None:
    ids = [await click(web, link), await click(web, second), await click(web, link, **DESKTOP)]
    made = await tell(ctx, offer, click_ids=[ids[1], ids[0]])
    assert (made.first_click_id, made.click_id) == (ids[0], ids[1])
    assert (made.first_link_id, made.link_id, made.matched_by) == (link.id, second.id, MatchedBy.CLICK)


async def test_a_click_before_the_window_led_to_nothing(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    made = await tell(
        ctx, offer, click_ids=[await click(web, link)], occurred_at=ctx.clock() + timedelta(days=30, minutes=1)
    )
    assert (made.link_id, made.matched_by) == (None, MatchedBy.NONE)


async def test_a_click_after_a_conversion_has_not_led_to_it(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    made = await tell(ctx, offer, click_ids=[await click(web, link)], occurred_at=ctx.clock() - timedelta(minutes=1))
    assert made.matched_by is MatchedBy.NONE


async def test_a_click_on_another_offer_is_not_credited(
    ctx: Context, web: httpx.AsyncClient, link: TrackedLink
) -> None:
    async with ctx.database.session() as session:
        other = await service.create_offer(session, name="Other", url="https://other.example")
    made = await tell(ctx, other, click_ids=[await click(web, link)])
    assert made.matched_by is MatchedBy.NONE


@pytest.mark.parametrize("named", ["slug", "id", "publication"])
async def test_without_a_click_a_named_link_is_credited(
    ctx: Context, offer: Offer, link: TrackedLink, named: str
) -> None:
    made = await tell(ctx, offer, link={"slug": link.slug, "id": link.id, "publication": "pub_1"}[named])
    assert (made.link_id, made.click_id, made.matched_by) == (link.id, None, MatchedBy.LINK)


async def test_a_refund_takes_back_from_whoever_had_the_sale(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    clicked = await click(web, link)
    await tell(ctx, offer, click_ids=[clicked], value_minor=900, currency="EUR")
    refund = await tell(
        ctx,
        offer,
        kind=ConversionKind.REFUND,
        external_id="order-1-refund",
        refunds="order-1",
        value_minor=400,
        currency="EUR",
        occurred_at=ctx.clock() + timedelta(days=60),
    )
    assert (refund.click_id, refund.value_minor) == (clicked, -400)


# Signed postbacks


@pytest.fixture
async def secret(ctx: Context, offer: Offer) -> str:
    async with ctx.database.session() as session:
        return await service.new_postback_secret(session, offer.id, secrets=ctx.secrets)


def signed(ctx: Context, secret: str, **fields: str) -> dict[str, str]:
    parameters = {"id": "order-7", "t": str(int(ctx.clock().timestamp())), **fields}
    return {**parameters, "sig": postback_signature(secret, parameters.items())}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_signed_postback_is_recorded(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink, secret: str, method: str
) -> None:
    fields = signed(ctx, secret, value="12.50", currency="eur", click=await click(web, link))
    given = {"params": fields} if method == "GET" else {"data": fields}
    answer = await web.request(method, f"/c/{offer.id}/postback", **given)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["matched_by"]) == (200, "click")
    (made,) = await recorded(ctx, offer)
    assert (made.value_minor, made.currency, made.kind, made.source) == (1250, "EUR", "sale", "postback")


async def test_a_repeated_postback_adds_nothing(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, secret: str
) -> None:
    answers = [await web.get(f"/c/{offer.id}/postback", params=signed(ctx, secret)) for _ in range(3)]
    assert [answer.json()["repeated"] for answer in answers] == [False, True, True]
    assert len(await recorded(ctx, offer)) == 1


@pytest.mark.parametrize("change", ["value", "sig", "t", "late"])
async def test_a_postback_that_is_not_signed_so_is_refused(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, secret: str, change: str
) -> None:
    fields = signed(ctx, secret, value="1", currency="EUR")
    if change == "late":
        fields = signed(ctx, secret, t=str(int((ctx.clock() - timedelta(minutes=6)).timestamp())))
    else:
        fields[change] = "9"
    answer = await web.get(f"/c/{offer.id}/postback", params=fields)
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE")
    assert await recorded(ctx, offer) == []


async def test_without_a_secret_it_says_how_to_make_one(web: httpx.AsyncClient, offer: Offer) -> None:
    answer = await web.get(f"/c/{offer.id}/postback", params={"id": "1"})
    assert answer.json()["code"] == "NOT_CONFIGURED"
    assert "mediaposter offers set-postback" in answer.json()["fix"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": "-1", "currency": "EUR"}, "value"),
        ({"value": "1"}, "currency"),
        ({"value": "1.005", "currency": "EUR"}, "value"),
        ({"value": "1.5", "currency": "JPY"}, "value"),
        ({"kind": "gift"}, "kind"),
        ({"at": "2026-11-23T10:00:00"}, "at"),
    ],
)
async def test_a_field_that_breaks_a_rule_is_named(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, secret: str, fields: dict[str, str], field: str
) -> None:
    answer = await web.get(f"/c/{offer.id}/postback", params=signed(ctx, secret, **fields))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


# Stripe


def stripe_headers(body: bytes, *, at: datetime | None = None, secret: str = STRIPE) -> dict[str, str]:
    """Sign as Stripe does: docs.stripe.com/webhooks/signature."""
    moment = str(int((at or datetime.now(UTC)).timestamp()))
    sign = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={'0' * 64},v1={sign},v0=old"}


def checkout(**fields: Any) -> dict[str, Any]:
    thing = {
        "id": "cs_1",
        "object": "checkout.session",
        "payment_status": "paid",
        "payment_intent": "pi_1",
        "amount_total": 4900,
        "currency": "usd",
        "client_reference_id": None,
        "metadata": {},
    }
    return {
        "id": "evt_1",
        "type": "checkout.session.completed",
        "created": int(datetime.now(UTC).timestamp()),
        "data": {"object": {**thing, **fields}},
    }


def refund(amount: int, *, before: int = 0) -> dict[str, Any]:
    charge = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": amount, "currency": "usd"}
    created = int(datetime.now(UTC).timestamp())
    return {
        "id": "evt_2",
        "type": "charge.refunded",
        "created": created,
        "data": {"object": charge, "previous_attributes": {"amount_refunded": before}},
    }


@pytest.fixture
async def shop(ctx: Context, web: httpx.AsyncClient, offer: Offer) -> Any:
    async with ctx.database.session() as session:
        await service.set_stripe_secret(session, offer.id, STRIPE, secrets=ctx.secrets)

    async def send(event: dict[str, Any], **how: Any) -> httpx.Response:
        body = json.dumps(event).encode()
        return await web.post(f"/c/{offer.id}/stripe", content=body, headers=stripe_headers(body, **how))

    return send


async def test_a_paid_checkout_is_a_sale_of_the_click_it_names(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink, shop: Any
) -> None:
    ids = [await click(web, link), await click(web, link)]
    answer = await shop(checkout(client_reference_id="-".join(ids)))
    assert answer.json()["matched_by"] == "click"
    (made,) = await recorded(ctx, offer)
    assert (made.value_minor, made.currency, made.first_click_id, made.click_id) == (4900, "USD", *ids)


async def test_stripe_may_send_an_event_as_often_as_it_likes(ctx: Context, offer: Offer, shop: Any) -> None:
    for _ in range(3):
        await shop(checkout())
    await shop(checkout() | {"id": "evt_9", "type": "checkout.session.async_payment_succeeded"})
    assert len(await recorded(ctx, offer)) == 1


async def test_refunds_in_parts_are_each_taken_off_once(ctx: Context, offer: Offer, shop: Any) -> None:
    for event in (checkout(), refund(1000), refund(1000), refund(4900, before=1000)):
        await shop(event)
    assert sum(one.value_minor for one in await recorded(ctx, offer)) == 0


async def test_what_is_no_sale_is_ignored_and_said_so(ctx: Context, offer: Offer, shop: Any) -> None:
    unpaid = await shop(checkout(payment_status="unpaid"))
    other = await shop(checkout() | {"type": "customer.created"})
    assert (unpaid.json(), other.json()) == ({"ignored": "checkout.session.completed"}, {"ignored": "customer.created"})
    assert await recorded(ctx, offer) == []


@pytest.mark.parametrize("how", [{"secret": "whsec_other"}, {"at": datetime.now(UTC) - timedelta(minutes=6)}])
async def test_a_strangers_or_a_replayed_event_is_refused(
    ctx: Context, offer: Offer, shop: Any, how: dict[str, Any]
) -> None:
    assert (await shop(checkout(), **how)).status_code == 401
    assert await recorded(ctx, offer) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type":"charge.refunded","created":"x","data":{"object":{}}}'])
async def test_garbage_that_is_signed_gets_an_error_and_no_fault(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, shop: Any, body: bytes
) -> None:
    answer = await web.post(f"/c/{offer.id}/stripe", content=body, headers=stripe_headers(body))
    assert answer.status_code in (200, 400)


# The snippet


async def test_the_snippet_tells_of_its_own_endpoint(web: httpx.AsyncClient, offer: Offer) -> None:
    answer = await web.get(f"/c/{offer.id}/snippet.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert f"/c/{offer.id}/event" in answer.text


async def test_a_browser_tells_with_the_click_it_came_by(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    body = json.dumps({"kind": "lead", "id": "form-1", "click": await click(web, link)})
    answer = await web.post(f"/c/{offer.id}/event", content=body, headers={"Origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    (made,) = await recorded(ctx, offer)
    assert (made.kind, made.matched_by, made.source) == ("lead", "click", "snippet")


async def test_a_browser_that_kept_nothing_is_known_by_its_visit_today(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink
) -> None:
    clicked = await click(web, link)
    await web.post(f"/c/{offer.id}/event", content="{}", headers={"Origin": "https://www.shop.example"})
    (made,) = await recorded(ctx, offer)
    assert (made.click_id, made.matched_by) == (clicked, MatchedBy.VISITOR)


async def test_an_event_without_any_click_counts_for_nothing(
    ctx: Context, web: httpx.AsyncClient, offer: Offer
) -> None:
    answer = await web.post(f"/c/{offer.id}/event", content="{}", headers={"Origin": "https://shop.example"})
    assert answer.status_code == 401
    assert await recorded(ctx, offer) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "https://notshop.example", "null", ""])
async def test_an_event_from_another_page_is_refused(
    ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink, origin: str
) -> None:
    body = json.dumps({"click": await click(web, link)})
    assert (await web.post(f"/c/{offer.id}/event", content=body, headers={"Origin": origin})).status_code == 401


async def test_a_body_without_end_is_refused(web: httpx.AsyncClient, offer: Offer) -> None:
    answer = await web.post(f"/c/{offer.id}/event", content=b"x" * 300_000, headers={"Origin": "https://shop.example"})
    assert answer.status_code == 400


# CSV

_CSV = """\ufeffkind, id, at, value, currency, click, link
sale,o-1,2026-11-20T10:00:00Z,19.99,EUR,,{slug}
lead,o-2,,,,,
"""


async def send_csv(web: httpx.AsyncClient, offer: Offer, text: str, **query: str) -> httpx.Response:
    return await web.post(
        f"/api/offers/{offer.id}/conversions/import",
        content=text.encode(),
        params=query,
        headers={"Content-Type": "text/csv"},
    )


async def test_a_sheet_is_imported_once(ctx: Context, web: httpx.AsyncClient, offer: Offer, link: TrackedLink) -> None:
    answers = [(await send_csv(web, offer, _CSV.format(slug=link.slug))).json() for _ in range(2)]
    assert [(a["lines"], a["added"], a["repeated"], a["unmatched"]) for a in answers] == [(2, 2, 0, 1), (2, 0, 2, 0)]
    lead, sale = await recorded(ctx, offer)
    assert (sale.value_minor, sale.link_id, lead.matched_by) == (1999, link.id, MatchedBy.NONE)


async def test_one_wrong_line_keeps_every_line_out(ctx: Context, web: httpx.AsyncClient, offer: Offer) -> None:
    answer = (await send_csv(web, offer, "id,value,currency\na,1,EUR\nb,x,EUR\n,1,EUR\n")).json()
    assert [problem["field"] for problem in answer["problems"]] == ["line 3 value", "line 4 id"]
    assert await recorded(ctx, offer) == []


async def test_a_dry_run_writes_nothing(ctx: Context, web: httpx.AsyncClient, offer: Offer) -> None:
    assert (await send_csv(web, offer, "id\na\n", dry_run="true")).json()["added"] == 1
    assert await recorded(ctx, offer) == []


async def test_a_sheet_without_ids_is_refused(web: httpx.AsyncClient, offer: Offer) -> None:
    answer = await send_csv(web, offer, "order,value\n1,2\n")
    assert (answer.status_code, "column `id`" in answer.json()["detail"]) == (400, True)
