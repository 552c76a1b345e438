"""Offers over HTTP."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status

from mediaposter.core import context
from mediaposter.offers import report, service
from mediaposter.offers.codes import CodeFormat, code_of
from mediaposter.offers.report import By, Model
from mediaposter.offers.schemas import (
    ConversionRead,
    ImportRead,
    LinkCreate,
    LinkRead,
    OfferCreate,
    OfferRead,
    OfferUpdate,
    ReportRow,
    SecretRead,
    StripeSecret,
    TrailRow,
)

router = APIRouter(prefix="/api", tags=["offers"])


@router.post("/offers", status_code=status.HTTP_201_CREATED, summary="Add an offer")
async def create_offer(request: OfferCreate) -> OfferRead:
    """Its URL is checked now: only what is stored here is ever redirected to."""
    ctx = context.current()
    async with ctx.database.session() as session:
        offer = await service.create_offer(session, **request.model_dump(), clock=ctx.clock)
        return OfferRead.of(offer)


@router.get("/offers", summary="List the offers, newest first")
async def list_offers(
    archived: Annotated[bool, Query(description="With the archived ones.")] = False,
) -> list[OfferRead]:
    """Return the offers."""
    async with context.current().database.session() as session:
        return [OfferRead.of(offer) for offer in await service.list_offers(session, archived=archived)]


@router.get("/offers/{offer_id}", summary="Show one offer")
async def show_offer(offer_id: str) -> OfferRead:
    """Return the offer."""
    async with context.current().database.session() as session:
        return OfferRead.of(await service.get_offer(session, offer_id))


@router.patch("/offers/{offer_id}", summary="Change an offer")
async def update_offer(offer_id: str, request: OfferUpdate) -> OfferRead:
    """Links that exist keep the target they were made with."""
    async with context.current().database.session() as session:
        offer = await service.update_offer(session, offer_id, name=request.name, url=request.url, cta=request.cta)
        return OfferRead.of(offer)


@router.delete("/offers/{offer_id}", summary="Take an offer out of use")
async def archive_offer(offer_id: str) -> OfferRead:
    """Its links go on redirecting: they are out in the world."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return OfferRead.of(await service.archive_offer(session, offer_id, clock=ctx.clock))


@router.post("/offers/{offer_id}/links", status_code=status.HTTP_201_CREATED, summary="Make a tracked link")
async def create_link(offer_id: str, request: LinkCreate) -> LinkRead:
    """UTM parameters are added to the offer's URL; its own query stays as it is."""
    ctx = context.current()
    async with ctx.database.session() as session:
        made = await service.create_tracked_link(
            session,
            offer_id=offer_id,
            channel=request.channel,
            campaign=request.campaign,
            account_id=request.account_id,
            publication_id=request.publication_id,
            placement=request.placement,
            base_url=ctx.settings.site_url,
            clock=ctx.clock,
        )
        link = await service.get_link(session, made.id)
        counts = await service.count_clicks(session, [link.id])
        return LinkRead.of(link, counts[link.id], ctx.settings.site_url)


@router.get("/offers/{offer_id}/links", summary="List an offer's tracked links with their clicks")
async def list_links(offer_id: str) -> list[LinkRead]:
    """People and robots are counted apart; `unique` counts a visitor once a day."""
    ctx = context.current()
    async with ctx.database.session() as session:
        await service.get_offer(session, offer_id)
        links = await service.list_links(session, offer_id=offer_id)
        counts = await service.count_clicks(session, [link.id for link in links])
        return [LinkRead.of(link, counts[link.id], ctx.settings.site_url) for link in links]


@router.get(
    "/offers/links/{link_id}/code",
    summary="The QR code of a tracked link",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}, "image/png": {}}}},
)
async def link_code(link_id: str, format: CodeFormat = CodeFormat.SVG) -> Response:  # noqa: A002 - its name outside
    """As SVG or PNG, readable with a quarter of it covered."""
    ctx = context.current()
    async with ctx.database.session() as session:
        link = await service.get_link(session, link_id)
    kind = "image/svg+xml" if format is CodeFormat.SVG else "image/png"
    return Response(code_of(service.link_url(link.slug, ctx.settings.site_url), format=format), media_type=kind)


