"""The connect page over HTTP: sign in with a token, choose a channel, allow or paste, choose accounts."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context
from mediaposter.core.errors import AuthError, MediaPosterError, NotFoundError
from mediaposter.publishing import service
from mediaposter.publishing.channel import Connectable
from mediaposter.publishing.connecting import flows, pages, paste, redirects
from mediaposter.publishing.connecting.errors import ConnectError
from mediaposter.publishing.connecting.routes import connect_channels
from mediaposter.publishing.connecting.sessions import COOKIE, form_of, form_token, sign_in, signed_in, trusted_form
from mediaposter.publishing.models import Account, Connection
from mediaposter.publishing.registry import load_channel, load_channels

router = APIRouter(prefix="/connect", include_in_schema=False)


@router.get("")
async def overview(request: Request) -> Response:
    """Every channel with what it needs, and the accounts that are connected."""
    ctx = context.current()
    if not await signed_in(ctx, request):
        return _page("sign_in.html", next_path="/connect")
    async with ctx.database.session() as session:
        accounts = await service.list_accounts(session)
    return _page(
        "overview.html",
        channels=connect_channels(),
        accounts=[one for one in accounts if isinstance(load_channels().get(one.channel), Connectable)],
        form_token=form_token(ctx, request),
    )


@router.post("/sign-in")
async def enter(request: Request) -> Response:
    """Take a token and remember it sealed in a cookie."""
    ctx = context.current()
    try:
        fields = await form_of(request)
        there = "".join(fields.get("next", [])) or "/connect"
        # Only to pages of ours: an address after // would lead elsewhere.
        answer = RedirectResponse(there if there.startswith("/connect") else "/connect", 303, pages.headers())
        await sign_in(ctx, request, answer, "".join(fields.get("token", [])).strip())
    except MediaPosterError as error:
        return _page("sign_in.html", error.status, next_path="/connect", problem=error)
    return answer


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    """Forget the browser."""
    answer = RedirectResponse("/connect", 303, pages.headers())
    if await signed_in(context.current(), request):
        await trusted_form(context.current(), request)
    answer.delete_cookie(COOKIE, path="/connect")
    return answer


@router.get("/result/{connection_id}")
async def result(request: Request, connection_id: str) -> Response:
    """What became of a connection: connected, or accounts to choose from."""
    ctx = context.current()
    if not await signed_in(ctx, request):
        return _page("sign_in.html", next_path=f"/connect/result/{connection_id}")
    try:
        async with ctx.database.session() as session:
            row = await flows.get(session, connection_id)
            accounts = await _accounts(session, row)
    except MediaPosterError as error:
        return _failed(error)
    return _result(request, row, accounts)


@router.post("/result/{connection_id}")
async def choose(request: Request, connection_id: str) -> Response:
    """Connect the accounts that were ticked."""
    ctx = context.current()
    try:
        fields = await trusted_form(ctx, request)
        await flows.choose(ctx, connection_id, fields.get("account", []))
    except MediaPosterError as error:
        return _failed(error, back=f"/connect/result/{connection_id}")
    return RedirectResponse(f"/connect/result/{connection_id}", 303, pages.headers())


@router.get("/{channel}")
async def one_channel(request: Request, channel: str) -> Response:
    """What one channel needs."""
    ctx = context.current()
    if not await signed_in(ctx, request):
        return _page("sign_in.html", next_path=f"/connect/{channel}")
    try:
        return _channel(request, channel)
    except MediaPosterError as error:
        return _failed(error)


@router.post("/{channel}")
async def begin(request: Request, channel: str) -> Response:
    """Send the browser to the platform, or take what was pasted."""
    ctx = context.current()
    try:
        fields = await trusted_form(ctx, request)
        values = {name: "".join(told) for name, told in fields.items() if name != "how"}
        if fields.get("how") == ["oauth"]:
            uri = redirects.for_page(ctx.settings, channel)
            begun = await flows.begin(ctx, channel, redirect_uri=uri)
            # No redirect: browsers hold every hop after a form to form-action, and platforms hop between their hosts.
            return _page("leaving.html", url=begun.url, title=load_channel(channel).title)
        values = {name: value for name, value in values.items() if value.strip()}
        row = await flows.offer(ctx, channel, await paste.identify(channel, values))
    except AuthError as error:
        return _page("sign_in.html", error.status, next_path=f"/connect/{channel}", problem=error)
    except MediaPosterError as error:
        return _channel(request, channel, problem=error)
    return RedirectResponse(f"/connect/result/{row.id}", 303, pages.headers())


@router.get("/{channel}/callback")
async def callback(request: Request, channel: str) -> Response:
    """Where the platform sends the browser back to. Whoever started the flow sees the rest where that was."""
    ctx = context.current()
    try:
        row = await flows.receive(ctx, channel, dict(request.query_params))
    except MediaPosterError as error:
        return _failed(error, back=f"/connect/{channel}")
    if await signed_in(ctx, request):
        # Away from the address with the code in it.
        return RedirectResponse(f"/connect/result/{row.id}", 303, pages.headers())
    async with ctx.database.session() as session:
        names = [one.handle for one in await _accounts(session, row)]
    return _page("returned.html", handles=names, title=load_channel(channel).title)


def _channel(request: Request, name: str, *, problem: MediaPosterError | None = None) -> Response:
    found = next((one for one in connect_channels() if one.channel == name), None)
    if found is None:
        raise NotFoundError(f"There is nothing to connect on {name}.", fix="Choose one of the channels.")
    return _page(
        "channel.html",
        problem.status if problem else 200,
        channel=found,
        problem=problem,
        form_token=form_token(context.current(), request),
    )


def _result(request: Request, row: Connection, accounts: Sequence[Account]) -> Response:
    ctx = context.current()
    if row.problem is not None:
        error = ConnectError(str(row.problem["detail"]), fix=str(row.problem["fix"]))
        return _failed(error, back=f"/connect/{row.channel}")
    return _page(
        "result.html",
        title=load_channel(row.channel).title,
        connection=row,
        found=flows.identities_of(ctx, row),
        accounts=accounts,
        form_token=form_token(ctx, request),
    )


async def _accounts(session: AsyncSession, row: Connection) -> list[Account]:
    ids: list[str] = (row.result or {}).get("accounts", [])
    return [await service.get_account(session, one) for one in ids]


def _failed(error: MediaPosterError, *, back: str = "/connect") -> Response:
    return _page("failed.html", error.status, problem=error, back=back)


def _page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    values.setdefault("problem", None)
    return HTMLResponse(pages.render(name, **values), status, pages.headers())
