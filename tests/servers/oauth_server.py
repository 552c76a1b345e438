"""A strict authorization server (RFC 6749, RFC 7636, OAuth 2.1 on refresh tokens), and the small platform behind it.

Codes are good once, for a minute, for exactly the redirect address and the verifier that they were asked with. Refresh
tokens rotate; one that is shown a second time ends the whole login, as RFC 9700 (4.14.2) advises and platforms do.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.servers.loopback import serving

CLIENT_ID, CLIENT_SECRET = "app-1", "s3cret-of-the-app"


@dataclass
class Login:
    """What a person has allowed. `refresh` is the one good refresh token, `spent` those that were."""

    person: str
    scopes: list[str]
    refresh: str = ""
    spent: set[str] = field(default_factory=set)
    over: bool = False


@dataclass
class _Code:
    login: Login
    redirect_uri: str
    challenge: str
    until: float


@dataclass
class OAuthServer:
    """One platform. `faults` are statuses (or 0: slow, -1: cut off after the work) of the next answers about tokens."""

    redirect_uris: set[str] = field(default_factory=set)
    person: str = "ann"  # who is signed in at the platform in the browser
    pages: dict[str, list[str]] = field(default_factory=dict)  # the pages of each person, besides the person
    denies: bool = False
    grants: list[str] | None = None  # the scopes that the person leaves ticked
    lasts: int | None = 3600
    rotates: bool = True
    basic: bool = False
    faults: deque[int] = field(default_factory=deque)
    slow: float = 0.3
    codes: dict[str, _Code] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    access: dict[str, tuple[Login, float]] = field(default_factory=dict)
    logins: list[Login] = field(default_factory=list)
    renewals: int = 0
    refuses_posts: bool = False  # says of good tokens that they are not, where posts are made
    posts: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Generator["OAuthServer"]:
        routes = [
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/me", self.me),
            Route("/posts", self.post, methods=["POST"]),
        ]
        with serving(_Cutting(Starlette(routes=routes))) as url:
            self.url = url
            yield self

    def revoke(self, person: str) -> None:
        """End what a person has allowed, tokens and all."""
        for login in self.logins:
            login.over |= login.person == person
        self.access = {token: it for token, it in self.access.items() if not it[0].over}

    def end_tokens(self) -> None:
        """Let every access token end now; the logins go on."""
        self.access.clear()

    async def authorize(self, request: Request) -> Response:
        """The page where the person says yes or no; it answers at once as `denies` and `grants` say."""
        asked = request.query_params
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != CLIENT_ID or redirect_uri not in self.redirect_uris:
            return Response("redirect_uri is not registered", 400)  # never redirect to an unknown address
        state = {"state": asked["state"]} if "state" in asked else {}
        wrong = (
            "unsupported_response_type"
            if asked.get("response_type") != "code"
            else "invalid_request"
            if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43 or not state
            else "access_denied"
            if self.denies
            else ""
        )
        if wrong:
            told = {"error": wrong, "error_description": f"<b>{wrong}</b> & more", **state}
            return RedirectResponse(f"{redirect_uri}?{urlencode(told)}", 302)
        login = Login(self.person, self.grants if self.grants is not None else asked["scope"].split())
        self.logins.append(login)
        code = secrets.token_urlsafe(24)
        self.codes[code] = _Code(login, redirect_uri, asked["code_challenge"], time.monotonic() + 60)
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, **state})}", 302)

    async def token(self, request: Request) -> Response:
        """Codes and refresh tokens for tokens."""
        form = dict(parse_qsl((await request.body()).decode()))
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and fault > 0:
            return JSONResponse({"error": "server_error"} if fault >= 500 else {"message": "no"}, fault)
        if fault == 0:
            await asyncio.sleep(self.slow)
        if not self._is_the_app(request, form):
            return _refused("invalid_client", 401)
        match form.get("grant_type"):
            case "authorization_code":
                answer = self._by_code(form)
            case "refresh_token":
                answer = self._by_refresh(form)
            case _:
                answer = _refused("unsupported_grant_type")
        if fault == -1:
            request.scope["cut"]()
            await asyncio.sleep(0.05)
        return answer

    def _is_the_app(self, request: Request, form: dict[str, str]) -> bool:
        if not self.basic:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {pair}" and "client_secret" not in form

    def _by_code(self, form: dict[str, str]) -> Response:
        code = form.get("code", "")
        if code in self.used:
            for login in self.logins:  # whoever shows it again has stolen it
                login.over = True
            return _refused("invalid_grant")
        asked = self.codes.pop(code, None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or asked.until < time.monotonic()
            or asked.redirect_uri != form.get("redirect_uri")
            or asked.challenge != base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            or not 43 <= len(form.get("code_verifier", "")) <= 128
        ):
            return _refused("invalid_grant")
        self.used.add(code)
        return self._issue(asked.login)

    def _by_refresh(self, form: dict[str, str]) -> Response:
        shown = form.get("refresh_token", "")
        for login in self.logins:
            if shown in login.spent:
                login.over = True  # shown twice: somebody has stolen it
            if shown == login.refresh and shown and not login.over:
                self.renewals += 1
                return self._issue(login)
        return _refused("invalid_grant")

    def _issue(self, login: Login) -> Response:
        token = secrets.token_urlsafe(16)
        self.access[token] = (login, time.monotonic() + (self.lasts or 10**6))
        told: dict[str, object] = {"access_token": token, "token_type": "Bearer", "scope": " ".join(login.scopes)}
        if self.lasts is not None:
            told["expires_in"] = self.lasts
        if self.rotates or not login.refresh:
            if login.refresh:
                login.spent.add(login.refresh)
            login.refresh = secrets.token_urlsafe(16)
            told["refresh_token"] = login.refresh
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    def _person(self, request: Request) -> Login | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        login, until = self.access.get(token, (None, 0.0))
        return login if login is not None and not login.over and time.monotonic() < until else None

    async def me(self, request: Request) -> Response:
        """Who the token is of, and the pages of that person."""
        login = self._person(request)
        if login is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        names = [login.person, *self.pages.get(login.person, [])]
        return JSONResponse({"accounts": [{"id": f"id-{name}", "handle": name} for name in names]})

    async def post(self, request: Request) -> Response:
        """Make a post."""
        login = self._person(request)
        if login is None or self.refuses_posts:
            return JSONResponse({"error": "invalid_token"}, 401)
        told = await request.json()
        self.posts.append((told["as"], told["text"]))
        return JSONResponse({"id": str(len(self.posts))}, 201)


class _Cutting:
    """Gives routes the means to cut the connection."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def __call__(self, scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
        if scope["type"] == "http":
            scope["cut"] = send.__self__.transport.abort  # type: ignore[attr-defined]
        await self._app(scope, receive, send)  # type: ignore[arg-type]


def _refused(error: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": f"It is {error}."}, status)
