"""YouTube's Data API v3, as developers.google.com documents it: resumable uploads, lists, thumbnails, comments."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.platform_server import Fault, PlatformServer, Published, said

_UNIT = 256 * 1024


def refused(status: int, reason: str, message: str = "", **headers: str) -> Response:
    error = {"code": status, "message": message or reason, "errors": [{"reason": reason, "domain": "youtube"}]}
    return said(status, {"error": error}, **headers)


@dataclass
class Session:
    """One resumable upload."""

    account: str
    body: dict[str, Any]
    size: int
    got: int = 0
    ended: bool = False
    video: dict[str, Any] | None = None


@dataclass
class YouTubeServer(PlatformServer):
    """An account is a channel id. A video exists when its session has the last byte."""

    name: ClassVar[str] = "youtube"

    sessions: dict[str, Session] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)  # looks until a video is processed
    failed: dict[str, str] = field(default_factory=dict)
    thumbnails: dict[str, bytes] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by video
    long_uploads: str = "allowed"
    audited: bool = True  # else videos are locked as private
    comments_granted: bool = True
    verified: bool = True  # else there are no thumbnails
    stumbles: deque[int] = field(default_factory=deque)  # of the next pieces: keeps so many bytes and answers 503
    numbers: Iterator[int] = field(default_factory=count)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/upload/youtube/v3/videos", self.begin, methods=["POST"]),
            Route("/session/{number}", self.piece, methods=["PUT"]),
            Route("/upload/youtube/v3/thumbnails/set", self.thumbnail, methods=["POST"]),
            Route("/youtube/v3/videos", self.videos),
            Route("/youtube/v3/channels", self.channels),
            Route("/youtube/v3/playlistItems", self.uploads),
            Route("/youtube/v3/commentThreads", self.comment, methods=["POST"]),
            Route("/youtube/v3/commentThreads", self.threads),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(429, "rateLimitExceeded", retry_after="0")
            case Fault.LIMITED_UNTIMED:
                return refused(429, "rateLimitExceeded")
            case Fault.QUOTA:
                return refused(403, "quotaExceeded", "The request cannot be completed: you have exceeded your quota.")
            case Fault.REVOKED:
                return refused(401, "authError", "Invalid Credentials")
            case _:
                return refused(503, "backendError", "Backend Error")

    async def begin(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "authError", "Invalid Credentials")
        body = await request.json()
        title, text = body["snippet"]["title"], body["snippet"]["description"]
        if not 1 <= len(title) <= 100 or set(title) & {"<", ">"}:
            return refused(400, "invalidTitle")
        if len(text.encode()) > 5000 or set(text) & {"<", ">"}:
            return refused(400, "invalidDescription")
        fault = self.take(account, Fault.QUOTA, Fault.REVOKED, Fault.LIMITED, Fault.LIMITED_UNTIMED)
        if fault is not None:
            return self.refusal(fault)
        number = str(len(self.sessions))
        self.sessions[number] = Session(account, body, int(request.headers["x-upload-content-length"]))
        return Response(status_code=200, headers={"Location": f"{self.url}/session/{number}?upload_id=abc"})

    async def piece(self, request: Request) -> Response:
        session = self.sessions.get(request.path_params["number"])
        if session is None or request.query_params.get("upload_id") != "abc" or session.ended:
            return Response(status_code=404)
        span = re.fullmatch(r"bytes (?:\*|(\d+)-(\d+))/(\d+)", request.headers["content-range"])
        data = await request.body()
        assert span
        if span.group(1) is None:
            return said(200, session.video) if session.video else self._go_on(session)
        first, last = int(span.group(1)), int(span.group(2))
        if first != session.got or len(data) != last - first + 1 or int(span.group(3)) != session.size:
            return refused(400, "badRequest", "Invalid range")
        if last != session.size - 1:
            if len(data) % _UNIT:
                return refused(400, "badRequest", "Not a multiple of 256 KiB")
            if self.stumbles:
                session.got += self.stumbles.popleft()
                return refused(503, "backendError", "Backend Error")
            session.got = last + 1
            return self._go_on(session)

        def make() -> Response:
            session.got = session.size
            session.video = self._make(session)
            return said(200, session.video)

        return await self.creating(request, session.account, make)

    async def thumbnail(self, request: Request) -> Response:
        data = await request.body()
        if not self.verified:
            return refused(403, "forbidden", "The authenticated user doesn't have permissions to set thumbnails.")
        if len(data) > 2_000_000:
            return refused(400, "mediaBodyTooLarge")
        self.thumbnails[request.query_params["videoId"]] = data
        return said(200, {"items": []})

    async def videos(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "authError", "Invalid Credentials")
        number = request.query_params["id"]
        if all(post.id != number for post in self.posts[account]) and number not in self.looks | self.failed:
            return said(200, {"items": []})
        status: dict[str, Any] = {"uploadStatus": "processed", "privacyStatus": "public" if self.audited else "private"}
        if number in self.failed:
            status = {"uploadStatus": "rejected", "rejectionReason": self.failed[number]}
        elif self.looks.get(number, 0) > 0:
            self.looks[number] -= 1
            status = {"uploadStatus": "uploaded"}
        counts = {"viewCount": "1204", "likeCount": "33", "commentCount": "7"}
        return said(200, {"items": [{"id": number, "status": status, "statistics": counts}]})

    async def channels(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "authError", "Invalid Credentials")
        one = {
            "id": account,
            "snippet": {"title": account.title(), "customUrl": f"@{account}"},
            "status": {"longUploadsStatus": self.long_uploads, "isLinked": True},
            "contentDetails": {"relatedPlaylists": {"uploads": f"UU{account}"}},
        }
        return said(200, {"items": [one]})

    async def uploads(self, request: Request) -> Response:
        account = request.query_params["playlistId"].removeprefix("UU")
        items = [
            {
                "snippet": {
                    "title": post.data["snippet"]["title"],
                    "publishedAt": datetime.fromtimestamp(post.at, UTC).isoformat(timespec="seconds"),
                    "resourceId": {"videoId": post.id},
                }
            }
            for post in reversed(self.posts[account])
        ]
        return said(200, {"items": items})

    async def comment(self, request: Request) -> Response:
        account = self.bearer(request)
        body = await request.json()
        if account is None:
            return refused(401, "authError", "Invalid Credentials")
        if not self.comments_granted:
            return refused(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        video, text = body["snippet"]["videoId"], body["snippet"]["topLevelComment"]["snippet"]["textOriginal"]

        def make() -> Response:
            words = {"textOriginal": text, "authorChannelId": {"value": account}}
            one = {"id": f"c{len(self.comments)}", "snippet": {"topLevelComment": {"snippet": words}}}
            self.comments.setdefault(video, []).append(one)
            return said(200, one)

        return await self.creating(request, account, make)

    async def threads(self, request: Request) -> Response:
        return said(200, {"items": self.comments.get(request.query_params["videoId"], [])})

    def _go_on(self, session: Session) -> Response:
        return Response(status_code=308, headers={"Range": f"bytes=0-{session.got - 1}"} if session.got else {})

    def _make(self, session: Session) -> dict[str, Any]:
        number = f"v{next(self.numbers)}"
        match self.take(session.account, Fault.SLOW, Fault.PROCESSING_FAILS):
            case Fault.PROCESSING_FAILS:
                self.failed[number] = "duplicate"
            case slow:
                self.looks[number] = 3 if slow else 0
                words = session.body["snippet"]["description"]
                self.posts[session.account].append(Published(number, words, session.body))
        return {"id": number, **session.body}
