"""TikTok's Content Posting API, as developers.tiktok.com documents it: uploads in pieces, pictures by URL, status."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.platform_server import Fault, PlatformServer, Published, said

_MIN_PIECE, _MAX_PIECE, _MAX_LAST = 5_000_000, 64_000_000, 128_000_000
_PRIVACY = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")


def told(data: dict[str, Any], status: int = 200) -> Response:
    return said(status, {"data": data, "error": {"code": "ok", "message": "", "log_id": "l"}})


def refused(status: int, code: str, message: str = "", **headers: str) -> Response:
    return said(status, {"error": {"code": code, "message": message, "log_id": "l"}}, **headers)


@dataclass
class Job:
    """One upload, or one set of pictures."""

    account: str
    text: str
    info: dict[str, Any]
    size: int = 0
    piece: int = 0
    pieces: int = 0
    got: list[tuple[int, int]] = field(default_factory=list)
    inbox: bool = False
    whole: bool = False
    looks: int = 0
    failed: str = ""
    post: str = ""


@dataclass
class TikTokServer(PlatformServer):
    """An account is an open id. A job makes its post when it has the last byte."""

    name: ClassVar[str] = "tiktok"

    jobs: dict[str, Job] = field(default_factory=dict)
    stumbles: int = 0  # of the next pieces: answers 500 and keeps nothing
    numbers: Iterator[int] = field(default_factory=lambda: count(7_000_000_000_000_000_000))
    may: dict[str, Any] = field(
        default_factory=lambda: {
            "privacy_level_options": list(_PRIVACY),
            "comment_disabled": False,
            "duet_disabled": False,
            "stitch_disabled": True,
            "max_video_post_duration_sec": 300,
        }
    )

    def routes(self) -> Sequence[BaseRoute]:
        publish = "/v2/post/publish"
        return [
            Route(f"{publish}/creator_info/query/", self.creator, methods=["POST"]),
            Route(f"{publish}/video/init/", self.begin, methods=["POST"]),
            Route(f"{publish}/inbox/video/init/", self.begin, methods=["POST"]),
            Route(f"{publish}/content/init/", self.pictures, methods=["POST"]),
            Route(f"{publish}/status/fetch/", self.status, methods=["POST"]),
            Route("/video/{job}", self.upload, methods=["PUT"]),
            Route("/v2/user/info/", self.user),
            Route("/v2/video/query/", self.counts, methods=["POST"]),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(429, "rate_limit_exceeded", "too many", retry_after="0")
            case Fault.LIMITED_UNTIMED:
                return refused(429, "rate_limit_exceeded", "too many")
            case Fault.QUOTA:
                return refused(403, "spam_risk_too_many_posts", "The daily post cap is reached")
            case Fault.REVOKED:
                return refused(401, "access_token_invalid", "The access token is invalid")
            case _:
                return refused(500, "internal_error", "Something is wrong")

    async def creator(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "access_token_invalid", "The access token is invalid")
        return told({"creator_username": account, "creator_nickname": account.title(), **self.may})

    async def user(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "access_token_invalid", "The access token is invalid")
        return told({"user": {"open_id": account, "display_name": account.title()}})

    async def begin(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return refused(401, "access_token_invalid", "The access token is invalid")
        body = await request.json()
        source, inbox = body["source_info"], "inbox" in request.url.path
        size, piece, pieces = source["video_size"], source["chunk_size"], source["total_chunk_count"]
        if source["source"] != "FILE_UPLOAD" or pieces != max(1, size // piece):
            return refused(400, "invalid_params", "The total chunk count is invalid")
        if (size >= _MIN_PIECE and not _MIN_PIECE <= piece <= _MAX_PIECE) or size - piece * (pieces - 1) > _MAX_LAST:
            return refused(400, "invalid_params", "The chunk size is invalid")
        info = body.get("post_info", {})
        if not inbox and (wrong := self._wrong(info)):
            return wrong
        # Before the pieces TikTok refuses what it would refuse after them.
        fault = self.take(account, Fault.QUOTA, Fault.REVOKED, Fault.LIMITED, Fault.LIMITED_UNTIMED)
        if fault is not None:
            return self.refusal(fault)
        number = f"v_pub_file~v2.{len(self.jobs)}"
        self.jobs[number] = Job(account, info.get("title", ""), info, size, piece, pieces, inbox=inbox)
        return told({"publish_id": number, "upload_url": f"{self.url}/video/{number}?upload_token=abc"})

    async def pictures(self, request: Request) -> Response:
        account = self.bearer(request)
        body = await request.json()
        if account is None:
            return refused(401, "access_token_invalid", "The access token is invalid")
        info, source = body["post_info"], body["source_info"]
        if source["source"] != "PULL_FROM_URL" or not 1 <= len(source["photo_images"]) <= 35:
            return refused(400, "invalid_params", "Photos are taken from URLs")
        if body["post_mode"] == "DIRECT_POST" and (wrong := self._wrong(info)):
            return wrong

        def make() -> Response:
            number = f"p_pub_url~v2.{len(self.jobs)}"
            job = Job(account, info.get("description", ""), body, inbox=body["post_mode"] != "DIRECT_POST")
            self.jobs[number] = job
            self._finish(number)
            return told({"publish_id": number})

        return await self.creating(request, account, make)

    async def upload(self, request: Request) -> Response:
        number = request.path_params["job"]
        job = self.jobs[number]
        if request.query_params.get("upload_token") != "abc":
            return said(403, {})
        data = await request.body()
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers["content-range"])
        assert span
        first, last, size = map(int, span.groups())
        expected = job.got[-1][1] + 1 if job.got else 0
        final = len(job.got) == job.pieces - 1
        if size != job.size or first != expected or len(data) != last - first + 1:
            return said(416, {})
        if (final and last != size - 1) or (not final and len(data) != job.piece):
            return said(416, {})
        if not final:
            if self.stumbles:
                self.stumbles -= 1
                return said(500, {})
            job.got.append((first, last))
            return said(206, {})

        def make() -> Response:
            job.got.append((first, last))
            self._finish(number)
            return said(201, {})

        return await self.creating(request, job.account, make)

    async def status(self, request: Request) -> Response:
        account = self.bearer(request)
        number = (await request.json())["publish_id"]
        job = self.jobs.get(number)
        if account is None:
            return refused(401, "access_token_invalid", "The access token is invalid")
        if job is None or job.account != account:
            return refused(400, "invalid_publish_id", "The publish id does not exist")
        got = job.got[-1][1] + 1 if job.got else 0
        if not job.whole:
            return told({"status": "PROCESSING_UPLOAD", "uploaded_bytes": got})
        if job.failed:
            return told({"status": "FAILED", "fail_reason": job.failed, "uploaded_bytes": got})
        if job.looks > 0:
            job.looks -= 1
            if job.looks == 0:
                self._show(number)
            return told({"status": "PROCESSING_UPLOAD", "uploaded_bytes": got})
        if job.inbox:
            return told({"status": "SEND_TO_USER_INBOX", "uploaded_bytes": got})
        return told(
            {"status": "PUBLISH_COMPLETE", "uploaded_bytes": got, "publicaly_available_post_id": [int(job.post)]}
        )

    async def counts(self, request: Request) -> Response:
        wanted = (await request.json())["filters"]["video_ids"]
        there = {job.post for job in self.jobs.values() if job.post}
        counts = {"view_count": 210, "like_count": 12, "comment_count": 3, "share_count": 2}
        return told({"videos": [{"id": one, **counts} for one in wanted if one in there]})

    def _wrong(self, info: dict[str, Any]) -> Response | None:
        if info.get("privacy_level") not in self.may["privacy_level_options"]:
            return refused(403, "privacy_level_option_mismatch", "The privacy level is not allowed")
        if len(info.get("title", "").encode("utf-16-le")) // 2 > 2200:
            return refused(400, "invalid_params", "The title is too long")
        return None

    def _finish(self, number: str) -> None:
        job = self.jobs[number]
        job.whole = True
        match self.take(job.account, Fault.SLOW, Fault.PROCESSING_FAILS):
            case Fault.SLOW:
                job.looks = 3
            case Fault.PROCESSING_FAILS:
                job.failed = "frame_rate_check_failed"
            case _:
                self._show(number)

    def _show(self, number: str) -> None:
        job = self.jobs[number]
        job.post = str(next(self.numbers))
        self.posts[job.account].append(Published(job.post, job.text, job.info))
