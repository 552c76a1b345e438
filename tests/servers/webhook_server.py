"""A receiver of webhooks that checks signatures by itself, as the Standard Webhooks specification describes it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said

_TOLERANCE = 300  # seconds that a timestamp may be off


class WebhookServer(PlatformServer):
    """An account is a path below /hooks; its token is its signing secret."""

    name: ClassVar[str] = "webhook"

    def enrol(self, account: str) -> str:
        secret = "whsec_" + base64.b64encode(hashlib.sha256(f"secret of {account}".encode()).digest()).decode()
        self.tokens[secret] = account
        return secret

    def address(self, account: str) -> str:
        return f"{self.url}/hooks/{account}"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/hooks/{account}", self.receive, methods=["POST"]),
            Route("/hooks/{account}/status/{id}", self.status, methods=["GET"]),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return said(503, {"error": "busy"}, Retry_After="1")
            case Fault.LIMITED_UNTIMED:
                return said(429, {"error": "too many requests"})
            case Fault.REVOKED:
                return said(410, {"error": {"code": "RECEIVER_GONE", "message": "This receiver was taken away."}})
            case Fault.DUPLICATE:
                return said(409, {"error": {"code": "DUPLICATE", "message": "We have this text."}})
            case Fault.QUOTA:
                return said(429, {"error": {"code": "QUOTA", "message": "Enough for today."}}, Retry_After="3600")
            case _:
                return said(500, {"error": "internal"})

    def verifies(self, account: str, request: Request, body: bytes) -> bool:
        secret = next(one for one, owner in self.tokens.items() if owner == account)
        told, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        mac = hmac.new(base64.b64decode(secret[6:]), f"{told}.{at}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(mac).decode()
        return abs(time.time() - int(at)) < _TOLERANCE and wanted in request.headers["webhook-signature"].split(" ")

    async def receive(self, request: Request) -> Response:
        account = request.path_params["account"]
        form: dict[str, str | SentFile] = {}
        body = await request.body()
        if request.headers["content-type"].startswith("multipart/"):
            form = await read_form(request)
            body = str(form["payload"]).encode()
        if not self.verifies(account, request, body):
            return said(401, {"error": "the signature is wrong"})
        message: dict[str, Any] = json.loads(body)
        for medium in message["data"]["media"]:
            part = form.get(medium.get("part", ""))
            if isinstance(part, SentFile) and hashlib.sha256(part.content).hexdigest() != medium["sha256"]:
                return said(400, {"error": "the file is not the one that was signed"})

        def make() -> Response:
            number = f"r{sum(map(len, self.posts.values()))}"
            data = {**message["data"], "webhook_id": request.headers["webhook-id"], "parts": sorted(form)}
            self.posts[account].append(Published(number, message["data"]["text"], data))
            return said(201, {"id": number, "url": f"https://example.org/posts/{number}"})

        return await self.creating(request, account, make)

    async def status(self, request: Request) -> Response:
        account = request.path_params["account"]
        if not self.verifies(account, request, b""):
            return said(401, {"error": "the signature is wrong"})
        for post in self.posts[account]:
            if post.data["webhook_id"] == request.path_params["id"]:
                return said(200, {"id": post.id})
        return said(404, {"error": "not here"})
