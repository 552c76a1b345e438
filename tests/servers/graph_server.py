"""Meta's Graph API, as developers.facebook.com documents it: containers, uploads, pages, listings."""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mediaposter.publishing.channels.meta.api import VERSION
from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said


def refused(status: int, code: int, message: str, subcode: int | None = None, **headers: str) -> Response:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "t"}
    if subcode is not None:
        error["error_subcode"] = subcode
    return said(status, {"error": error}, **headers)


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass
class Container:
    """Something that is prepared: a container of Instagram or Threads, a video of a page."""

    account: str
    body: dict[str, Any]
    size: int = 0  # bytes that still have to come
    looks: int = 0
    failed: bool = False
    published: str = ""


@dataclass
class GraphServer(PlatformServer):
    """An account is the id of a user or a page. What all three platforms have in common."""

    version: ClassVar[str] = f"/{VERSION}"

    containers: dict[str, Container] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(17_000))
    used: int = 3
    exchanged: list[str] = field(default_factory=list)
    secret: str = ""  # of the app; where there is one, each call must prove that its caller knows it
    usage: dict[str, str] = field(default_factory=dict)  # headers that tell how much was called

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(400, 4, "Application request limit reached", retry_after="0")
            case Fault.LIMITED_UNTIMED:
                return refused(400, 4, "Application request limit reached")
            case Fault.QUOTA:
                return refused(403, 9, "The user reached the maximum number of posts", 2207042)
            case Fault.REVOKED:
                return refused(400, 190, "Error validating access token: the session has been invalidated", 460)
            case Fault.DUPLICATE:
                return refused(400, 506, "Duplicate status message")
            case _:
                return refused(500, 2, "Service temporarily unavailable")

    def who(self, request: Request) -> str | None:
        """Return the account of a request's token, in its header or in its address."""
        token = request.query_params.get("access_token") or request.headers.get("authorization", "").partition(" ")[2]
        proof = hmac.new(self.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if token in self.revoked or (self.secret and request.query_params.get("appsecret_proof") != proof):
            return None
        return self.tokens.get(token)

    def stranger(self) -> Response:
        return refused(400, 190, "Invalid OAuth access token")

    def put(self, account: str, body: dict[str, Any], *, size: int = 0) -> str:
        """Keep a container; the fault that is due decides how long it is worked on."""
        number = str(next(self.numbers))
        fault = self.take(account, Fault.SLOW, Fault.PROCESSING_FAILS)
        made = Container(account, body, size, 1 if fault is Fault.SLOW else 0, fault is Fault.PROCESSING_FAILS)
        self.containers[number] = made
        return number

    def state(self, one: Container) -> str:
        if one.published:
            return "PUBLISHED"
        if one.failed:
            return "ERROR"
        if one.size or one.looks:
            one.looks = max(0, one.looks - 1)
            return "IN_PROGRESS"
        return "FINISHED"

    async def publish(self, request: Request, account: str, number: str, *, text: str) -> Response:
        """Make the post of a container."""
        one = self.containers.get(number)
        if one is None or one.account != account:
            return refused(400, 24, "The requested resource does not exist", 2207006)
        if self.state(one) != "FINISHED":
            return refused(400, 9007, "The media is not ready for publishing", 2207027)

        def make() -> Response:
            one.published = str(next(self.numbers))
            self.posts[account].append(Published(one.published, text, one.body))
            return said(200, {"id": one.published}, **self.usage)

        return await self.creating(request, account, make)

    async def comment(self, request: Request) -> Response:
        account = self.who(request)
        under, text = request.path_params["number"], (await request.json())["message"]
        if account is None:
            return self.stranger()

        def make() -> Response:
            one = {"id": f"{under}_{next(self.numbers)}", "text": text, "message": text, "from": {"id": account}}
            self.comments.setdefault(under, []).append(one)
            return said(200, {"id": one["id"]})

        return await self.creating(request, account, make)

    async def listed_comments(self, request: Request) -> Response:
        return said(200, {"data": self.comments.get(request.path_params["number"], [])})

    async def insights(self, request: Request) -> Response:
        number = request.path_params["number"]
        if not any(post.id == number for posts in self.posts.values() for post in posts):
            return refused(400, 100, "Object does not exist", 33)
        names = request.query_params["metric"].split(",")
        return said(200, {"data": [{"name": name, "values": [{"value": 10 + i}]} for i, name in enumerate(names)]})

    async def quota(self, request: Request) -> Response:
        if self.who(request) is None:
            return self.stranger()
        return said(200, {"data": [{"quota_usage": self.used, "config": {"quota_total": 50}}]})

    async def exchange(self, request: Request) -> Response:
        asked = request.query_params
        self.exchanged.append(asked["grant_type"])
        old = asked.get("fb_exchange_token") or asked.get("access_token", "")
        if old not in self.tokens or old in self.revoked:
            return self.stranger()
        token = f"long-{old}"
        self.tokens[token] = self.tokens[old]
        return said(200, {"access_token": token, "token_type": "bearer", "expires_in": 5_184_000})

    async def pages(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.stranger()
        page = {
            "id": account,
            "name": account.title(),
            "access_token": self.enrol(account),
            "tasks": ["CREATE_CONTENT"],
            "instagram_business_account": {"id": account, "username": account, "name": account.title()},
        }
        reader = {"id": "other", "name": "Other", "access_token": "t", "tasks": ["ANALYZE"]}
        return said(200, {"data": [page, reader], "paging": {"cursors": {"after": "x"}}})

    def listing(self, posts: Sequence[Published], text: str, link: str, when: str) -> Response:
        found = [
            {"id": post.id, text: post.text, link: f"https://x.example/{post.id}", when: moment(post.at)}
            for post in reversed(posts)
        ]
        return said(200, {"data": found})


@dataclass
class InstagramServer(GraphServer):
    name: ClassVar[str] = "instagram"

    def routes(self) -> Sequence[BaseRoute]:
        v = self.version
        return [
            Route(f"{v}/oauth/access_token", self.exchange),
            Route(f"{v}/me/accounts", self.pages),
            Route(f"{v}/{{user}}/media", self.create, methods=["POST"]),
            Route(f"{v}/{{user}}/media", self.list),
            Route("/upload/{number}", self.upload, methods=["POST"]),
            Route(f"{v}/{{user}}/media_publish", self.go, methods=["POST"]),
            Route(f"{v}/{{user}}/content_publishing_limit", self.quota),
            Route(f"{v}/{{number}}/comments", self.comment, methods=["POST"]),
            Route(f"{v}/{{number}}/comments", self.listed_comments),
            Route(f"{v}/{{number}}/insights", self.insights),
            Route(f"{v}/{{number}}", self.one),
        ]

    async def create(self, request: Request) -> Response:
        account = self.who(request)
        body = await request.json()
        if account is None:
            return self.stranger()
        if len(body.get("caption", "")) > 2200:
            return refused(400, 100, "The caption is too long", 2207010)
        if body.get("is_carousel_item") and "is_ai_generated" in body:
            return refused(400, 100, "is_ai_generated is not supported for carousel items")
        if body.get("upload_type") == "resumable":
            number = self.put(account, body, size=1)
            return said(200, {"id": number, "uri": f"{self.url}/upload/{number}"})
        if body.get("media_type") != "CAROUSEL" and "image_url" not in body:
            return refused(400, 100, "The parameter image_url is required")
        return said(200, {"id": self.put(account, body)})

    async def upload(self, request: Request) -> Response:
        data = await request.body()
        token = request.headers["authorization"].removeprefix("OAuth ")
        if (
            token not in self.tokens
            or len(data) != int(request.headers["file_size"])
            or request.headers["offset"] != "0"
        ):
            return said(400, {"debug_info": {"message": "Header missing"}})
        self.containers[request.path_params["number"]].size = 0
        return said(200, {"success": True})

    async def go(self, request: Request) -> Response:
        account = self.who(request)
        number = (await request.json())["creation_id"]
        if account is None:
            return self.stranger()
        text = self.containers[number].body.get("caption", "") if number in self.containers else ""
        return await self.publish(request, account, number, text=text)

    async def list(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.stranger()
        return self.listing(self.posts[account], "caption", "permalink", "timestamp")

    async def insights(self, request: Request) -> Response:
        stories = {one.published for one in self.containers.values() if one.body.get("media_type") == "STORIES"}
        if request.path_params["number"] in stories and "saved" in request.query_params["metric"]:
            return refused(
                400, 100, "(#100) The Media Insights API does not support the saved metric for this media product type."
            )
        return await super().insights(request)

    async def one(self, request: Request) -> Response:
        number = request.path_params["number"]
        if self.who(request) is None:
            return self.stranger()
        if number in self.containers:
            state = self.state(self.containers[number])
            why = "Error: Media upload has failed with error code 2207026" if state == "ERROR" else state
            return said(200, {"id": number, "status_code": state, "status": why})
        return said(200, {"id": number, "permalink": f"https://www.instagram.com/p/{number}/"})


@dataclass
class ThreadsServer(GraphServer):
    name: ClassVar[str] = "threads"
    version: ClassVar[str] = "/v1.0"

    def routes(self) -> Sequence[BaseRoute]:
        v = self.version
        return [
            Route("/access_token", self.exchange),
            Route("/refresh_access_token", self.exchange),
            Route(f"{v}/me", self.me),
            Route(f"{v}/{{user}}/threads", self.create, methods=["POST"]),
            Route(f"{v}/{{user}}/threads", self.list),
            Route(f"{v}/{{user}}/replies", self.list),
            Route(f"{v}/{{user}}/threads_publish", self.go, methods=["POST"]),
            Route(f"{v}/{{user}}/threads_publishing_limit", self.quota),
            Route(f"{v}/{{number}}/insights", self.insights),
            Route(f"{v}/{{number}}", self.one),
        ]

    async def me(self, request: Request) -> Response:
        account = self.who(request)
        return said(200, {"id": account, "username": account}) if account else self.stranger()

    async def create(self, request: Request) -> Response:
        account = self.who(request)
        form = await read_form(request)
        if account is None:
            return self.stranger()
        if len(str(form.get("text", "")).encode()) > 500:
            return refused(400, 100, "Param text must be at most 500 characters long")
        return said(200, {"id": self.put(account, dict(form))})

    async def go(self, request: Request) -> Response:
        account, number = self.who(request), request.query_params["creation_id"]
        if account is None:
            return self.stranger()
        text = str(self.containers[number].body.get("text", "")) if number in self.containers else ""
        return await self.publish(request, account, number, text=text)

    async def list(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.stranger()
        replies = request.url.path.endswith("/replies")
        kept = [post for post in self.posts[account] if ("reply_to_id" in post.data) == replies]
        found = [
            {
                "id": post.id,
                "text": post.text,
                "permalink": f"https://x.example/{post.id}",
                "timestamp": moment(post.at),
            }
            for post in reversed(kept)
        ]
        return said(200, {"data": found})

    async def one(self, request: Request) -> Response:
        number = request.path_params["number"]
        if self.who(request) is None:
            return self.stranger()
        if number in self.containers:
            state = self.state(self.containers[number])
            told = {"id": number, "status": state}
            return said(200, told | ({"error_message": "FAILED_PROCESSING_VIDEO"} if state == "ERROR" else {}))
        return said(200, {"id": number, "permalink": f"https://www.threads.net/@x/post/{number}"})


@dataclass
class FacebookServer(GraphServer):
    name: ClassVar[str] = "facebook"

    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)  # of videos, said instead of the true ones
    granted: bool = True  # read_insights
    piece: int = 40_000  # bytes that the chunked upload asks for at a time

    def routes(self) -> Sequence[BaseRoute]:
        v = self.version
        return [
            Route(f"{v}/oauth/access_token", self.exchange),
            Route(f"{v}/me/accounts", self.pages),
            Route(f"{v}/{{page}}/photos", self.photo, methods=["POST"]),
            Route(f"{v}/{{page}}/feed", self.feed, methods=["POST"]),
            Route(f"{v}/{{page}}/published_posts", self.list),
            Route(f"{v}/{{page}}/video_reels", self.reel, methods=["POST"]),
            Route(f"{v}/{{page}}/videos", self.video, methods=["POST"]),
            Route("/upload/{number}", self.upload, methods=["POST"]),
            Route(f"{v}/{{number}}/comments", self.comment, methods=["POST"]),
            Route(f"{v}/{{number}}/comments", self.listed_comments),
            Route(f"{v}/{{number}}/insights", self.post_insights),
            Route(f"{v}/{{number}}/video_insights", self.video_insights),
            Route(f"{v}/{{number}}", self.one),
        ]

    async def post_insights(self, request: Request) -> Response:
        number, names = request.path_params["number"], request.query_params["metric"].split(",")
        if number in self.containers or not self.granted:
            return refused(400, 100, "(#100) The value must be a valid insights metric")
        return said(200, {"data": [{"name": name, "values": [{"value": 40 + i}]} for i, name in enumerate(names)]})

    async def video_insights(self, request: Request) -> Response:
        if request.path_params["number"] not in self.containers or not self.granted:
            return refused(400, 100, "(#100) Tried accessing nonexisting field (video_insights)")
        counts = {
            "fb_reels_total_plays": 40,
            "post_video_likes_by_reaction_type": {"REACTION_LIKE": 7, "REACTION_LOVE": 2},
            "post_video_social_actions": {"SHARE": 3, "COMMENT": 5},
            "post_video_view_time": 61_500,
        }
        return said(200, {"data": [{"name": name, "values": [{"value": told}]} for name, told in counts.items()]})

    async def photo(self, request: Request) -> Response:
        account = self.who(request)
        form = await read_form(request)
        if account is None:
            return self.stranger()
        if form["published"] != "false" or not isinstance(form["source"], SentFile):
            return refused(400, 100, "An unpublished photo is expected")
        return said(200, {"id": self.put(account, {"size": len(form["source"].content), **form})})

    async def feed(self, request: Request) -> Response:
        account = self.who(request)
        body = await request.json()
        if account is None:
            return self.stranger()
        if any(one["media_fbid"] not in self.containers for one in body.get("attached_media", [])):
            return refused(400, 100, "The photo does not exist")

        def make() -> Response:
            number = f"{account}_{next(self.numbers)}"
            self.posts[account].append(Published(number, body["message"], body))
            return said(200, {"id": number})

        return await self.creating(request, account, make)

    async def reel(self, request: Request) -> Response:
        account = self.who(request)
        body = await request.json()
        if account is None:
            return self.stranger()
        if body["upload_phase"] == "start":
            number = self.put(account, body, size=body["file_size"])
            return said(200, {"video_id": number, "upload_url": f"{self.url}/upload/{number}"})
        return await self._finish(request, account, body["video_id"], body)

    async def video(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.stranger()
        if request.headers["content-type"].startswith("multipart/"):
            form = await read_form(request)
            chunk, one = form["video_file_chunk"], self.containers[str(form["upload_session_id"])]
            assert isinstance(chunk, SentFile)
            done = int(str(form["start_offset"])) + len(chunk.content)
            one.size = one.body["file_size"] - done
            end = min(done + self.piece, one.body["file_size"])
            return said(200, {"start_offset": str(done), "end_offset": str(end)})
        body = await request.json()
        if body["upload_phase"] == "start":
            number = self.put(account, body, size=body["file_size"])
            end = min(self.piece, body["file_size"])
            told = {"video_id": number, "upload_session_id": number, "start_offset": "0", "end_offset": str(end)}
            return said(200, told)
        return await self._finish(request, account, body["upload_session_id"], body)

    async def upload(self, request: Request) -> Response:
        one = self.containers[request.path_params["number"]]
        data = await request.body()
        if request.headers["authorization"].removeprefix("OAuth ") not in self.tokens or len(data) != one.size:
            return said(400, {"debug_info": {"message": "Header missing"}})
        one.size = 0
        return said(200, {"success": True})

    async def _finish(self, request: Request, account: str, number: str, body: dict[str, Any]) -> Response:
        one = self.containers[number]
        if one.size:
            return refused(400, 6000, "There was a problem uploading your video file")

        def make() -> Response:
            one.published = number
            if not one.failed:
                self.posts[account].append(Published(number, body["description"], body))
            return said(200, {"success": True, "post_id": f"9{number}"})

        return await self.creating(request, account, make)

    async def list(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.stranger()
        return self.listing(self.posts[account], "message", "permalink_url", "created_time")

    async def one(self, request: Request) -> Response:
        number = request.path_params["number"]
        if self.who(request) is None:
            return self.stranger()
        fields = request.query_params["fields"]
        if number in self.containers and "status" in fields:
            return said(200, {"id": number, "permalink_url": f"/reel/{number}", "status": self._status(number)})
        if "comments" in fields:
            return self._counts(number, fields)
        if fields == "name":
            return said(200, {"id": number, "name": number.title()})
        return said(200, {"id": number, "permalink_url": f"https://www.facebook.com/{number}"})

    def _status(self, number: str) -> dict[str, Any]:
        if number in self.statuses:
            return self.statuses[number]
        one = self.containers[number]
        told: dict[str, Any] = {"video_status": "processing", "publishing_phase": {"status": "not_started"}}
        if not one.published:
            return told | {"processing_phase": {"status": "complete"}}
        told["publishing_phase"] = {"status": "complete", "publish_status": "published"}
        if one.failed:
            return told | {"video_status": "error", "processing_phase": {"errors": [{"message": "Bad codec"}]}}
        if one.looks:
            one.looks -= 1
            return told
        return told | {"video_status": "ready"}

    def _counts(self, number: str, fields: str) -> Response:
        if not any(post.id == number for posts in self.posts.values() for post in posts):
            return refused(400, 100, "Object does not exist", 33)
        summary = {"summary": {"total_count": 9}}
        if number in self.containers:
            if "shares" in fields:
                return refused(400, 100, "(#100) Tried accessing nonexisting field (shares) on node type (Video)")
            return said(200, {"id": number, "likes": summary, "comments": summary})
        return said(200, {"id": number, "reactions": summary, "comments": summary, "shares": {"count": 2}})
