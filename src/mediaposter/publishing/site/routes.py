"""The public site over HTTP. No token: everything here is what an account has made public."""

import hashlib
import secrets
from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.visitors import Visitor, address_of, recognise
from mediaposter.media import service as media
from mediaposter.publishing.serving import file_response, matches
from mediaposter.publishing.site import beacons, feeds, pages, repository, service
from mediaposter.publishing.site.models import Countable
from mediaposter.publishing.site.pages import Home, Item

router = APIRouter(include_in_schema=False)
_READ = ["GET", "HEAD"]
_MORE = 6  # other posts under a post
_SITEMAP_POSTS = 1000  # of one account
_COOKIE = "mp_visitor"
_YEAR = 365 * 24 * 3600
_FOR_EVER = f"public, max-age={_YEAR}, immutable"
_ASK_AGAIN = "no-cache"  # may be kept, must be asked about: the counts on it change, and each view is counted
_FEED_AGE = "public, max-age=300"


@router.api_route("/", methods=_READ)
async def index(request: Request) -> Response:
    """Every home page of this site."""
    ctx = context.current()
    async with ctx.database.session() as session:
        homes = [pages.home_of(account, _base(ctx)) for account in await repository.list_accounts(session)]
    return _page(request, pages.render_index(homes, base_url=_base(ctx)), pages.style_of(None))


@router.api_route("/_site/{name}.css", methods=_READ)
async def stylesheet(name: str) -> Response:
    """The stylesheet, under an address made of its content."""
    if f"/_site/{name}.css" != pages.STYLESHEET_PATH:
        return PlainTextResponse("This stylesheet was replaced by a newer one.", 404)
    return Response(pages.STYLESHEET, media_type="text/css", headers={"Cache-Control": _FOR_EVER})


@router.api_route("/_site/icon.svg", methods=_READ)
async def mark(request: Request) -> Response:
    """The mark of the pages that belong to no account."""
    return _document(request, pages.MARK.encode(), "image/svg+xml")


@router.api_route("/robots.txt", methods=_READ)
async def robots() -> Response:
    """What crawlers may read."""
    return PlainTextResponse(feeds.robots(_base(context.current())), headers={"Cache-Control": _FEED_AGE})


@router.api_route("/sitemap.xml", methods=_READ)
async def sitemap(request: Request) -> Response:
    """Every public page."""
    ctx = context.current()
    async with ctx.database.session() as session:
        listed = [
            await _feed_of(session, pages.home_of(account, _base(ctx)), _base(ctx), _SITEMAP_POSTS)
            for account in await repository.list_accounts(session)
        ]
    return _document(request, feeds.sitemap(listed, base_url=_base(ctx)), "application/xml")


