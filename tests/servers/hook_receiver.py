"""A program that gets webhooks: keeps what came, and answers as the test says."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.servers.loopback import serving


@dataclass
class Received:
    """One message as it came."""

    headers: dict[str, str]
    body: bytes


@dataclass
class HookReceiver:
    """`answers` are the statuses of the next messages, in order; then `status`. `most` came at once."""

    status: int = 200
    answers: list[int] = field(default_factory=list[int])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    got: list[Received] = field(default_factory=list[Received])
    seconds: float = 0.0
    says: str = "noted"
    most: int = 0
    url: str = ""
    _now: int = 0

    async def _take(self, request: Request) -> Response:
        self.got.append(Received(dict(request.headers), await request.body()))
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(self.seconds)
        self._now -= 1
        return Response(self.says, self.answers.pop(0) if self.answers else self.status, self.headers)

    @contextmanager
    def running(self) -> Generator["HookReceiver"]:
        app = Starlette(routes=[Route("/events", self._take, methods=["POST"])])
        with serving(app) as address:
            self.url = f"{address}/events"
            yield self
