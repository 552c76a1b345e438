"""What the contract servers of voices, pictures and transcripts have in common: a script of faults, and what was asked.

Each request takes the next of `script`: "ok", "slow" (nothing for `slow_seconds`), "drop" (the connection breaks in the
middle of the answer), "web_page", or one of the vendor's own errors by its name in `ERRORS`.
"""

import asyncio
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.servers.loopback import serving

KEY = "test-key-0123456789"
Fault = tuple[int, Any]  # status and body


class Broken(Response):
    """An answer that announces a thousand bytes, sends four, and ends."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/octet-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"RIFF", "more_body": True})


@dataclass
class MediaVendor:
    ERRORS: ClassVar[dict[str, Fault]] = {}

    script: deque[str] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)  # those that were let in, faults included
    made: int = 0  # what the vendor would bill
    url: str = ""
    slow_seconds: float = 30.0
    retry_after: str | None = "0"

    @contextmanager
    def running(self) -> Generator["MediaVendor"]:
        with serving(Starlette(routes=self.routes())) as url:
            self.url = url
            yield self

    def routes(self) -> list[Route]:
        raise NotImplementedError

    def authorised(self, request: Request) -> bool:
        raise NotImplementedError

    def plays(self, *script: str) -> None:
        self.script.extend(script)

    def error(self, name: str, message: str = "") -> Response:
        status, body = self.ERRORS[name]
        headers = {"retry-after": self.retry_after} if status == 429 and self.retry_after is not None else {}
        return JSONResponse(self.worded(body, message) if message else body, status_code=status, headers=headers)

    def worded(self, body: Any, message: str) -> Any:
        return body

    async def fault(self, request: Request, asked: dict[str, Any]) -> Response | None:
        """Let a request in: its fault by the script, or None when it is to be answered."""
        if not self.authorised(request):
            return self.error("unauthorised")
        self.requests.append(asked)
        step = self.script.popleft() if self.script else "ok"
        match step:
            case "ok":
                return None
            case "slow":
                self.made += 1
                await asyncio.sleep(self.slow_seconds)
                return None
            case "drop":
                self.made += 1
                return Broken()
            case "web_page":
                return Response("<html><body>Welcome to nginx!</body></html>", media_type="text/html")
            case _:
                return self.error(step)
