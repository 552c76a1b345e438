"""Logging in to the dashboard, and out."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Cookie, Depends, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from mediaposter.core import context, sessions
from mediaposter.core.context import Context
from mediaposter.core.errors import AuthError
from mediaposter.core.models import BrowserSession
from mediaposter.core.sessions import COOKIE
from mediaposter.core.tokens import authorize, holder_of

public_router = APIRouter(prefix="/api", tags=["session"])
router = APIRouter(prefix="/api", tags=["session"], dependencies=[Depends(authorize)])
Kept = Annotated[str | None, Cookie(alias=COOKIE)]
_wrong_tries = sessions.WrongTries()


class LoginRequest(BaseModel):
    """The code of a login link, or a token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: SecretStr | None = Field(default=None, max_length=200)
    token: SecretStr | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.code is None) == (self.token is None):
            raise ValueError("give either the code of a login link or a token")
        return self


class SessionRead(BaseModel):
    """A browser that is logged in. `own` marks the one that asks."""

    id: str
    browser: str
    scopes: list[str]
    own: bool
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class OwnSessionRead(SessionRead):
    """The browser that asks, and what it needs to know of the machine."""

    time_zone: str
    site_url: str
    machine_time: datetime


@public_router.post("/session", status_code=status.HTTP_201_CREATED, summary="Log a browser in")
async def log_in(body: LoginRequest, request: Request, response: Response) -> OwnSessionRead:
    """Answer with a cookie that counts on the dashboard's port alone. A code works once."""
    ctx = context.current()
    address = request.client.host if request.client else "?"
    sessions.check_origin(request)
    _wrong_tries.check(address)
    try:
        scopes, token_id = await _who(ctx, body)
    except AuthError:
        _wrong_tries.note(address)
        raise
    async with ctx.database.session() as session:
        secret, row = await sessions.begin(
            session, scopes=scopes, token_id=token_id, browser=_browser(request), now=ctx.clock()
        )
        answer = _own(row, ctx)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(sessions.LASTS.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https",
    )
    return answer


@public_router.get("/session", summary="Say who is logged in")
async def show(request: Request, cookie: Kept = None) -> OwnSessionRead:
    """Answer 401 when nobody is."""
    ctx = context.current()
    if not sessions.on_dashboard(request.scope, ctx.settings):
        raise AuthError("Sessions are of the dashboard's port alone.", fix="Send a token here.")
    async with ctx.database.session() as session:
        return _own(await sessions.find(session, cookie, now=ctx.clock()), ctx)


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT, summary="Log this browser out")
async def log_out(response: Response, cookie: Kept = None) -> None:
    """Its cookie is worth nothing from then on."""
    ctx = context.current()
    async with ctx.database.session() as session:
        row = await sessions.find(session, cookie, now=ctx.clock())
        await sessions.end(session, row.id)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@router.get("/sessions", summary="List the browsers that are logged in")
async def list_all(cookie: Kept = None) -> list[SessionRead]:
    """The newest first."""
    ctx = context.current()
    async with ctx.database.session() as session:
        own = sessions.hash_of(cookie or "")
        return [
            _read(row, own=row.secret_hash == own) for row in await sessions.list_sessions(session, now=ctx.clock())
        ]


@router.delete("/sessions/{session_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Log a browser out")
async def end(session_id: str) -> None:
    """Whoever sits there has to log in again."""
    async with context.current().database.session() as session:
        await sessions.end(session, session_id)


async def _who(ctx: Context, body: LoginRequest) -> tuple[list[str], str | None]:
    if body.token is not None:
        holder = await holder_of(body.token.get_secret_value())
        return list(holder.scopes), holder.token_id
    assert body.code is not None
    async with ctx.database.session() as session:
        good = await sessions.use_code(session, body.code.get_secret_value(), now=ctx.clock())
    if not good:
        raise AuthError(
            "This login link was used before, or is too old.", fix="Make another one: `mediaposter dashboard`."
        )
    return ["admin"], None


def _read(row: BrowserSession, *, own: bool) -> SessionRead:
    return SessionRead(
        id=row.id,
        browser=row.browser,
        scopes=row.scopes,
        own=own,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
    )


def _own(row: BrowserSession, ctx: Context) -> OwnSessionRead:
    return OwnSessionRead(
        **_read(row, own=True).model_dump(),
        time_zone=ctx.settings.time_zone,
        site_url=ctx.settings.site_url,
        machine_time=ctx.clock(),
    )


def _browser(request: Request) -> str:
    """Return a short name of a browser, by which a person knows it again."""
    agent = request.headers.get("user-agent", "")
    program = next((name for name in ("Edg", "Firefox", "Chrome", "Safari") if name in agent), "A program")
    system = next((name for name in ("iPhone", "iPad", "Android", "Mac", "Windows", "Linux") if name in agent), "")
    return f"{program.replace('Edg', 'Edge')} on {system}" if system else program
