"""Blotato, as help.blotato.com documents it: accounts, uploads, submissions that are worked on, limits by route."""

import re
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.platform_server import Fault, PlatformServer, Published, said

# Calls a minute of one key, by method and path.
LIMITS = {
    "POST /posts": 30,
    "GET /posts/": 60,
    "GET /posts": 60,
    "POST /media/uploads": 120,
    "POST /comments": 30,
    "GET /comments": 60,
    "GET /comments/": 60,
}
REQUIRED = {
    "tiktok": (
        "privacyLevel",
        "disabledComments",
        "disabledDuet",
        "disabledStitch",
        "isBrandedContent",
        "isYourBrand",
        "isAiGenerated",
    ),
    "youtube": ("title", "privacyStatus", "shouldNotifySubscribers"),
    "facebook": ("pageId",),
    "pinterest": ("boardId",),
}


def refused(status: int, message: str, **headers: str) -> Response:
    return said(status, {"statusCode": status, "message": message}, **headers)


@dataclass
class Submission:
    """One post that was taken."""

    body: dict[str, Any]
    account: str
    at: float
    ready: float
    failed: str = ""

    @property
    def text(self) -> str:
        return self.body["content"]["text"]

    @property
    def platform(self) -> str:
        return self.body["content"]["platform"]


