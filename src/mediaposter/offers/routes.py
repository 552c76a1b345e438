"""Offers over HTTP, and the one public route: the redirect of a tracked link."""

from collections import OrderedDict
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import InterfaceError, OperationalError

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.visitors import address_of, country_of, recognise
from mediaposter.offers import pages, service
from mediaposter.offers.links import is_slug
from mediaposter.offers.schemas import LinkCreate, LinkRead, OfferCreate, OfferRead, OfferUpdate

router = APIRouter(prefix="/api", tags=["offers"])
redirect_router = APIRouter(tags=["redirect"])

_TARGETS_MAX = 10_000
# A link never changes once it was made, so what was read of it stays true. By database and slug: id and target.
_targets: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()


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


@redirect_router.api_route("/r/{slug}", methods=["GET", "HEAD"], include_in_schema=False)
async def follow(slug: str, request: Request) -> Response:
    """Store the click, then redirect. A HEAD looks and is not a visit; a prefetch counts as a robot's."""
    ctx = context.current()
    try:
        found = await _target(ctx, slug)
        if found is None:
            return HTMLResponse(pages.no_such_link(ctx.settings.site_url), 404, pages.HEADERS)
        link_id, target = found
        if request.method == "GET":
            await _store_click(ctx, link_id, request)
    except (OperationalError, InterfaceError, OSError):
        # Not stored, so not redirected: the page asks again by itself.
        return HTMLResponse(pages.come_back(), 503, pages.HEADERS | {"Retry-After": "2"})
    return RedirectResponse(target, 302, {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


async def _target(ctx: Context, slug: str) -> tuple[str, str] | None:
    if not is_slug(slug):
        return None
    key = (ctx.database.url, slug)
    if key in _targets:
        _targets.move_to_end(key)
        return _targets[key]
    async with ctx.database.session() as session:
        link = await service.find_link(session, slug)
    if link is None:
        return None
    _targets[key] = (link.id, link.target)
    while len(_targets) > _TARGETS_MAX:
        _targets.popitem(last=False)
    return _targets[key]


async def _store_click(ctx: Context, link_id: str, request: Request) -> None:
    now = ctx.clock()
    address = address_of(request.headers, request.client.host if request.client else "", ctx.settings)
    visitor = await recognise(ctx.database, address=address, headers=request.headers, now=now)
    async with ctx.database.session() as session:
        await service.record_click(
            session,
            link_id=link_id,
            visitor=visitor,
            referrer=service.referrer_host(request.headers),
            country=country_of(request.headers, ctx.settings),
            at=now,
        )