@router.get("/offers/{offer_id}/conversions", summary="List an offer's conversions, newest first")
async def list_conversions(
    offer_id: str, limit: Annotated[int, Query(ge=1, le=500)] = 100, before: str | None = None
) -> list[ConversionRead]:
    """Each with the first and the last click that led to it. `before` is the id of the last one of the page before."""
    async with context.current().database.session() as session:
        rows = await service.list_conversions(session, offer_id, limit=limit, before=before)
        return [ConversionRead.model_validate(row) for row in rows]


@router.post("/offers/{offer_id}/conversions/import", summary="Import conversions from CSV")
async def import_conversions(
    offer_id: str, body: Annotated[str, Body(media_type="text/csv", max_length=20_000_000)], dry_run: bool = False
) -> ImportRead:
    """All lines or none. A repeated `id` adds nothing. Columns: kind, id, at, value, currency, click, link."""
    ctx = context.current()
    async with ctx.database.session() as session:
        done = await service.import_conversions(session, offer_id, body, clock=ctx.clock)
        if dry_run:
            await session.rollback()
    return ImportRead.model_validate(
        {**vars(done), "problems": [vars(one) for one in done.problems], "dry_run": dry_run}
    )


@router.post("/offers/{offer_id}/postback-secret", summary="Make the secret of an offer's postbacks")
async def make_postback_secret(offer_id: str) -> SecretRead:
    """Shown this once; an earlier one ends."""
    ctx = context.current()
    async with ctx.database.session() as session:
        secret = await service.new_postback_secret(session, offer_id, secrets=ctx.secrets)
    return SecretRead(secret=secret, url=f"{ctx.settings.site_url}/c/{offer_id}/postback")


@router.put("/offers/{offer_id}/stripe-secret", summary="Keep the signing secret of an offer's Stripe endpoint")
async def set_stripe_secret(offer_id: str, request: StripeSecret) -> SecretRead:
    """Answers the address to give to Stripe."""
    ctx = context.current()
    async with ctx.database.session() as session:
        await service.set_stripe_secret(session, offer_id, request.secret.get_secret_value(), secrets=ctx.secrets)
    return SecretRead(secret=None, url=f"{ctx.settings.site_url}/c/{offer_id}/stripe")


@router.get("/traffic/report", summary="Clicks, leads, sales and revenue by what brought them")
async def traffic_report(
    by: By = By.CHANNEL,
    days: Annotated[int, Query(ge=1, le=3660)] = 30,
    model: Model = Model.LAST,
    offer_id: str | None = None,
    dimension: Annotated[str | None, Query(description="Of the recipe, for by=recipe.")] = None,
) -> list[ReportRow]:
    """Of the last `days`. What nothing is known of is the row "(none)"."""
    ctx = context.current()
    until = ctx.clock()
    async with ctx.database.session() as session:
        rows = await report.report(
            session,
            by=by,
            since=until - timedelta(days=days),
            until=until,
            model=model,
            offer_id=offer_id,
            dimension=dimension,
            zone=ctx.settings.time_zone,
        )
    return [ReportRow.model_validate(row) for row in rows]


@router.get("/traffic/trail", summary="Where clicks and conversions came from")
async def traffic_trail(
    id: Annotated[str | None, Query(description="Of one click or conversion.")] = None,  # noqa: A002 - its name outside
    offer_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[TrailRow]:
    """Each with its link, publication, account, recipe, prompts and clips, newest first."""
    async with context.current().database.session() as session:
        rows = await report.trail(session, fact_id=id, offer_id=offer_id, limit=limit)
    return [TrailRow.model_validate(row) for row in rows]
