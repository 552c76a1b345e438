"""X's site as far as its recipe knows it. `on_post` plays, once each: repeated, limited, made_silent, silent."""

import json
import re
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.servers.loopback import serving

_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'"


@dataclass
class Shown:
    id: str
    by: str
    text: str
    at: str
    counts: str = "3 replies, 1 repost, 12 likes, 2 bookmarks, 1,204 views"
    reply_to: str | None = None


@dataclass
class XSite:
    """The site. `me` is who is logged in, empty for nobody."""

    me: str = "ann"
    on_post: deque[str] = field(default_factory=deque)
    posts: list[Shown] = field(default_factory=list)  # newest first
    url: str = ""

    @contextmanager
    def running(self) -> Generator["XSite"]:
        routes = [
            Route("/app.js", lambda _: FileResponse(Path(__file__).with_name("app.js"), media_type="text/javascript")),
            Route("/home", lambda _: self._shell({"page": "home"})),
            Route("/compose/post", lambda _: self._shell({"page": "compose", "reply_to": None})),
            Route("/intent/post", self._intent),
            Route("/api/post", self._post, methods=["POST"]),
            Route("/{handle}", self._profile),
            Route("/{handle}/with_replies", self._profile),
            Route("/{handle}/status/{id}", self._status),
        ]
        with serving(Starlette(routes=routes)) as url:
            self.url = url
            yield self

    def _shell(self, config: dict[str, Any]) -> Response:
        known = f'<a data-testid="AppTabBar_Profile_Link" href="/{self.me}">Profile</a>'
        head = known if self.me else '<a href="/login">Log in</a>'
        data = json.dumps(config).replace("<", "\\u003c")
        text = (
            f"<!doctype html><title>X</title><body><nav>{head}</nav><main></main>"
            f"<script type='application/json' id='config'>{data}</script><script src='/app.js'></script>"
        )
        return HTMLResponse(text, headers={"content-security-policy": _POLICY})

    async def _intent(self, request: Request) -> Response:
        return self._shell({"page": "compose", "reply_to": request.query_params["in_reply_to"]})

    async def _post(self, request: Request) -> Response:
        body = json.loads(await request.body())
        fault = self.on_post.popleft() if self.on_post else ""
        if fault == "repeated":
            return JSONResponse({"toast": "Whoops! You already said that."})
        if fault == "limited":
            return JSONResponse({"toast": "You are over the daily limit for sending posts."})
        if fault == "silent":
            return JSONResponse({"done": True})
        # As X shows them: a link is cut short and loses its beginning.
        text = re.sub(r"https?://(\S{12})\S*", r"\1…", body["text"])
        at = datetime.now(UTC).isoformat()
        self.posts.insert(0, Shown(str(1900 + len(self.posts)), self.me, text, at, reply_to=body["reply_to"]))
        return JSONResponse({"done": fault != "made_silent"})

    async def _profile(self, request: Request) -> Response:
        replies = request.url.path.endswith("with_replies")
        shown = [asdict(one) for one in self.posts if replies or one.reply_to is None]
        return self._shell({"page": "list", "posts": shown})

    async def _status(self, request: Request) -> Response:
        shown = [asdict(one) for one in self.posts if one.id == request.path_params["id"]]
        return self._shell({"page": "list", "posts": shown})
