"""API tokens: hashed at rest, scoped, revocable; and the check that every `/api` route goes through."""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fastapi import Request
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, sessions
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import AuthError, ForbiddenError, InvalidInputError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.models import ApiToken
from mediaposter.core.secrets import private_file
from mediaposter.core.settings import Settings

_PREFIX = "mp_"
_USE_NOTED_EVERY = timedelta(minutes=5)  # a write for each request would cost more than the knowledge is worth


class Scope(StrEnum):
    """What a token may do. Each includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


def covers(held: Sequence[str], needed: Scope) -> bool:
    """Say whether the scopes `held` allow what needs `needed`."""
    order = list(Scope)
    return any(scope in order and order.index(Scope(scope)) >= order.index(needed) for scope in held)


async def create_token(
    session: AsyncSession, *, name: str, scope: Scope, clock: Clock = utc_now
) -> tuple[str, ApiToken]:
    """Make a token and return it with its row. The token itself is not kept: show it once. Raises InvalidInputError."""
    if not name.strip():
        raise InvalidInputError("A token needs a name.", fix="Name who will use it, such as `laptop`.")
    secret = _new_secret()
    row = ApiToken(
        id=new_id("tok"), name=name.strip(), token_hash=_hash(secret), scopes=[scope.value], created_at=clock()
    )
    session.add(row)
    await session.flush()
    return secret, row


async def list_tokens(session: AsyncSession) -> list[ApiToken]:
    """Return every token, newest first, revoked ones too."""
    return list((await session.execute(select(ApiToken).order_by(ApiToken.id.desc()))).scalars())


async def revoke_token(session: AsyncSession, token_id: str, *, clock: Clock = utc_now) -> ApiToken:
    """Make a token useless from now on. Raises NotFoundError."""
    row = await session.get(ApiToken, token_id)
    if row is None:
        raise NotFoundError(f"There is no token {token_id}.", fix="List them with `mediaposter tokens list`.")
    row.revoked_at = row.revoked_at or clock()
    return row


def local_token(settings: Settings) -> str:
    """Return the token of this machine, kept in the home with mode 0600 and made at first use. It has every scope."""
    return private_file(settings.home / "token", _new_secret)


async def authorize(request: Request) -> None:
    """Let a request pass whose token or session has the scope it needs: read to look, write to change.

    Raises AuthError and ForbiddenError. For routers: `dependencies=[Depends(authorize)]`.
    """
    await _let_pass(request, Scope.READ if request.method in {"GET", "HEAD", "OPTIONS"} else Scope.WRITE)


def require(needed: Scope) -> Callable[[Request], Awaitable[None]]:
    """Return the check of a route that needs `needed` whatever its method. It raises what `authorize` raises."""

    async def check(request: Request) -> None:
        await _let_pass(request, needed)

    return check


async def _let_pass(request: Request, needed: Scope) -> None:
    held = await _scopes(request)
    if not covers(held, needed):
        raise ForbiddenError(
            f"This token may only {' and '.join(held)}; {request.method} needs {needed}.",
            fix=f"Make one that may: `mediaposter tokens create NAME --scope {needed}`.",
        )


@dataclass(frozen=True)
class Holder:
    """What a token may do, and which it is; None for this machine's own."""

    scopes: Sequence[str]
    token_id: str | None


async def _scopes(request: Request) -> Sequence[str]:
    ctx = context.current()
    cookie = request.cookies.get(sessions.COOKIE)
    if cookie is None or "authorization" in request.headers or not sessions.on_dashboard(request.scope, ctx.settings):
        return (await holder_of(_bearer(request))).scopes
    sessions.check_origin(request)
    async with ctx.database.session() as session:
        return (await sessions.find(session, cookie, now=ctx.clock())).scopes


async def holder_of(secret: str) -> Holder:
    """Return what a token may do. Raises AuthError for one that is not known, or was revoked."""
    ctx = context.current()
    if hmac.compare_digest(secret.encode(), local_token(ctx.settings).encode()):
        return Holder((Scope.ADMIN,), None)
    async with ctx.database.session() as session:
        query = select(ApiToken).where(ApiToken.token_hash == _hash(secret), ApiToken.revoked_at.is_(None))
        row = (await session.execute(query)).scalar_one_or_none()
        if row is None:
            raise AuthError("This token is not known, or was revoked.", fix=_HOW)
        if _is_old(row.last_used_at, ctx.clock()):
            await session.execute(update(ApiToken).where(ApiToken.id == row.id).values(last_used_at=ctx.clock()))
        return Holder(row.scopes, row.id)


def _bearer(request: Request) -> str:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise AuthError("The request has no token.", fix=_HOW)
    return secret.strip()


def _is_old(used: datetime | None, now: datetime) -> bool:
    return used is None or now - used > _USE_NOTED_EVERY


def _new_secret() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


_HOW = (
    "Send `Authorization: Bearer TOKEN`. `mediaposter tokens create NAME` makes one; "
    "this machine's own is in the file `token` of MEDIAPOSTER_HOME."
)
