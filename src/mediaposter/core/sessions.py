"""Browsers that are logged in to the dashboard: by a login link that works once, or by a token; and what they may ask.

A cookie is sent by the browser whoever wrote the page that asks. So it counts on the dashboard's own port alone, it is
never sent along from other sites (SameSite=Strict), and what changes something must come from a page of ours: with a
header that forms of other sites cannot set, and an origin that is this server.
"""

import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.errors import AuthError, ForbiddenError, NotFoundError, TooManyTriesError
from mediaposter.core.housekeeping import on_tidy
from mediaposter.core.ids import new_id
from mediaposter.core.models import ApiToken, BrowserSession, LoginCode
from mediaposter.core.settings import Settings

COOKIE = "mediaposter_session"
OURS_HEADER, OURS_VALUE = "x-mediaposter", "dashboard"
LASTS = timedelta(days=30)
CODE_LASTS = timedelta(minutes=15)
_SEEN_NOTED_EVERY = timedelta(minutes=5)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HOW = "Open the link that `mediaposter dashboard` prints, or log in with a token."


def on_dashboard(scope: Mapping[str, Any], settings: Settings) -> bool:
    """Say whether a request came in on the dashboard's port."""
    server = scope.get("server")
    return bool(settings.dashboard_port and server and server[1] == settings.dashboard_port)


def check_origin(request: Request) -> None:
    """Let through what changes nothing, and what a page of ours asked for. Raises ForbiddenError."""
    if request.method in _SAFE:
        return
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    same = origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    if request.headers.get(OURS_HEADER) != OURS_VALUE or site != "same-origin" or not same:
        raise ForbiddenError(
            "The request did not come from the dashboard.",
            fix=f"Programs send a token instead of a cookie; the dashboard sends `{OURS_HEADER}: {OURS_VALUE}`.",
        )


async def make_code(session: AsyncSession, *, now: datetime) -> str:
    """Make the code of a login link. It works once, for a quarter of an hour, and gives every scope."""
    code = secrets.token_urlsafe(24)
    session.add(LoginCode(code_hash=hash_of(code), expires_at=now + CODE_LASTS, created_at=now))
    await session.flush()
    return code


def login_link(settings: Settings, code: str) -> str:
    """Return the address that logs a browser in. What stands behind # never reaches a server or a log."""
    return f"{dashboard_url(settings)}login/#code={code}"


def dashboard_url(settings: Settings) -> str:
    """Return the dashboard's address on this machine."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.dashboard_port}/"


async def use_code(session: AsyncSession, code: str, *, now: datetime) -> bool:
    """Use up a code, and say whether it was good. Of two at the same time one gets it."""
    query = (
        update(LoginCode)
        .where(LoginCode.code_hash == hash_of(code), LoginCode.used_at.is_(None), LoginCode.expires_at > now)
        .values(used_at=now)
        .returning(LoginCode.code_hash)
    )
    return (await session.execute(query)).scalar_one_or_none() is not None


async def begin(
    session: AsyncSession, *, scopes: Sequence[str], token_id: str | None, browser: str, now: datetime
) -> tuple[str, BrowserSession]:
    """Begin a session and return its cookie's value with its row."""
    secret = secrets.token_urlsafe(32)
    row = BrowserSession(
        id=new_id("ses"),
        secret_hash=hash_of(secret),
        token_id=token_id,
        scopes=list(scopes),
        browser=browser,
        last_seen_at=now,
        expires_at=now + LASTS,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return secret, row


async def find(session: AsyncSession, secret: str | None, *, now: datetime) -> BrowserSession:
    """Return the session of a cookie. Raises AuthError when there is none, or its token was revoked."""
    query = (
        select(BrowserSession)
        .outerjoin(ApiToken, ApiToken.id == BrowserSession.token_id)
        .where(
            BrowserSession.secret_hash == hash_of(secret or ""),
            BrowserSession.expires_at > now,
            or_(BrowserSession.token_id.is_(None), ApiToken.revoked_at.is_(None)),
        )
    )
    row = (await session.execute(query)).scalar_one_or_none()
    if row is None:
        raise AuthError("You are not logged in, or were logged out.", fix=_HOW)
    if now - row.last_seen_at > _SEEN_NOTED_EVERY:
        row.last_seen_at = now
    return row


async def list_sessions(session: AsyncSession, *, now: datetime) -> list[BrowserSession]:
    """Return the sessions that have not expired, the newest first."""
    query = select(BrowserSession).where(BrowserSession.expires_at > now).order_by(BrowserSession.id.desc())
    return list((await session.execute(query)).scalars())


async def end(session: AsyncSession, session_id: str) -> None:
    """Log a browser out. Raises NotFoundError."""
    found = await session.execute(
        delete(BrowserSession).where(BrowserSession.id == session_id).returning(BrowserSession.id)
    )
    if found.scalar_one_or_none() is None:
        raise NotFoundError(f"There is no session {session_id}.", fix="It has ended already.")


@on_tidy
async def _tidy(session: AsyncSession, before: datetime) -> int:
    old = await session.execute(
        delete(BrowserSession).where(BrowserSession.expires_at < before).returning(BrowserSession.id)
    )
    codes = await session.execute(delete(LoginCode).where(LoginCode.expires_at < before).returning(LoginCode.code_hash))
    return len(old.all()) + len(codes.all())


def hash_of(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass
class WrongTries:
    """Wrong tokens and codes of the last minute: after `each` from one address or `together`, nobody may try again."""

    each: int = 10
    together: int = 100
    window: float = 60.0
    clock: Callable[[], float] = monotonic
    _tries: deque[tuple[float, str]] = field(default_factory=deque[tuple[float, str]])

    def check(self, address: str) -> None:
        """Raise TooManyTriesError when this address must wait."""
        now = self.clock()
        while self._tries and now - self._tries[0][0] >= self.window:
            self._tries.popleft()
        mine = [at for at, who in self._tries if who == address]
        stops = mine[-self.each] if len(mine) >= self.each else None
        if len(self._tries) >= self.together:
            stops = max(stops or 0.0, self._tries[-self.together][0])
        if stops is not None:
            seconds = max(1, round(stops + self.window - now))
            raise TooManyTriesError(
                "There were too many wrong tries.", seconds=seconds, fix=f"Wait {seconds} seconds and try again."
            )

    def note(self, address: str) -> None:
        """Note a wrong try."""
        self._tries.append((self.clock(), address))
        while len(self._tries) > 10 * self.together:
            self._tries.popleft()
