"""Discord's webhooks, as discord.com/developers/docs/resources/webhook documents them."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said


class DiscordServer(PlatformServer):
    """An account is a webhook. Those whose id begins with `forum` belong to a forum channel."""

    name: ClassVar[str] = "discord"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/webhooks/{id}/{token}", self.execute, methods=["POST"]),
            Route("/webhooks/{id}/{token}", self.hook, methods=["GET"]),
            Route("/webhooks/{id}/{token}/messages/{message}", self.message, methods=["GET"]),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                body = {"message": "You are being rate limited.", "retry_after": 0.3, "global": False}
                return said(429, body, Retry_After="1", X_RateLimit_Reset_After="0.3")
            case Fault.LIMITED_UNTIMED:
                return said(429, {"message": "The resource is being rate limited.", "global": False, "code": 0})
            case Fault.REVOKED:
                return said(404, {"message": "Unknown Webhook", "code": 10015})
            case _:
                return said(500, {"message": "500: Internal Server Error", "code": 0})

    def account(self, request: Request) -> str | None:
        account = self.tokens.get(request.path_params["token"])
        return account if account == request.path_params["id"] else None

    async def hook(self, request: Request) -> Response:
        account = self.account(request)
        if account is None:
            return said(401, {"message": "Invalid Webhook Token", "code": 50027})
        told = {"id": account, "type": 1, "name": f"Hook {account}", "channel_id": "200", "guild_id": "100"}
        return said(200, told | {"token": request.path_params["token"]})

    async def message(self, request: Request) -> Response:
        account = self.account(request)
        found = [post for post in self.posts[account or ""] if post.id == request.path_params["message"]]
        if not found or found[0].data["thread"] != request.query_params.get("thread_id"):
            return said(404, {"message": "Unknown Message", "code": 10008})
        return said(200, {"id": found[0].id, "content": found[0].text})

    async def execute(self, request: Request) -> Response:
        account = self.account(request)
        if account is None:
            return said(401, {"message": "Invalid Webhook Token", "code": 50027})
        form = await read_form(request)
        payload: dict[str, Any] = json.loads(str(form["payload_json"]))
        files = {name: one for name, one in form.items() if isinstance(one, SentFile)}
        wrong = _wrong(account, payload, files)
        if wrong is not None:
            return wrong

        def make() -> Response:
            number = str(900 + sum(map(len, self.posts.values())))
            thread = request.query_params.get("thread_id") or (number if payload.get("thread_name") else None)
            data = {**payload, "files": {name: len(one.content) for name, one in files.items()}, "thread": thread}
            self.posts[account].append(Published(number, payload.get("content", ""), data))
            if request.query_params.get("wait") != "true":
                return Response(status_code=204)
            return said(200, {"id": number, "channel_id": thread or "200", "content": payload.get("content", "")})

        return await self.creating(request, account, make)


def _wrong(account: str, payload: dict[str, Any], files: dict[str, SentFile]) -> Response | None:
    if account.startswith("forum") and not payload.get("thread_name"):
        says = "Webhooks posted to forum channels must have a thread_name or thread_id"
        return said(400, {"message": says, "code": 220001})
    if not payload.get("content") and not files:
        return said(400, {"message": "Cannot send an empty message", "code": 50006})
    if len(payload.get("content", "")) > 2000 or len(files) > 10:
        return said(400, {"message": "Invalid Form Body", "code": 50035, "errors": {"content": {"_errors": []}}})
    if sum(len(one.content) for one in files.values()) > 10 * 1024 * 1024:
        return said(413, {"message": "Request entity too large", "code": 40005})
    if any(f"files[{one['id']}]" not in files for one in payload.get("attachments", [])):
        return said(400, {"message": "Invalid Form Body", "code": 50035})
    return None
