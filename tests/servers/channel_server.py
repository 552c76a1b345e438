"""A platform to publish on, without idempotency, with the faults that platforms have. Each account is its own.

`faults` holds what happens to the next creating calls of an account; `hangs` the moments at which a call of it waits
until `release()`: what is killed meanwhile is killed exactly there.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.loopback import serving

TOKEN = "contract-token-5f1c"


@dataclass
class ChannelServer:
    """The posts of every account, in the order in which they were made."""

    posts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    hangs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    hanging: set[tuple[str, str]] = field(default_factory=set)
    released: bool = False
    url: str = ""

    @contextmanager
    def running(self) -> Generator["ChannelServer"]:
        routes = [
            Route("/{account}/uploads", self._upload, methods=["POST"]),
            Route("/{account}/hello", self._hello),
            Route("/{account}/posts", self._create, methods=["POST"]),
            Route("/{account}/posts", self._list),
            Route("/{account}/posts/{id}", self._status),
        ]
        with serving(Starlette(routes=routes)) as url:
            self.url = url
            try:
                yield self
            finally:
                self.release()

    def release(self) -> None:
        self.released = True

    def texts(self, account: str) -> list[str]:
        return [post["text"] for post in self.posts[account]]

    async def _upload(self, request: Request) -> Response:
        account = await self._begin(request, "prepare")
        return JSONResponse({"upload": f"up{len(self.calls[account])}"})

    async def _hello(self, request: Request) -> Response:
        await self._begin(request, "before")
        return JSONResponse({})

    async def _create(self, request: Request) -> Response:
        account = await self._begin(request, "create")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "bad token"}, 401)
        body = await request.json()
        fault = self.faults[account].popleft() if self.faults[account] else ""
        match fault:
            case "refused":
                return JSONResponse({"error": "the text is a duplicate", "access_token": TOKEN}, 422)
            case "revoked":
                return JSONResponse({"error": "token revoked"}, 401)
            case "limited":
                return JSONResponse({"error": "slow down"}, 429, {"Retry-After": "0"})
            case "limited_long":
                return JSONResponse({"error": "slow down"}, 429, {"Retry-After": "3600"})
            case "limited_without_time":
                return JSONResponse({"error": "slow down"}, 429)
            case "error_before_creating":
                return JSONResponse({"error": "oops"}, 500)
        post = {"id": f"{account}-{len(self.posts[account]) + 1}", "text": body["text"], "looks": 0, "fault": fault}
        self.posts[account].append(post)
        await self._wait(account, "during")
        match fault:
            case "error_after_creating":
                return JSONResponse({"error": "oops"}, 500)
            case "drop_after_creating":
                # Cut in the middle of the answer: the promised bytes never come.
                return Response(b"{", headers={"Content-Length": "400", "Content-Type": "application/json"})
            case "silent_after_creating":
                await asyncio.sleep(2)
        return JSONResponse({"id": post["id"], "session_token": TOKEN}, 201)

    async def _list(self, request: Request) -> Response:
        account = await self._begin(request, "find")
        if self.faults[f"{account}:find"]:
            self.faults[f"{account}:find"].popleft()
            return JSONResponse({"error": "maintenance"}, 503)
        return JSONResponse([{"id": post["id"], "text": post["text"]} for post in self.posts[account]])

    async def _status(self, request: Request) -> Response:
        account = await self._begin(request, "confirm")
        post = next(post for post in self.posts[account] if post["id"] == request.path_params["id"])
        post["looks"] += 1
        if post["fault"] == "processing_fails":
            return JSONResponse({"status": "failed", "error": "the ratio is not supported"})
        if post["fault"] == "slow_processing" and post["looks"] < 3:
            return JSONResponse({"status": "processing"})
        if post["fault"] == "never_says":
            return JSONResponse({"status": "processing"})
        return JSONResponse({"status": "published", "url": f"https://platform.example/{post['id']}"})

    async def _begin(self, request: Request, call: str) -> str:
        account = request.path_params["account"]
        self.calls[account].append(call)
        await self._wait(account, call)
        return account

    async def _wait(self, account: str, moment: str) -> None:
        if moment in self.hangs[account]:
            self.hanging.add((account, moment))
            while not self.released:
                await asyncio.sleep(0.02)
