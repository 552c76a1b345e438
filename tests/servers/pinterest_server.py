"""Pinterest's API v5, as developers.pinterest.com documents it, for media, pins, boards and analytics."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said

BOARD = "549755885175"


class PinterestServer(PlatformServer):
    """Every account has the board BOARD."""

    name: ClassVar[str] = "pinterest"

    def __init__(self) -> None:
        super().__init__()
        self.media: dict[str, dict[str, Any]] = {}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/user_account", self.me),
            Route("/boards/{id}", self.board),
            Route("/media", self.register, methods=["POST"]),
            Route("/media/{id}", self.medium),
            Route("/s3/{id}", self.store, methods=["POST"]),
            Route("/pins", self.create, methods=["POST"]),
            Route("/pins", self.listing, methods=["GET"]),
            Route("/pins/{id}", self.pin),
            Route("/pins/{id}/analytics", self.analytics),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return said(429, {"code": 8, "message": "You have exceeded your rate limit."}, X_RateLimit_Reset="1")
            case Fault.LIMITED_UNTIMED:
                return said(429, {"code": 8, "message": "You have exceeded your rate limit. Try again later."})
            case Fault.QUOTA:
                says = "You have exceeded your rate limit. Try again later."
                return said(429, {"code": 8, "message": says}, X_RateLimit_Reset="43200")
            case Fault.REVOKED:
                return self.unauthorized()
            case _:
                return said(500, {"code": -1, "message": "Unexpected error"})

    def unauthorized(self) -> Response:
        return said(401, {"code": 2, "message": "Authentication failed."})

    async def me(self, request: Request) -> Response:
        account = self.bearer(request)
        return said(200, {"id": "77", "username": account}) if account else self.unauthorized()

    async def board(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        if request.path_params["id"] != BOARD:
            return said(404, {"code": 40, "message": "Board not found."})
        return said(200, {"id": BOARD, "name": "Plants"})

    async def register(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        if (await request.json()).get("media_type") != "video":
            return said(400, {"code": 1, "message": "Invalid request: media_type"})
        number = str(12345 + len(self.media))
        fault = self.take(account, Fault.SLOW, Fault.PROCESSING_FAILS)
        self.media[number] = {"status": "registered", "fault": fault, "looks": 3 if fault is Fault.SLOW else 1}
        parameters = {"key": f"uploads/{number}:video:1", "policy": "p", "x-amz-signature": "s", "Content-Type": "m"}
        lease = {"media_id": number, "media_type": "video", "upload_url": f"{self.url}/s3/{number}"}
        return said(201, lease | {"upload_parameters": parameters})

    async def store(self, request: Request) -> Response:
        form = await read_form(request)
        if not isinstance(form.get("file"), SentFile) or "policy" not in form or list(form)[-1] != "file":
            return Response("<Error/>", 403)
        self.media[request.path_params["id"]]["status"] = "processing"
        return Response(status_code=204)

    async def medium(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        medium = self.media[request.path_params["id"]]
        medium["looks"] -= 1
        if medium["status"] == "processing" and medium["looks"] < 0:
            medium["status"] = "failed" if medium["fault"] is Fault.PROCESSING_FAILS else "succeeded"
        told = {"media_id": request.path_params["id"], "media_type": "video", "status": medium["status"]}
        return said(200, told)

    async def create(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        pin = await request.json()
        wrong = self.wrong(pin)
        if wrong:
            return said(400, {"code": 1, "message": wrong})

        def make() -> Response:
            number = f"8133620{sum(map(len, self.posts.values()))}"
            self.posts[account].append(Published(number, pin["description"], pin))
            return said(201, self.shown(self.posts[account][-1]))

        return await self.creating(request, account, make)

    def wrong(self, pin: dict[str, Any]) -> str:
        source = pin["media_source"]
        if pin.get("board_id") != BOARD:
            return "Invalid request: board_id"
        if len(pin.get("title", "")) > 100 or len(pin.get("description", "")) > 800:
            return "Invalid request: too long"
        if source["source_type"] == "video_id":
            ready = self.media.get(source["media_id"], {}).get("status") == "succeeded"
            pictures = [{"data": source.get("cover_image_data", "")}]
            if not ready:
                return "Invalid request: the video is not ready"
        else:
            pictures = source.get("items") or [source]
        if not 1 <= len(pictures) <= 5 or not all(base64.b64decode(one["data"], validate=True) for one in pictures):
            return "Invalid request: image"
        return ""

    async def listing(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        first = int(request.query_params.get("bookmark", "0"))
        size = int(request.query_params["page_size"])
        posts = self.posts[account]
        more = str(first + size) if len(posts) > first + size else None
        return said(200, {"items": [self.shown(post) for post in posts[first : first + size]], "bookmark": more})

    async def pin(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        for post in self.posts[account]:
            if post.id == request.path_params["id"]:
                return said(200, self.shown(post))
        return said(404, {"code": 50, "message": "Pin not found."})

    async def analytics(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return self.unauthorized()
        if not request.query_params.get("start_date") or "IMPRESSION" not in request.query_params["metric_types"]:
            return said(400, {"code": 1, "message": "Invalid request"})
        counts = {"IMPRESSION": 40, "OUTBOUND_CLICK": 3, "SAVE": 5, "VIDEO_MRC_VIEW": 21, "VIDEO_V50_WATCH_TIME": 9000}
        return said(200, {"all": {"daily_metrics": [], "summary_metrics": counts}})

    def shown(self, post: Published) -> dict[str, Any]:
        made = datetime.fromtimestamp(post.at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return {"id": post.id, "created_at": made, **{name: post.data.get(name) for name in _FIELDS}}


_FIELDS = ("title", "description", "link", "board_id", "board_section_id", "alt_text")
