"""A site that works as Sora's did, behind a strict content security policy; it counts what it was asked to make.

`on_create` plays, once each: refuse, exhausted, silent (the button does nothing), made_silent (made, and the page does
not say so), fail (the job will). `login`: in, out, odd (neither kind of evidence).
"""

import asyncio
import html
import json
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.servers.loopback import serving

_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
_HEADS = {
    "in": '<a href="/profile">Profile</a><button aria-label="Profile">A</button>',
    "out": '<a href="/login">Log in</a>',
    "odd": "<span>Welcome</span>",
}
_FIRST, _MORE = 13, 10


@dataclass
class Draft:
    id: str
    prompt: str
    seconds: int
    ratio: str
    state: str = "running"  # running, done, failed
    looks: int = 0


@dataclass
class SoraSite:
    """The site. `looks_needed`: how often the drafts are asked for before a job is done."""

    video: Path
    login: str = "in"
    captcha: bool = False
    changed: bool = False
    slow: int = 0  # milliseconds
    looks_needed: int = 1
    cut: bool = False  # cards show the beginning of a prompt only
    usage: str = "27 video gens left 20 free 7 paid More available on Nov 24"
    on_create: deque[str] = field(default_factory=deque)
    drafts: list[Draft] = field(default_factory=list)  # newest first
    url: str = ""

    @contextmanager
    def running(self) -> Generator["SoraSite"]:
        routes = [
            Route("/explore", self._page),
            Route("/drafts", self._page),
            Route("/d/{id}", self._draft),
            Route("/app.js", lambda _: FileResponse(Path(__file__).with_name("app.js"), media_type="text/javascript")),
            Route("/api/create", self._create, methods=["POST"]),
            Route("/api/drafts", self._list),
            Route("/media/{id}.mp4", lambda _: FileResponse(self.video, media_type="video/mp4")),
            Route("/{path:path}", lambda _: HTMLResponse("<title>elsewhere</title>")),
        ]
        with serving(Starlette(routes=routes)) as url:
            self.url = url
            yield self

    def has(self, number: int) -> None:
        """Let there be so many drafts of before."""
        self.drafts += [Draft(f"old{one}", f"An old wish {one}", 10, "Portrait", "done") for one in range(number)]

    async def _page(self, request: Request) -> Response:
        page = {"/explore": "compose", "/drafts": "drafts"}[request.url.path]
        generating = sum(one.state == "running" for one in self.drafts)
        return self._shell(page, {"generating": generating})

    def _shell(self, page: str, config: dict[str, Any], body: str = "") -> Response:
        known = {"page": page, "slow": self.slow, "changed": self.changed, "usage": self.usage, **config}
        captcha = '<div id="captcha-box" style="width:9px;height:9px">Are you human?</div>' if self.captcha else ""
        text = (
            f"<!doctype html><title>Sora</title><body style='min-height:101vh'><header>{_HEADS[self.login]}</header>"
            f"<main>{body}</main>{captcha}<script type='application/json' id='config'>{json.dumps(known)}</script>"
            "<script src='/app.js'></script>"
        )
        return HTMLResponse(text, headers={"content-security-policy": _POLICY})

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        fault = self.on_create.popleft() if self.on_create else ""
        await asyncio.sleep(self.slow / 1000)
        if fault == "refuse":
            return JSONResponse({"message": "This content may violate our guardrails."}, 400)
        if fault == "exhausted":
            return JSONResponse({"message": "You've reached your limit. More available on Nov 24."}, 429)
        if fault == "silent":
            return JSONResponse({}, 400)
        state = "failing" if fault == "fail" else "running"
        self.drafts.insert(0, Draft(f"gen_{uuid4().hex[:16]}", body["prompt"], body["seconds"], body["ratio"], state))
        return JSONResponse({}, 400 if fault == "made_silent" else 200)

    async def _list(self, request: Request) -> Response:
        await asyncio.sleep(self.slow / 1000)
        start = int(request.query_params["from"])
        if start == 0:
            for one in self.drafts:
                if one.state in ("running", "failing"):
                    one.looks += 1
                    if one.looks > self.looks_needed:
                        one.state = "done" if one.state == "running" else "failed"
        ended = [one for one in self.drafts if one.state in ("done", "failed")]
        shown = ended[start : start + (_FIRST if start == 0 else _MORE)]
        items = [
            {
                "id": one.id,
                "label": f"{one.prompt[:20]}…" if self.cut else one.prompt,
                "state": one.state,
                "words": "This video failed to generate.",
            }
            for one in shown
        ]
        return JSONResponse({"items": items, "end": start + len(shown) >= len(ended)})

    async def _draft(self, request: Request) -> Response:
        one = next(draft for draft in self.drafts if draft.id == request.path_params["id"])
        words = html.escape(one.prompt)
        video = f"<video src='/media/{one.id}.mp4' width='90' height='160'></video>"
        return self._shell("draft", {}, f"<article>{video}<p data-testid='prompt'>{words}</p></article>")
