"""How conversions come in from outside, without a token of ours: postback, snippet, Stripe. CSV comes by the API.

A postback and Stripe prove themselves by a signature. A browser cannot keep a secret: what the snippet tells counts
only with a click of ours or the same visitor behind it, from the offer's own page, and it is marked as `snippet`.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Path, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.errors import FieldProblem, NotConfiguredError
from mediaposter.core.ids import new_id
from mediaposter.core.visitors import address_of, recognise
from mediaposter.offers import conversions, service, signing, telling
from mediaposter.offers.errors import ConversionError, SignatureError
from mediaposter.offers.models import ConversionKind, ConversionSource, MatchedBy, Offer
from mediaposter.offers.schemas import ConversionReceipt
from mediaposter.offers.snippet import script_for

public_router = APIRouter(prefix="/c", tags=["conversions"])
_BODY_MAX = 256 * 1024
OfferId = Annotated[str, Path(description="The id of the offer.")]


@public_router.get("/{offer_id}/postback", summary="Tell of a conversion in a query, signed with the offer's secret")
async def get_postback(offer_id: OfferId, request: Request) -> ConversionReceipt:
    """Do as the POST does, for systems that only fetch an address."""
    return await postback(offer_id, request)


@public_router.post("/{offer_id}/postback", summary="Tell of a conversion, signed with the offer's secret")
async def postback(offer_id: OfferId, request: Request) -> ConversionReceipt:
    """Take `id`, `kind`, `value`, `currency`, `click`, `link`, `at` from the query or a form, with `t` and `sig`."""
    ctx = context.current()
    parameters = [*request.query_params.multi_items()]
    if request.method == "POST":
        parameters += _form(await _body(request))
    async with ctx.database.session() as session:
        offer = await service.get_offer(session, offer_id)
        secret = _secret(ctx, offer.sealed_postback_secret, offer, "set-postback")
        signing.check_postback(secret, parameters, now=ctx.clock())
        told = telling.from_fields(dict(parameters), ConversionSource.POSTBACK, now=ctx.clock())
        return ConversionReceipt.of(await conversions.record(session, offer, told, now=ctx.clock()))


@public_router.post("/{offer_id}/stripe", summary="Stripe's webhook: paid checkouts and refunds")
async def stripe(offer_id: OfferId, request: Request) -> ConversionReceipt | dict[str, str]:
    """Take an event that Stripe signed; what is no conversion is answered with `ignored`."""
    ctx = context.current()
    body = await _body(request)
    async with ctx.database.session() as session:
        offer = await service.get_offer(session, offer_id)
        secret = _secret(ctx, offer.sealed_stripe_secret, offer, "set-stripe")
        signing.check_stripe(secret, request.headers.get("stripe-signature", ""), body, now=ctx.clock())
        event = _json(body)
        told = telling.from_stripe(event)
        if told is None:
            return {"ignored": str(event.get("type", ""))}
        return ConversionReceipt.of(await conversions.record(session, offer, told, now=ctx.clock()))


@public_router.get("/{offer_id}/snippet.js", summary="The script for the offer's page")
async def snippet(offer_id: OfferId) -> Response:
    """Return the script that keeps the ids of clicks in the visitor's browser and tells of conversions."""
    ctx = context.current()
    async with ctx.database.session() as session:
        offer = await service.get_offer(session, offer_id)
    script = script_for(f"{ctx.settings.site_url}/c/{offer.id}/event", offer.click_parameter or "mp_click")
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


class SnippetEvent(BaseModel):
    """What a browser tells of."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    kind: ConversionKind = ConversionKind.LEAD
    id: str = Field(default="", max_length=200)
    value: str = Field(default="", max_length=20)
    currency: str = Field(default="", max_length=3)
    click: str = Field(default="", max_length=400)


@public_router.post("/{offer_id}/event", summary="Tell of a conversion from the offer's page")
async def event(offer_id: OfferId, request: Request) -> Response:
    """Take what the snippet sends (as text, so that the browser asks nobody first). Answers the offer's page only."""
    ctx = context.current()
    body = await _body(request)
    async with ctx.database.session() as session:
        offer = await service.get_offer(session, offer_id)
        origin = _own_origin(offer, request.headers.get("origin", ""))
        told = await _from_browser(ctx, request, body)
        recorded = await conversions.record(session, offer, told, now=ctx.clock())
        if recorded.conversion.matched_by is MatchedBy.NONE:
            # Anybody could send it. Without a click of ours behind it, it counts for nothing.
            raise SignatureError(
                "No click of this visitor is known.", fix="Nothing: conversions of other visitors are not counted."
            )
    return Response(
        ConversionReceipt.of(recorded).model_dump_json(),
        status.HTTP_200_OK,
        {"Access-Control-Allow-Origin": origin, "Vary": "Origin"},
        "application/json",
    )


async def _from_browser(ctx: Context, request: Request, body: bytes) -> conversions.Told:
    try:
        said = SnippetEvent.model_validate(_json(body))
    except ValidationError as error:
        problems = [
            FieldProblem(str(one["loc"][0]), str(one["msg"]), "See the guide on offers.") for one in error.errors()
        ]
        raise ConversionError("The event breaks a rule.", fix=problems[0].fix, errors=problems) from error
    if said.kind is ConversionKind.REFUND:
        raise ConversionError("A browser cannot tell of a refund.", fix="Send it by a signed postback.")
    fields = said.model_dump(mode="json") | {"id": said.id or new_id("event")}
    headers = dict(request.headers)
    address = address_of(headers, request.client.host if request.client else "", ctx.settings)
    visitor = await recognise(ctx.database, address=address, headers=headers, now=ctx.clock())
    told = telling.from_fields(fields, ConversionSource.SNIPPET, now=ctx.clock())
    return replace(told, visitor=visitor.key)


def _own_origin(offer: Offer, origin: str) -> str:
    """Return the origin of a request if it is the offer's own page; subdomains of one site count as one."""
    theirs, ours = (urlsplit(url).hostname or "" for url in (origin, offer.url))
    bare = ours.removeprefix("www.")
    if not theirs or not (theirs in (ours, bare) or theirs.endswith(f".{bare}")):
        raise SignatureError(
            f"Events come from the offer's own page, {ours}, and not from {theirs or 'nowhere'}.",
            fix="Put the snippet on the page of the offer.",
        )
    return origin


def _secret(ctx: Context, sealed: str | None, offer: Offer, command: str) -> str:
    if sealed is None:
        setting = f"{command.removeprefix('set-')} secret of {offer.id}"
        raise NotConfiguredError(
            setting,
            f"The offer {offer.name} has no such secret, so nobody can prove who tells of a conversion.",
            fix=f"mediaposter offers {command} {offer.id}",
        )
    return ctx.secrets.open(sealed)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX:
            raise ConversionError(f"The body is larger than {_BODY_MAX} bytes.", fix="Send one conversion at a time.")
    return body


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise ConversionError("The body is no form.", fix="Send it as application/x-www-form-urlencoded.") from error


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(body)
    except ValueError as error:
        raise ConversionError("The body is not JSON.", fix="Send the event unchanged.") from error
    if not isinstance(read, dict):
        raise ConversionError("The body is not a JSON object.", fix="Send the event unchanged.")
    return read
