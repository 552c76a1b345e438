"""Telegram's Bot API, as core.telegram.org/bots/api documents it, for messages, photos, videos and albums."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said


def refused(status: int, description: str, **parameters: object) -> Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return said(status, body | ({"parameters": parameters} if parameters else {}))


class TelegramServer(PlatformServer):
    """An account is a chat; its token is that of a bot that is an administrator there."""

    name: ClassVar[str] = "telegram"

    def enrol(self, account: str) -> str:
        token = f"7000{abs(hash(account)) % 10**6}:AA-{account}-secret-of-the-bot"
        self.tokens[token] = account
        return token

    def routes(self) -> Sequence[BaseRoute]:
        sends = ("sendMessage", "sendPhoto", "sendVideo", "sendMediaGroup")
        return [
            *(Route(f"/bot{{token}}/{name}", self.send, methods=["POST"]) for name in sends),
            Route("/bot{token}/{method}", self.read, methods=["GET"]),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(429, "Too Many Requests: retry after 1", retry_after=1)
            case Fault.LIMITED_UNTIMED:
                return refused(429, "Too Many Requests")
            case Fault.REVOKED:
                return refused(403, "Forbidden: bot was kicked from the channel chat")
            case _:
                return refused(500, "Internal Server Error")

    async def read(self, request: Request) -> Response:
        account = self.tokens.get(request.path_params["token"])
        if account is None:
            return refused(401, "Unauthorized")
        if request.path_params["method"] == "getMe":
            return said(200, {"ok": True, "result": {"id": 7000, "is_bot": True, "username": "poster_bot"}})
        if request.query_params["chat_id"] not in (account, f"@{account}"):
            return refused(400, "Bad Request: chat not found")
        if request.path_params["method"] == "getChatMember":
            member = {"status": "administrator", "can_post_messages": account not in self.revoked}
            return said(200, {"ok": True, "result": member})
        return said(200, {"ok": True, "result": self.chat(account)})

    async def send(self, request: Request) -> Response:
        account = self.tokens.get(request.path_params["token"])
        if account is None:
            return refused(401, "Unauthorized")
        form = await read_form(request)
        if form.get("chat_id") != account:
            return refused(400, "Bad Request: chat not found")
        method = request.url.path.rpartition("/")[2]
        text, files = _read(method, form)
        if method == "sendMessage" and not 1 <= len(text) <= 4096:
            return refused(400, "Bad Request: message is too long" if text else "Bad Request: message text is empty")
        if method != "sendMessage" and len(text) > 1024:
            return refused(400, "Bad Request: message caption is too long")
        if method != "sendMessage" and not (files and all(files.values())):
            return refused(400, "Bad Request: there is no media in the request")

        def make() -> Response:
            number = 1 + sum(map(len, self.posts.values()))
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            self.posts[account].append(Published(str(number), text, {"method": method, "files": files, **fields}))
            message = {"message_id": number, "date": 1795000000, "chat": self.chat(account)}
            return said(200, {"ok": True, "result": [message] if method == "sendMediaGroup" else message})

        return await self.creating(request, account, make)

    def chat(self, account: str) -> dict[str, Any]:
        return {"id": account, "type": "channel", "title": account.title(), "username": account}


def _read(method: str, form: dict[str, str | SentFile]) -> tuple[str, dict[str, int]]:
    """The text of a message, and how many bytes each of its files has."""
    sizes = {name: len(value.content) for name, value in form.items() if isinstance(value, SentFile)}
    if method == "sendMessage":
        return str(form.get("text", "")), sizes
    if method == "sendMediaGroup":
        media = json.loads(str(form["media"]))
        named = {one["media"].removeprefix("attach://") for one in media}
        return str(media[0].get("caption", "")), {name: sizes.get(name, 0) for name in named}
    wanted = method.removeprefix("send").lower()
    return str(form.get("caption", "")), {**sizes, wanted: sizes.get(wanted, 0)}
