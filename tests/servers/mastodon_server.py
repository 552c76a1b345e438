"""A Mastodon instance, as docs.joinmastodon.org documents it: media that are worked on, statuses, idempotency."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said


def refused(status: int, error: str, **headers: str) -> Response:
    return said(status, {"error": error}, **headers)


@dataclass
class MastodonServer(PlatformServer):
    """An account is a number. The same Idempotency-Key gives the same status."""

    name: ClassVar[str] = "mastodon"

    characters: int = 500
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, Published] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(110_000))

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/api/v2/media", self.upload, methods=["POST"]),
            Route("/api/v1/media/{number}", self.look),
            Route("/api/v1/statuses", self.create, methods=["POST"]),
            Route("/api/v1/statuses/{number}", self.one),
            Route("/api/v1/accounts/verify_credentials", self.me),
            Route("/api/v1/accounts/{account}/statuses", self.list),
            Route("/api/v2/instance", self.instance),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(429, "Too many requests", x_ratelimit_reset=datetime.now(UTC).isoformat())
            case Fault.LIMITED_UNTIMED:
                return refused(429, "Too many requests")
            case Fault.QUOTA:
                reset = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1)
                return refused(429, "Too many requests", x_ratelimit_reset=reset.isoformat())
            case Fault.REVOKED:
                return refused(401, "The access token was revoked")
            case _:
                return refused(500, "Something went wrong")

    async def upload(self, request: Request) -> Response:
        account = self.bearer(request)
        form = await read_form(request)
        if account is None or not isinstance(form["file"], SentFile):
            return refused(401, "The access token is invalid")
        number = str(next(self.numbers))
        fault = self.take(account, Fault.SLOW, Fault.PROCESSING_FAILS)
        self.media[number] = {
            "description": form.get("description", ""),
            "looks": 1 if fault is Fault.SLOW else 0,
            "failed": fault is Fault.PROCESSING_FAILS,
        }
        url = None if fault else f"{self.url}/media/{number}"
        return said(202 if fault else 200, {"id": number, "type": "image", "url": url})

    async def look(self, request: Request) -> Response:
        number = request.path_params["number"]
        one = self.media[number]
        if one["failed"]:
            return refused(422, "Error processing thumbnail for uploaded media")
        if one["looks"]:
            one["looks"] -= 1
            return said(206, {"id": number, "url": None})
        return said(200, {"id": number, "url": f"{self.url}/media/{number}"})

    async def create(self, request: Request) -> Response:
        account = self.bearer(request)
        body = await request.json()
        if account is None:
            return refused(401, "The access token is invalid")
        text = body.get("status", "")
        if not text and not body.get("media_ids"):
            return refused(422, "Validation failed: Text can't be blank")
        if len(re.sub(r"https?://\S+", "x" * 23, text) + body.get("spoiler_text", "")) > self.characters:
            return refused(422, f"Validation failed: Text character limit of {self.characters} exceeded")
        if any(number not in self.media for number in body.get("media_ids", [])):
            return refused(422, "Validation failed: Media is invalid")

        def make() -> Response:
            key = request.headers["idempotency-key"]
            if key not in self.keys:
                number = str(next(self.numbers))
                self.keys[key] = Published(number, text, body)
                self.posts[account].append(self.keys[key])
            return said(200, self._told(account, self.keys[key]))

        return await self.creating(request, account, make)

    async def one(self, request: Request) -> Response:
        number = request.path_params["number"]
        for account, posts in self.posts.items():
            for post in posts:
                if post.id == number:
                    return said(200, self._told(account, post))
        return refused(404, "Record not found")

    async def list(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return refused(401, "The access token is invalid")
        account, asked = request.path_params["account"], request.query_params
        posts = [self._told(account, post) for post in reversed(self.posts[account])]
        if "max_id" in asked:
            posts = [post for post in posts if int(post["id"]) < int(asked["max_id"])]
        return said(200, posts[: int(asked.get("limit", 20))])

    async def me(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "The access token is invalid")
        return said(200, {"id": account, "username": f"user{account}", "acct": f"user{account}", "display_name": ""})

    async def instance(self, request: Request) -> Response:
        media = {"image_size_limit": 10_000_000, "video_size_limit": 40_000_000}
        told = {"statuses": {"max_characters": self.characters}, "media_attachments": media}
        return said(200, {"domain": "social.test", "configuration": told})

    def _told(self, account: str, post: Published) -> dict[str, Any]:
        lines = html.escape(post.text).replace("\n\n", "</p><p>").replace("\n", "<br />")
        return {
            "id": post.id,
            "url": f"{self.url}/@user{account}/{post.id}",
            "content": f"<p>{lines}</p>" if post.text else "",
            "in_reply_to_id": post.data.get("in_reply_to_id"),
            "created_at": datetime.fromtimestamp(post.at, UTC).isoformat(),
            "favourites_count": 4,
            "replies_count": 2,
            "reblogs_count": 1,
        }
