"""What the contract servers of the language model vendors have in common: a script of answers and faults."""

import asyncio
import json
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.loopback import serving

KEY = "test-key-0123456789"


@dataclass
class VendorServer:
    """One vendor's text API. Each request takes the next of `script`: an answer (a dict or text) or a fault by name."""

    path: ClassVar[str]
    script: deque[Any] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    slow_seconds: float = 30.0
    retry_after: str = "0"

    @contextmanager
    def running(self) -> Generator["VendorServer"]:
        app = Starlette(routes=[Route(self.path, self._serve, methods=["POST"])])
        with serving(app) as url:
            self.url = url
            yield self

    def plays(self, *script: Any) -> None:
        self.script.extend(script)

    async def _serve(self, request: Request) -> Response:
        raw = await request.body()
        try:
            body = json.loads(raw)
        except ValueError:
            return self.fault("bad_request")
        self.requests.append(body)
        if not self.authorised(request):
            return self.fault("unauthorised")
        problem = self.problem(request, body)
        if problem:
            return self.fault("bad_request", problem)
        step = self.script.popleft() if self.script else {}
        if step == "slow":
            await asyncio.sleep(self.slow_seconds)
            step = {}
        if step == "web_page":
            return Response("<html><body>Welcome to nginx!</body></html>", media_type="text/html")
        if isinstance(step, str) and not step.startswith("text:"):
            return self.fault(step)
        text = step.removeprefix("text:") if isinstance(step, str) else json.dumps(step)
        return JSONResponse(self.answer(request, body, text))

    def authorised(self, request: Request) -> bool:
        raise NotImplementedError

    def problem(self, request: Request, body: dict[str, Any]) -> str | None:
        """What the vendor would reject in this request, in words."""
        raise NotImplementedError

    def answer(self, request: Request, body: dict[str, Any], text: str) -> dict[str, Any]:
        raise NotImplementedError

    def fault(self, name: str, message: str = "") -> Response:
        raise NotImplementedError