@router.api_route("/oembed", methods=_READ)
async def oembed(
    url: str,
    format: Annotated[str, Query()] = "json",  # noqa: A002 - the name that oEmbed gives it
    maxwidth: Annotated[int | None, Query(ge=1)] = None,
    maxheight: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """How to embed a post, for those who were given its address (oEmbed 1.0)."""
    if format != "json":
        return PlainTextResponse("Only format=json is spoken here.", 501)
    ctx = context.current()
    steps = [unquote(step) for step in urlsplit(url).path.split("/") if step]
    if len(steps) != 2 or not steps[0].startswith("@"):
        return PlainTextResponse("There is no video at this address.", 404)
    item = await _find(ctx, steps[0][1:], steps[1])
    if item is None:
        return PlainTextResponse("There is no video at this address.", 404)
    told = feeds.oembed(item, base_url=_base(ctx), max_width=maxwidth, max_height=maxheight)
    headers = {"Cache-Control": _FEED_AGE, "Access-Control-Allow-Origin": "*"}
    return JSONResponse(told, headers=headers)


@router.api_route("/@{handle}", methods=_READ)
async def home(request: Request, handle: str, before: str | None = None) -> Response:
    """An account's home page. `before` is the post after which an earlier page of its feed begins."""
    ctx = context.current()
    base = _base(ctx)
    async with ctx.database.session() as session:
        account = await repository.get_account(session, handle.lower())
        if account is None:
            return _missing(ctx)
        if handle != account.external_id:
            return RedirectResponse(pages.home_of(account, base).path, 308)
        here = pages.home_of(account, base)
        last = await repository.get_post(session, before) if before else None
        cursor = (last.published_at, last.publication_id) if last and last.account_id == account.id else None
        posts = await repository.list_posts(session, account.id, limit=service.PAGE + 1, before=cursor)
        counts = await service.counts_of(session, [post.publication_id for post in posts])
    items = [pages.item_of(post, here, base, counts[post.publication_id]) for post in posts[: service.PAGE]]
    older = f"{here.path}?before={items[-1].post.publication_id}" if len(posts) > service.PAGE else None
    await _count_view(ctx, request, account.id)
    newer = here.path if cursor else None
    style = pages.style_of(here, items[0] if items else None)
    return _page(request, pages.render_home(here, items, newer=newer, older=older, base_url=base), style)


@router.api_route("/@{handle}/rss.xml", methods=_READ)
async def rss(request: Request, handle: str) -> Response:
    """The posts as RSS 2.0."""
    found = await _feed(context.current(), handle)
    if found is None:
        return _missing(context.current())
    return _document(request, feeds.rss(*found), "application/rss+xml")


@router.api_route("/@{handle}/feed.json", methods=_READ)
async def json_feed(request: Request, handle: str) -> Response:
    """The posts as JSON Feed 1.1."""
    found = await _feed(context.current(), handle)
    if found is None:
        return _missing(context.current())
    return _document(request, feeds.json_feed(*found), "application/feed+json")


@router.api_route("/@{handle}/icon.svg", methods=_READ)
async def icon(request: Request, handle: str) -> Response:
    """The account's picture."""
    ctx = context.current()
    async with ctx.database.session() as session:
        account = await repository.get_account(session, handle.lower())
    if account is None:
        return _missing(ctx)
    picture = pages.icon_of(pages.home_of(account, _base(ctx)))
    return _document(request, picture.encode(), "image/svg+xml")


@router.post("/@{handle}/opened", status_code=204)
async def opened(request: Request, handle: str) -> Response:
    """Count that a visitor followed one of the account's own links. Tracked links are counted by their redirect."""
    ctx = context.current()
    async with ctx.database.session() as session:
        account = await repository.get_account(session, handle.lower())
    if account is None or not _is_ours(request):
        return Response(status_code=404)
    visitor = await _visitor(ctx, request)
    beacons.take(visitor.key)
    async with ctx.database.session() as session:
        await service.count(session, subject=account.id, what=Countable.LINK, visitor=visitor, now=ctx.clock())
    return Response(status_code=204)


@router.api_route("/@{handle}/{slug}", methods=_READ)
async def post(request: Request, handle: str, slug: str) -> Response:
    """The page of one post."""
    ctx = context.current()
    base = _base(ctx)
    item = await _find(ctx, handle, slug)
    if item is None:
        return _missing(ctx)
    if handle != item.home.handle:
        return RedirectResponse(item.path, 308)
    await _count_view(ctx, request, item.post.publication_id)
    async with ctx.database.session() as session:
        others = [
            other
            for other in await repository.list_posts(session, item.home.account.id, limit=_MORE + 1)
            if other.publication_id != item.post.publication_id
        ][:_MORE]
        counts = await service.counts_of(session, [item.post.publication_id, *(o.publication_id for o in others)])
    shown = pages.item_of(item.post, item.home, base, counts[item.post.publication_id])
    more = [pages.item_of(other, item.home, base, counts[other.publication_id]) for other in others]
    return _page(request, pages.render_post(shown, more, base_url=base), pages.style_of(item.home, shown))


@router.api_route("/@{handle}/{slug}/embed", methods=_READ)
async def embed(request: Request, handle: str, slug: str) -> Response:
    """The player alone, for other sites to frame. Its plays are counted, looking at it is not a view."""
    ctx = context.current()
    item = await _find(ctx, handle, slug)
    if item is None:
        return _missing(ctx)
    return _page(request, pages.render_embed(item), pages.style_of(item.home, item), framed=True)


@router.api_route("/@{handle}/{slug}/video.mp4", methods=_READ)
async def video(request: Request, handle: str, slug: str) -> Response:
    """The video, whole or in ranges."""
    ctx = context.current()
    item = await _find(ctx, handle, slug)
    return _missing(ctx) if item is None else await _file(ctx, request, item.post.video_asset_id, "video/mp4")


@router.api_route("/@{handle}/{slug}/poster.jpg", methods=_READ)
async def poster(request: Request, handle: str, slug: str) -> Response:
    """The picture that stands for the video."""
    ctx = context.current()
    item = await _find(ctx, handle, slug)
    return _missing(ctx) if item is None else await _file(ctx, request, item.post.poster_asset_id, "image/jpeg")


@router.post("/@{handle}/{slug}/played", status_code=204)
async def played(request: Request, handle: str, slug: str) -> Response:
    """Count that a visitor began to watch."""
    ctx = context.current()
    item = await _find(ctx, handle, slug)
    if item is None or not _is_ours(request):
        return Response(status_code=404)
    visitor = await _visitor(ctx, request)
    beacons.take(visitor.key)
    async with ctx.database.session() as session:
        subject = item.post.publication_id
        await service.count(session, subject=subject, what=Countable.PLAY, visitor=visitor, now=ctx.clock())
    return Response(status_code=204)


@router.post("/@{handle}/{slug}/liked")
async def liked(request: Request, handle: str, slug: str) -> Response:
    """Like the post, or take the like back. The first like sets a cookie that holds nothing but a random number."""
    ctx = context.current()
    item = await _find(ctx, handle, slug)
    if item is None or not _is_ours(request):
        return Response(status_code=404)
    visitor = await _visitor(ctx, request)
    beacons.take(visitor.key)
    cookie = request.cookies.get(_COOKIE) or secrets.token_urlsafe(18)
    async with ctx.database.session() as session:
        state = await service.toggle_like(
            session, publication_id=item.post.publication_id, cookie=cookie, visitor=visitor, now=ctx.clock()
        )
    response = JSONResponse({"liked": state.liked, "likes": state.likes}, headers={"Cache-Control": "no-store"})
    secure = _base(ctx).startswith("https:")
    response.set_cookie(_COOKIE, cookie, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
    return response


def _base(ctx: Context) -> str:
    return ctx.settings.site_url


async def _find(ctx: Context, handle: str, slug: str) -> Item | None:
    async with ctx.database.session() as session:
        found = await service.find_page(session, handle, slug)
    return pages.item_of(found[1], pages.home_of(found[0], _base(ctx)), _base(ctx)) if found else None


async def _feed(ctx: Context, handle: str) -> tuple[Home, list[Item]] | None:
    async with ctx.database.session() as session:
        account = await repository.get_account(session, handle.lower())
        if account is None:
            return None
        return await _feed_of(session, pages.home_of(account, _base(ctx)), _base(ctx), feeds.FEED)


async def _feed_of(session: AsyncSession, here: Home, base: str, limit: int) -> tuple[Home, list[Item]]:
    posts = await repository.list_posts(session, here.account.id, limit=limit)
    return here, [pages.item_of(post, here, base) for post in posts]


async def _visitor(ctx: Context, request: Request) -> Visitor:
    address = address_of(request.headers, request.client.host if request.client else "", ctx.settings)
    return await recognise(ctx.database, address=address, headers=request.headers, now=ctx.clock())


async def _count_view(ctx: Context, request: Request, subject: str) -> None:
    if request.method != "GET":
        return
    visitor = await _visitor(ctx, request)
    async with ctx.database.session() as session:
        await service.count(session, subject=subject, what=Countable.VIEW, visitor=visitor, now=ctx.clock())


def _is_ours(request: Request) -> bool:
    """Say whether a beacon comes from a page of this site, as far as the browser says."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _page(request: Request, html: str, style: str, *, framed: bool = False) -> Response:
    headers = pages.headers_for(style, framed=framed) | {"Cache-Control": _ASK_AGAIN}
    return _cacheable(request, html.encode(), "text/html; charset=utf-8", headers)


def _missing(ctx: Context) -> Response:
    headers = pages.headers_for(pages.style_of(None)) | {"Cache-Control": "no-store"}
    return HTMLResponse(pages.render_missing(_base(ctx)), 404, headers)


def _document(request: Request, body: bytes, media_type: str) -> Response:
    headers = {"Cache-Control": _FEED_AGE, "X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*"}
    return _cacheable(request, body, media_type, headers)


def _cacheable(request: Request, body: bytes, media_type: str, headers: dict[str, str]) -> Response:
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = headers | {"ETag": tag}
    if matches(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


async def _file(ctx: Context, request: Request, asset_id: str, media_type: str) -> Response:
    async with ctx.database.session() as session:
        asset = await media.get_asset(session, asset_id)
    return await file_response(ctx, request, asset, media_type=media_type, cache=_FOR_EVER)
