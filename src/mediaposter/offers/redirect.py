"""GET /r/{slug}: the click is stored, then the visitor goes on.

It stands before everything else that looks at a request: it needs no token, no schema and no trace, and a post that
does well sends thousands of people in a minute.
"""

from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.types import ASGIApp, Receive, Scope, Send

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.ids import new_id
from mediaposter.core.visitors import address_of, country_of, recognise
from mediaposter.offers import pages, repository
from mediaposter.offers.clicks import writer_of
from mediaposter.offers.links import is_slug, with_click
from mediaposter.offers.repository import Click
from mediaposter.offers.service import referrer_host

_PREFIX = "/r/"
_TARGETS_MAX = 10_000
_HTML = [(b"content-type", b"text/html; charset=utf-8")]
_REDIRECT = [(b"cache-control", b"no-store"), (b"x-robots-tag", b"noindex"), (b"content-length", b"0")]


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a link leads; the id of a click goes into the gap, if there is one."""

    link_id: str
    url: str
    gap: tuple[str, str] | None

    def for_click(self, click_id: str | None) -> str:
        return click_id.join(self.gap) if self.gap and click_id else self.url


# A link never changes once it was made, so what was read of it stays true. By database and slug.
_targets: OrderedDict[tuple[str, str], _Target] = OrderedDict()


class RedirectMiddleware:
    """Answers the tracked links, and leaves every other request to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        await _follow(context.current(), scope, send)


async def _follow(ctx: Context, scope: Scope, send: Send) -> None:
    """Store the click, then redirect. A HEAD looks and is not a visit; a prefetch counts as a robot's."""
    try:
        target = await _target(ctx, scope["path"][len(_PREFIX) :])
        if target is None:
            await _page(send, scope, 404, pages.no_such_link(ctx.settings.site_url))
            return
        click_id = new_id("click") if scope["method"] == "GET" else None
        if click_id is not None:
            await writer_of(ctx.database).store(await _click(ctx, click_id, target.link_id, scope))
    except (OperationalError, InterfaceError, OSError):
        # Not stored, so not redirected: the page asks again by itself.
        await _page(send, scope, 503, pages.come_back(), ("retry-after", "2"))
        return
    location = (b"location", target.for_click(click_id).encode("ascii"))
    await send({"type": "http.response.start", "status": 302, "headers": [location, *_REDIRECT]})
    await send({"type": "http.response.body", "body": b""})


async def _click(ctx: Context, click_id: str, link_id: str, scope: Scope) -> Click:
    now = ctx.clock()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    address = address_of(headers, scope["client"][0] if scope.get("client") else "", ctx.settings)
    visitor = await recognise(ctx.database, address=address, headers=headers, now=now)
    return Click(
        id=click_id,
        link_id=link_id,
        visitor=visitor.key,
        robot=visitor.robot,
        device=visitor.device,
        referrer=referrer_host(headers),
        country=country_of(headers, ctx.settings),
        at=now,
    )


async def _target(ctx: Context, slug: str) -> _Target | None:
    if not is_slug(slug):
        return None
    key = (ctx.database.url, slug)
    if key in _targets:
        _targets.move_to_end(key)
        return _targets[key]
    async with ctx.database.session() as session:
        found = await repository.get_target(session, slug)
    if found is None:
        return None
    link_id, url, parameter = found
    _targets[key] = _Target(link_id, url, with_click(url, parameter) if parameter else None)
    while len(_targets) > _TARGETS_MAX:
        _targets.popitem(last=False)
    return _targets[key]


async def _page(send: Send, scope: Scope, status: int, html: str, *more: tuple[str, str]) -> None:
    body = html.encode()
    headers = [(name.lower().encode(), value.encode()) for name, value in (*pages.HEADERS.items(), *more)]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*_HTML, *headers, length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
