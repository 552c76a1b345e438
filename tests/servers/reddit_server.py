"""Reddit's API, as reddit.com/dev/api documents it, with the media leases that its own page and PRAW use."""

import time
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.forms import SentFile, read_form
from tests.servers.platform_server import Fault, PlatformServer, Published, said

_SLOW = 1.0  # seconds until a slow post is listed


def errors(code: str, message: str, field: str, **more: object) -> Response:
    return said(200, {"json": {"errors": [[code, message, field]], **more}})


class RedditServer(PlatformServer):
    """An account is a user's name. Posts with media are made when the listing is read: Reddit names no id."""

    name: ClassVar[str] = "reddit"

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[str, int] = {}  # key -> bytes
        self.slow: dict[str, float] = {}  # account -> when its posts are listed
        self.agents: set[str] = set()

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/api/v1/me", self.me),
            Route("/r/{name}/about", self.about),
            Route("/api/media/asset.json", self.lease, methods=["POST"]),
            Route("/s3", self.store, methods=["POST"]),
            Route("/api/submit", self.submit, methods=["POST"]),
            Route("/api/comment", self.comment, methods=["POST"]),
            Route("/user/{user}/{listing}", self.listing),
            Route("/api/info", self.info),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                says = "Looks like you've been doing that a lot. Take a break for 1 second before trying again."
                return errors("RATELIMIT", says, "ratelimit", ratelimit=0.5)
            case Fault.LIMITED_UNTIMED:
                return said(429, {"message": "Too Many Requests", "error": 429})
            case Fault.REVOKED:
                return said(401, {"message": "Unauthorized", "error": 401})
            case Fault.DUPLICATE:
                return errors("ALREADY_SUB", "that link has already been submitted", "url")
            case Fault.QUOTA:
                says = "you are doing that too much. try again in 9 minutes."
                return errors("RATELIMIT", says, "ratelimit")
            case _:
                return said(500, {"message": "Internal Server Error", "error": 500})

    def unauthorized(self) -> Response:
        return said(401, {"message": "Unauthorized", "error": 401})

    def who(self, request: Request) -> str | None:
        self.agents.add(request.headers["user-agent"])
        return self.bearer(request)

    async def me(self, request: Request) -> Response:
        account = self.who(request)
        return said(200, {"id": "1w72", "name": account}) if account else self.unauthorized()

    async def about(self, request: Request) -> Response:
        if self.who(request) is None:
            return self.unauthorized()
        return said(200, {"kind": "t5", "data": {"display_name": request.path_params["name"]}})

    async def lease(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.unauthorized()
        form = await read_form(request)
        key = f"rte_images/{account}/{form['filepath']}"
        fields = [{"name": "key", "value": key}, {"name": "Content-Type", "value": form["mimetype"]}]
        asset = {"asset_id": "a1", "processing_state": "incomplete", "websocket_url": "wss://x/secret"}
        return said(200, {"args": {"action": f"{self.url}/s3", "fields": fields}, "asset": asset})

    async def store(self, request: Request) -> Response:
        form = await read_form(request)
        file = form.get("file")
        if not isinstance(file, SentFile) or list(form)[-1] != "file":
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400)
        self.stored[str(form["key"])] = len(file.content)
        return Response("<PostResponse/>", 201)

    async def submit(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.unauthorized()
        form = {name: str(value) for name, value in (await read_form(request)).items()}
        wrong = self.wrong(form)
        if wrong is not None:
            return wrong
        if self.take(account, Fault.SLOW):
            self.slow[account] = time.monotonic() + _SLOW

        def make() -> Response:
            number = f"p{sum(map(len, self.posts.values()))}"
            post = Published(number, form.get("text", ""), form)
            self.posts[account].append(post)
            if form["kind"] in ("image", "video"):
                page = f"https://www.reddit.com/user/{account}/submitted/"
                data: dict[str, Any] = {"user_submitted_page": page, "websocket_url": f"wss://ws/{number}?m=secret"}
            else:
                data = {"url": f"https://www.reddit.com{_permalink(post)}", "id": number, "name": f"t3_{number}"}
            return said(200, {"json": {"errors": [], "data": data}})

        return await self.creating(request, account, make)

    def wrong(self, form: dict[str, str]) -> Response | None:
        if not 1 <= len(form.get("title", "")) <= 300:
            return errors("TOO_LONG" if form.get("title") else "NO_TEXT", "we need a title", "title")
        if form.get("sr") == "flaironly" and not form.get("flair_id"):
            return errors("SUBMIT_VALIDATION_FLAIR_REQUIRED", "Your post must contain post flair.", "flair")
        if form["kind"] in ("image", "video"):
            keys = [form["url"]] + ([form.get("video_poster_url", "")] if form["kind"] == "video" else [])
            if not all(self.stored.get(key.removeprefix(f"{self.url}/")) for key in keys):
                return errors("MISSING_VIDEO_URLS", "this field is required", "video_poster_url")
        return None

    async def comment(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.unauthorized()
        form = {name: str(value) for name, value in (await read_form(request)).items()}
        if not any(f"t3_{post.id}" == form["thing_id"] for post in self.posts[account]):
            return errors("DELETED_LINK", "that link has been deleted", "parent")
        number = f"c{len(self.posts[f'{account} comments'])}"
        self.posts[f"{account} comments"].append(Published(number, form["text"], form))
        data = {"id": number, "name": f"t1_{number}", "permalink": f"/r/x/comments/{form['thing_id']}/-/{number}/"}
        return said(200, {"json": {"errors": [], "data": {"things": [{"kind": "t1", "data": data}]}}})

    async def listing(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.unauthorized()
        if time.monotonic() < self.slow.get(account, 0.0):
            return said(200, {"kind": "Listing", "data": {"children": []}})
        comments = request.path_params["listing"] == "comments"
        posts = self.posts[f"{account} comments" if comments else account]
        children = [{"kind": "t1" if comments else "t3", "data": _shown(post)} for post in reversed(posts)]
        return said(200, {"kind": "Listing", "data": {"children": children}})

    async def info(self, request: Request) -> Response:
        account = self.who(request)
        if account is None:
            return self.unauthorized()
        every = [*self.posts[account], *self.posts[f"{account} comments"]]
        found = [_shown(post) for post in every if request.query_params["id"].endswith(f"_{post.id}")]
        return said(200, {"kind": "Listing", "data": {"children": [{"data": one} for one in found]}})


def _permalink(post: Published) -> str:
    return f"/r/{post.data.get('sr')}/comments/{post.id}/a/"


def _shown(post: Published) -> dict[str, Any]:
    common = {"id": post.id, "created_utc": post.at, "score": 12, "ups": 13, "num_comments": 3, "num_crossposts": 0}
    if "thing_id" in post.data:
        where = {"name": f"t1_{post.id}", "link_id": post.data["thing_id"], "permalink": f"/r/x/-/{post.id}/"}
        return {**common, **where, "body": post.text}
    named = {"name": f"t3_{post.id}", "permalink": _permalink(post), "title": post.data["title"]}
    return {**common, **named, "subreddit": post.data["sr"], "selftext": post.text}
