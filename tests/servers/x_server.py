"""X's API v2, as docs.x.com documents it, for posts, chunked media, timelines and counts."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import regex
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mediaposter.publishing.copy import Counting, length
from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said

_PART_MAX = 5_000_000
_LINK = regex.compile(r"https?://\S+")


class XServer(PlatformServer):
    """Every account may post; its number is its id."""

    name: ClassVar[str] = "x"

    def __init__(self) -> None:
        super().__init__()
        self.media: dict[str, dict[str, Any]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/2/users/me", self.me),
            Route("/2/users/{id}/tweets", self.timeline),
            Route("/2/tweets", self.create, methods=["POST"]),
            Route("/2/tweets/{id}", self.tweet),
            Route("/2/media/upload", self.status),
            Route("/2/media/upload/initialize", self.initialize, methods=["POST"]),
            Route("/2/media/upload/{id}/append", self.append, methods=["POST"]),
            Route("/2/media/upload/{id}/finalize", self.finalize, methods=["POST"]),
            Route("/2/media/metadata", self.describe, methods=["POST"]),
        ]

    def refusal(self, fault: Fault) -> Response:
        now = int(time.time())
        limited = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
        match fault:
            case Fault.LIMITED:
                reset = {"x_rate_limit_limit": "100", "x_rate_limit_remaining": "0", "x_rate_limit_reset": str(now)}
                return said(429, limited, **reset)
            case Fault.LIMITED_UNTIMED:
                return said(429, limited)
            case Fault.QUOTA:
                day = {
                    "x_rate_limit_remaining": "99",
                    "x_rate_limit_reset": str(now + 900),
                    "x_user_limit_24hour_limit": "100",
                    "x_user_limit_24hour_remaining": "0",
                    "x_user_limit_24hour_reset": str(now + 43_200),
                }
                return said(429, limited, **day)
            case Fault.REVOKED:
                return self.unauthorized()
            case Fault.DUPLICATE:
                return problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
            case _:
                return problem(503, "Service Unavailable", "Service Unavailable")

    def unauthorized(self) -> Response:
        return problem(401, "Unauthorized", "Unauthorized")

    async def me(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        return said(200, {"data": {"id": account, "name": "Ann", "username": "ann", "subscription_type": "Premium"}})

    async def initialize(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        body = await request.json()
        if body.get("media_category") not in ("tweet_video", "tweet_image", "tweet_gif") or not body.get("media_type"):
            return invalid("media_category is not valid")
        if not isinstance(body.get("total_bytes"), int):
            return invalid("total_bytes is not valid")
        number = str(1880028106020515840 + len(self.media))
        fault = self.take(account, Fault.SLOW, Fault.PROCESSING_FAILS)
        self.media[number] = {**body, "parts": [], "fault": fault, "looks": 3 if fault is Fault.SLOW else 1}
        return said(200, {"data": {"id": number, "media_key": f"13_{number}", "expires_after_secs": 86_400}})

    async def append(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        medium, form = self.media[request.path_params["id"]], await read_form(request)
        piece = form.get("media")
        if not isinstance(piece, SentFile) or len(piece.content) > _PART_MAX:
            return invalid("media is not valid")
        if form.get("segment_index") != str(len(medium["parts"])):
            return invalid("segment_index is not valid")
        medium["parts"].append(len(piece.content))
        return said(200, {"data": {"expires_at": int(time.time()) + 86_400}})

    async def finalize(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        number = request.path_params["id"]
        medium = self.media[number]
        if sum(medium["parts"]) != medium["total_bytes"]:
            return invalid("Segments do not add up to provided total file size.")
        medium["state"] = "pending" if medium["media_category"] == "tweet_video" else "succeeded"
        return said(200, {"data": self.shown_medium(number)})

    async def status(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        number = request.query_params.get("media_id", "")
        if request.query_params.get("command") != "STATUS" or number not in self.media:
            return invalid("media_id is not valid")
        medium = self.media[number]
        medium["looks"] -= 1
        if medium["looks"] <= 0:
            medium["state"] = "failed" if medium["fault"] is Fault.PROCESSING_FAILS else "succeeded"
        else:
            medium["state"] = "in_progress"
        return said(200, {"data": self.shown_medium(number)})

    def shown_medium(self, number: str) -> dict[str, Any]:
        medium = self.media[number]
        shown: dict[str, Any] = {"id": number, "media_key": f"13_{number}", "size": medium["total_bytes"]}
        if medium["media_category"] == "tweet_video":
            shown["processing_info"] = {"state": medium["state"]}
            if medium["state"] in ("pending", "in_progress"):
                shown["processing_info"]["check_after_secs"] = 0
            if medium["state"] == "failed":
                error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
                shown["processing_info"]["error"] = error
        return shown

    async def describe(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        body = await request.json()
        text = body["metadata"]["alt_text"]["text"]
        if body.get("id") not in self.media or len(text) > 1000:
            return invalid("metadata is not valid")
        self.media[body["id"]]["alt_text"] = text
        return said(200, {"data": {"id": body["id"], "associated_metadata": body["metadata"]}})

    async def create(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        body = await request.json()
        wrong = self.wrong(account, body)
        if wrong is not None:
            return wrong

        def make() -> Response:
            number = str(1445880548472328192 + sum(map(len, self.posts.values())))
            self.posts[account].append(Published(number, body["text"], body))
            return said(201, {"data": {"id": number, "text": body["text"], "edit_history_tweet_ids": [number]}})

        return await self.creating(request, account, make)

    def wrong(self, account: str, body: dict[str, Any]) -> Response | None:
        known = {"text", "media", "reply", "reply_settings", "made_with_ai", "paid_partnership"}
        media = (body.get("media") or {}).get("media_ids", [])
        above = (body.get("reply") or {}).get("in_reply_to_tweet_id")
        if set(body) - known or len(media) > 4 or not (body.get("text") or media):
            return invalid("$.media: is not valid")
        if not all(self.media.get(one, {}).get("state") == "succeeded" for one in media):
            return invalid("Your media IDs are invalid.")
        if length(body.get("text", ""), Counting.X_WEIGHTED) > 280:
            return problem(403, "Forbidden", "Your Tweet text is too long. For more information, see the API docs.")
        if any(post.text == body["text"] for post in self.posts[account]):
            return self.refusal(Fault.DUPLICATE)
        if above and not any(post.id == above for posts in self.posts.values() for post in posts):
            says = "You attempted to reply to a Tweet that is deleted or not visible to you."
            return problem(403, "Forbidden", says)
        return None

    async def timeline(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        asked = request.query_params
        if request.path_params["id"] != account or not 5 <= int(asked["max_results"]) <= 100:
            return invalid("max_results is not valid")
        since = datetime.fromisoformat(asked["start_time"]).timestamp() if "start_time" in asked else 0.0
        posts = [post for post in reversed(self.posts[account]) if int(post.at) >= int(since)]
        first, size = int(asked.get("pagination_token", "0")), int(asked["max_results"])
        page = [self.shown(post) for post in posts[first : first + size]]
        meta: dict[str, Any] = {"result_count": len(page)}
        if len(posts) > first + size:
            meta["next_token"] = str(first + size)
        return said(200, {"data": page, "meta": meta} if page else {"meta": meta})

    def shown(self, post: Published) -> dict[str, Any]:
        """A post as X gives it: escaped, each link by a t.co one, and one more for its media."""
        links: list[dict[str, Any]] = []

        def shorten(written: Any) -> str:
            links.append({"url": f"https://t.co/{post.id[-6:]}{len(links)}", "expanded_url": written[0]})
            return links[-1]["url"]

        text = _LINK.sub(shorten, post.text.replace("&", "&amp;").replace("<", "&lt;"))
        if post.data.get("media"):
            seen = f"https://x.com/ann/status/{post.id}/video/1"
            links.append({"url": f"https://t.co/{post.id[-6:]}m", "expanded_url": seen, "media_key": "13_1"})
            text = f"{text} {links[-1]['url']}"
        shown: dict[str, Any] = {
            "id": post.id,
            "text": text,
            "created_at": datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        if links:
            shown["entities"] = {"urls": links}
        if post.data.get("reply"):
            above = post.data["reply"]["in_reply_to_tweet_id"]
            shown["referenced_tweets"] = [{"type": "replied_to", "id": above}]
        return shown

    async def tweet(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        number = request.path_params["id"]
        if not any(post.id == number for post in self.posts[account]):
            kind = "https://api.twitter.com/2/problems/resource-not-found"
            return said(200, {"errors": [{"title": "Not Found Error", "type": kind, "detail": "Could not find tweet"}]})
        counts = {"retweet_count": 2, "quote_count": 1, "reply_count": 4, "like_count": 9, "bookmark_count": 3}
        seen = {"impression_count": 120, "url_link_clicks": 7, "user_profile_clicks": 1}
        return said(
            200,
            {
                "data": {
                    "id": number,
                    "public_metrics": {**counts, "impression_count": 118},
                    "non_public_metrics": seen,
                },
                "includes": {"media": [{"media_key": "13_1", "public_metrics": {"view_count": 40}}]},
            },
        )


def problem(status: int, title: str, detail: str) -> Response:
    return said(status, {"title": title, "detail": detail, "type": "about:blank", "status": status})


def invalid(message: str) -> Response:
    kind = "https://api.twitter.com/2/problems/invalid-request"
    detail = "One or more parameters to your request was invalid."
    errors = [{"parameters": {}, "message": message}]
    return said(400, {"errors": errors, "title": "Invalid Request", "detail": detail, "type": kind})
