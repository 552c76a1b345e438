"""What the contract servers of all platforms have in common: accounts, posts, faults, and calls that are held.

A server of a platform subclasses PlatformServer, gives its routes as the vendor documents them, and passes the one call
that makes a post public through `creating`. Each account is its own world: faults and holds are set by account.
"""

import asyncio
import inspect
import time
from abc import abstractmethod
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from tests.servers.loopback import serving


class Fault(StrEnum):
    """What goes wrong with the next post of an account."""

    DROPPED = "dropped"  # makes the post, then drops the connection without a byte
    SILENT = "silent"  # makes the post and answers after the caller has given up
    ERROR_AFTER = "error_after"  # makes the post and answers 500
    ERROR_BEFORE = "error_before"  # answers 500 and makes nothing
    LIMITED = "limited"  # 429 that says when to come back (at once)
    LIMITED_UNTIMED = "limited_untimed"  # 429 that does not say when
    REVOKED = "revoked"  # the token was revoked between preparing and posting
    SLOW = "slow"  # the platform works on it for some looks
    PROCESSING_FAILS = "processing_fails"  # the platform took the media and could not use it
    WRONG_LENGTH = "wrong_length"  # makes the post; its answer ends before the length it announced
    DUPLICATE = "duplicate"  # refuses the text as one that it has seen
    QUOTA = "quota"  # the day's quota is used up


REFUSALS = (Fault.ERROR_BEFORE, Fault.LIMITED, Fault.LIMITED_UNTIMED, Fault.REVOKED, Fault.DUPLICATE, Fault.QUOTA)
SILENCE = 1.8  # seconds; longer than the commit of a test's timing


@dataclass
class Published:
    """One public post. `data` is whatever the vendor's answers need."""

    id: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)


@dataclass
class PlatformServer:
    """One platform. `posts` are public; `faults` are taken one by one; `holding` are calls that wait for `release`."""

    name: ClassVar[str]

    posts: dict[str, list[Published]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    tokens: dict[str, str] = field(default_factory=dict)  # token -> account
    revoked: set[str] = field(default_factory=set)
    calls: list[tuple[str, str, float]] = field(default_factory=list)  # method, path, moment
    holds: set[str] = field(default_factory=set)  # accounts whose creating call is held once it has made the post
    holding: set[str] = field(default_factory=set)
    released: bool = False
    url: str = ""

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's documented addresses."""
        raise NotImplementedError

    @abstractmethod
    def refusal(self, fault: Fault) -> Response:
        """The vendor's documented answer for one of REFUSALS. Retry-After of LIMITED is 0 or 1 second."""
        raise NotImplementedError

    def enrol(self, account: str) -> str:
        """Make an account known, and return its token."""
        token = f"{self.name}-token-{account}-7c1e9a"
        self.tokens[token] = account
        return token

    def public(self, account: str) -> list[str]:
        """The texts of an account's public posts, oldest first."""
        return [post.text for post in self.posts[account]]

    @contextmanager
    def running(self) -> Generator["PlatformServer"]:
        with serving(_Watched(self, Starlette(routes=list(self.routes())))) as url:
            self.url = url
            try:
                yield self
            finally:
                self.release()

    def release(self) -> None:
        """Let every held call go on, and hold none any more."""
        self.holds.clear()
        self.released = True

    def bearer(self, request: Request) -> str | None:
        """Return the account of the request's bearer token, None when it is unknown or revoked."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return None if token in self.revoked else self.tokens.get(token)

    def take(self, account: str, *wanted: Fault) -> Fault | None:
        """Take the account's next fault if it is one of `wanted`."""
        waiting = self.faults[account]
        if not waiting or waiting[0] not in wanted:
            return None
        if waiting[0] is Fault.REVOKED:
            self.revoked |= {token for token, whose in self.tokens.items() if whose == account}
        return waiting.popleft()

    async def creating(
        self, request: Request, account: str, make: Callable[[], Response | Awaitable[Response]]
    ) -> Response:
        """Answer the call that makes a post public, with the fault that is due. `make` makes it and answers.

        SLOW and PROCESSING_FAILS are left for the vendor's own routes to `take`, before this call or after it.
        """
        fault = self.take(account, *(one for one in Fault if one not in (Fault.SLOW, Fault.PROCESSING_FAILS)))
        if fault in REFUSALS:
            return self.refusal(fault)
        made = make()
        answer = await made if inspect.isawaitable(made) else made
        await self.hold(account)
        match fault:
            case Fault.DROPPED:
                request.scope["drop"]()
                await asyncio.sleep(0.05)
            case Fault.SILENT:
                await asyncio.sleep(SILENCE)
            case Fault.ERROR_AFTER:
                return self.refusal(Fault.ERROR_BEFORE)
            case Fault.WRONG_LENGTH:
                answer.headers["content-length"] = str(len(answer.body) + 400)
            case _:
                pass
        return answer

    async def hold(self, account: str) -> None:
        """Wait here while the account is held."""
        if account in self.holds:
            self.holding.add(account)
            while not self.released:
                await asyncio.sleep(0.02)


class _Watched:
    """Writes every call down and gives routes the means to cut the connection."""

    def __init__(self, server: PlatformServer, app: Starlette) -> None:
        self._server = server
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self._server.calls.append((scope["method"], scope["path"], time.monotonic()))
            scope["drop"] = send.__self__.transport.abort
        await self._app(scope, receive, send)


def said(status: int, body: Any, **headers: str) -> JSONResponse:
    """Return a JSON answer; underscores in names of headers become hyphens."""
    return JSONResponse(body, status, {name.replace("_", "-"): value for name, value in headers.items()})