@dataclass
class BlotatoServer(PlatformServer):
    """A key reaches the accounts it was enrolled for. `strict` keeps to LIMITS and counts who broke them."""

    name: ClassVar[str] = "blotato"

    strict: bool = False
    works: float = 0.0  # seconds until a submission is published
    connected: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))  # by key
    pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by account
    files: dict[str, int] = field(default_factory=dict)
    submissions: dict[str, Submission] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))  # by published post
    nameless: bool = False  # addresses of posts do not name their accounts
    page: int = 250
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    broken: int = 0  # calls beyond a limit
    _spent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v2/users/me", self.me),
            Route("/v2/users/me/accounts", self.accounts),
            Route("/v2/users/me/accounts/{account}/subaccounts", self.subaccounts),
            Route("/v2/social/pinterest/boards", self.boards),
            Route("/v2/media/uploads", self.presign, methods=["POST"]),
            Route("/store/{number}", self.store, methods=["PUT"]),
            Route("/v2/posts", self.create, methods=["POST"]),
            Route("/v2/posts", self.list),
            Route("/v2/posts/{number}", self.status),
            Route("/v2/posts/{number}/analytics", self.counts),
            Route("/v2/comments", self.comment, methods=["POST"]),
            Route("/v2/comments", self.comments_of),
            Route("/v2/comments/{number}", self.one_comment),
            Route("/v2/conversations", self.conversations),
            Route("/v2/messages", self.messages),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(429, "Rate limit exceeded, retry in 0 seconds")
            case Fault.LIMITED_UNTIMED:
                return refused(429, "Rate limit exceeded")
            case Fault.QUOTA:
                return refused(429, "Rate limit exceeded, retry in 3600 seconds")
            case Fault.REVOKED:
                return refused(401, "Unauthorized")
            case _:
                return refused(500, "Internal server error")

    def enrol(self, account: str) -> str:
        key = super().enrol(account) + "=="
        self.tokens[key] = account
        self.connect(key, account, "twitter")
        return key

    def connect(self, key: str, account: str, platform: str) -> None:
        """Connect an account under a key."""
        self.tokens.setdefault(key, account)
        one = {"id": account, "platform": platform, "fullname": account.title(), "username": account}
        self.connected[key].append(one)

    def _key(self, request: Request) -> str | None:
        key = request.headers.get("blotato-api-key", "")
        return None if key in self.revoked or key not in self.tokens else key

    def _over(self, key: str, route: str) -> Response | None:
        now, spent = time.monotonic(), self._spent[f"{key} {route}"]
        while spent and now - spent[0] >= 60:
            spent.popleft()
        if self.strict and len(spent) >= LIMITS[route]:
            self.broken += 1
            return refused(429, f"Rate limit exceeded, retry in {60 - (now - spent[0]):.0f} seconds")
        spent.append(now)
        return None

    async def me(self, request: Request) -> Response:
        return said(200, {"id": "user"}) if self._key(request) else refused(401, "Unauthorized")

    async def accounts(self, request: Request) -> Response:
        key = self._key(request)
        return said(200, {"items": self.connected[key]}) if key else refused(401, "Unauthorized")

    async def subaccounts(self, request: Request) -> Response:
        return said(200, {"items": self.pages.get(request.path_params["account"], [])})

    async def boards(self, request: Request) -> Response:
        return said(200, {"items": [{"id": "b1", "name": "Plants"}, {"id": "b2", "name": "Pots"}]})

    async def presign(self, request: Request) -> Response:
        key = self._key(request)
        if key is None:
            return refused(401, "Unauthorized")
        if over := self._over(key, "POST /media/uploads"):
            return over
        number = str(next(self.numbers))
        name = (await request.json())["filename"]
        urls = {
            "presignedUrl": f"{self.url}/store/{number}?signature=s",
            "publicUrl": f"{self.url}/file/{number}/{name}",
        }
        return said(201, urls)

    async def store(self, request: Request) -> Response:
        data = await request.body()
        if request.query_params.get("signature") != "s" or len(data) != int(request.headers["content-length"]):
            return refused(403, "SignatureDoesNotMatch")
        self.files[request.path_params["number"]] = len(data)
        return Response(status_code=200)

    async def create(self, request: Request) -> Response:
        key = self._key(request)
        if key is None:
            return refused(401, "Unauthorized")
        if over := self._over(key, "POST /posts"):
            return over
        post = (await request.json())["post"]
        content, target = post["content"], post["target"]
        platform = content["platform"]
        account = next((one for one in self.connected[key] if one["id"] == post["accountId"]), None)
        if account is None or account["platform"] != platform:
            return refused(404, "Account not found")
        if missing := [name for name in REQUIRED.get(platform, ()) if name not in target]:
            return refused(422, f"post.target.{missing[0]} is required")
        if target.get("targetType") != platform or not isinstance(content["mediaUrls"], list):
            return refused(422, "post.target.targetType must be equal to post.content.platform")
        files = [re.fullmatch(rf"{self.url}/file/(\d+)/.+", one) for one in content["mediaUrls"]]
        if any(file is None or file.group(1) not in self.files for file in files):
            return refused(422, "Failed to read media metadata")

        def make() -> Response:
            number = f"sub-{next(self.numbers)}"
            name = post["accountId"]
            slow = self.take(name, Fault.SLOW, Fault.PROCESSING_FAILS)
            made = Submission(post, name, time.time(), time.monotonic() + (0.3 if slow is Fault.SLOW else self.works))
            self.submissions[number] = made
            if slow is Fault.PROCESSING_FAILS:
                made.failed = "Invalid aspect ratio"
            else:
                self.posts[name].append(Published(number, content["text"], post))
            return said(201, {"postSubmissionId": number})

        return await self.creating(request, post["accountId"], make)

    async def list(self, request: Request) -> Response:
        """What is published or failed; what is worked on is in no list, and no entry names its account."""
        key = self._key(request)
        if key is None:
            return refused(401, "Unauthorized")
        if over := self._over(key, "GET /posts"):
            return over
        asked = request.query_params
        since = datetime.fromisoformat(asked["since"]).timestamp() if "since" in asked else 0.0
        mine = {one["id"] for one in self.connected[key]}
        found = [
            {
                "id": f"post-{number}",
                "postTime": datetime.fromtimestamp(one.at, UTC).isoformat(),
                "platform": one.platform,
                "text": one.text,
                "mediaUrls": one.body["content"]["mediaUrls"],
                "state": {"type": "failed", "errorMessage": one.failed}
                if one.failed
                else {"type": "published", "postUrl": self._url(number, one)},
            }
            for number, one in reversed(self.submissions.items())
            if one.account in mine
            and one.at >= since
            and asked.get("platform", one.platform) == one.platform
            and (one.failed or time.monotonic() >= one.ready)
        ]
        return self._paged(request, found)

    def _paged(self, request: Request, found: Sequence[dict[str, Any]]) -> Response:
        start = int(request.query_params.get("cursor", 0))
        end = start + min(self.page, int(request.query_params.get("limit", 50)))
        return said(200, {"items": found[start:end]} | ({"cursor": str(end)} if end < len(found) else {}))

    async def status(self, request: Request) -> Response:
        key, number = self._key(request), request.path_params["number"]
        if key is None:
            return refused(401, "Unauthorized")
        if over := self._over(key, "GET /posts/"):
            return over
        one = self.submissions.get(number)
        # What it does not know is in progress for ever.
        return said(200, self._told(number, one) if one else {"postSubmissionId": number, "status": "in-progress"})

    async def counts(self, request: Request) -> Response:
        number = request.path_params["number"].removeprefix("post-")
        if number == request.path_params["number"] or number not in self.submissions:
            return refused(404, "Published post not found")
        metrics = {"viewsCount": "310", "likesCount": "12", "commentsCount": "4"}
        return said(200, {"latestMetrics": {"fetchedAt": "2026-11-23T12:00:00.000Z", "metrics": metrics}})

    async def comment(self, request: Request) -> Response:
        key = self._key(request)
        if key is None:
            return refused(401, "Unauthorized")
        if over := self._over(key, "POST /comments"):
            return over
        asked = await request.json()
        number = asked["postId"].removeprefix("post-")
        if number not in self.submissions:
            return refused(404, "Post not found")
        if self.submissions[number].platform not in ("instagram", "facebook"):
            return refused(422, "Comments are not supported on this platform")

        def make() -> Response:
            made = {
                "id": f"comment-{next(self.numbers)}",
                "postId": f"post-{number}",
                "text": asked["text"],
                "isAuthor": True,
                "parentCommentId": asked.get("parentCommentId"),
                "status": "posted",
                "createdAt": datetime.now(UTC).isoformat(),
            }
            self.comments[number].insert(0, made)
            return said(201, {**made, "status": "queued"})

        return await self.creating(request, self.submissions[number].account, make)

    async def comments_of(self, request: Request) -> Response:
        if not self._key(request):
            return refused(401, "Unauthorized")
        return self._paged(request, self.comments[request.query_params["postId"].removeprefix("post-")])

    async def one_comment(self, request: Request) -> Response:
        all_of_them = [one for some in self.comments.values() for one in some]
        found = next((one for one in all_of_them if one["id"] == request.path_params["number"]), None)
        return said(200, found) if found else refused(404, "Comment not found")

    async def conversations(self, request: Request) -> Response:
        return self._paged(request, [{"id": "c1", "accountId": request.query_params["accountId"]}])

    async def messages(self, request: Request) -> Response:
        return self._paged(request, [{"id": "m1", "conversationId": request.query_params["conversationId"]}])

    def _url(self, number: str, one: Submission) -> str:
        return f"https://{one.platform}.example/{'p' if self.nameless else one.account}/{number}"

    def _told(self, number: str, one: Submission) -> dict[str, Any]:
        if one.failed:
            return {"postSubmissionId": number, "status": "failed", "errorMessage": one.failed}
        if time.monotonic() < one.ready:
            return {"postSubmissionId": number, "status": "in-progress"}
        return {"postSubmissionId": number, "status": "published", "publicUrl": self._url(number, one)}
