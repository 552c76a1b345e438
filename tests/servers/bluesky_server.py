"""A Bluesky data server, as docs.bsky.app and the lexicons document it, for sessions, blobs and records."""

import base64
import json
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.platform_server import Fault, PlatformServer, Published, said


def refused(status: int, error: str, message: str, **headers: str) -> Response:
    return said(status, {"error": error, "message": message}, **headers)


class BlueskyServer(PlatformServer):
    """An account is a did; its password is its token. Records are kept under their keys, which exist once."""

    name: ClassVar[str] = "bluesky"

    def routes(self) -> Sequence[BaseRoute]:
        xrpc = "/xrpc/com.atproto"
        return [
            Route(f"{xrpc}.server.createSession", self.open, methods=["POST"]),
            Route(f"{xrpc}.repo.uploadBlob", self.upload, methods=["POST"]),
            Route(f"{xrpc}.repo.createRecord", self.create, methods=["POST"]),
            Route(f"{xrpc}.repo.getRecord", self.get),
            Route(f"{xrpc}.identity.resolveHandle", self.resolve),
            Route("/xrpc/app.bsky.feed.getPosts", self.counts),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return refused(429, "RateLimitExceeded", "Rate Limit Exceeded", retry_after="0")
            case Fault.LIMITED_UNTIMED:
                return refused(429, "RateLimitExceeded", "Rate Limit Exceeded")
            case Fault.QUOTA:
                return refused(429, "RateLimitExceeded", "Rate Limit Exceeded", retry_after="3600")
            case Fault.REVOKED:
                return refused(401, "AuthenticationRequired", "Token has been revoked")
            case _:
                return refused(500, "InternalServerError", "Internal Server Error")

    async def open(self, request: Request) -> Response:
        body = await request.json()
        account = self.tokens.get(body["password"])
        if account is None:
            return refused(401, "AuthenticationRequired", "Invalid identifier or password")
        claims = json.dumps({"sub": account, "exp": int(time.time()) + 7200}).encode()
        token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"
        self.tokens[token] = account
        return said(200, {"did": account, "handle": body["identifier"], "accessJwt": token, "refreshJwt": "r"})

    async def upload(self, request: Request) -> Response:
        if self.bearer(request) is None:
            return refused(401, "AuthMissing", "Authentication Required")
        data = await request.body()
        if len(data) != int(request.headers["content-length"]):
            return refused(400, "InvalidRequest", "Request size does not match Content-Length")
        reference = {"$link": f"bafkrei{abs(hash(data)) % 10**12}"}
        kind = request.headers["content-type"]
        return said(200, {"blob": {"$type": "blob", "ref": reference, "mimeType": kind, "size": len(data)}})

    async def create(self, request: Request) -> Response:
        account = self.bearer(request)
        body = await request.json()
        if account is None or account != body["repo"]:
            return refused(401, "AuthMissing", "Authentication Required")
        record: dict[str, Any] = body["record"]
        for name in ("text", "createdAt"):
            if name not in record:
                return refused(400, "InvalidRequest", f"Invalid app.bsky.feed.post record: missing {name}")
        if len(record["text"].encode()) > 3000:
            return refused(400, "InvalidRequest", "Record/text must not be longer than 3000 bytes")

        def make() -> Response:
            uri = f"at://{account}/{body['collection']}/{body['rkey']}"
            if self._by_uri(account, uri) is not None:  # as the real one says it
                return refused(500, "InternalServerError", "Internal Server Error")
            self.posts[account].append(Published(uri, record["text"], record))
            return said(200, {"uri": uri, "cid": f"cid-{body['rkey']}", "validationStatus": "valid"})

        return await self.creating(request, account, make)

    async def get(self, request: Request) -> Response:
        asked = request.query_params
        uri = f"at://{asked['repo']}/{asked['collection']}/{asked['rkey']}"
        found = self._by_uri(asked["repo"], uri)
        if found is None:
            return refused(400, "RecordNotFound", f"Could not locate record: {uri}")
        return said(200, {"uri": uri, "cid": f"cid-{asked['rkey']}", "value": found.data})

    async def resolve(self, request: Request) -> Response:
        if request.query_params["handle"].startswith("nobody"):
            return refused(400, "InvalidRequest", "Unable to resolve handle")
        return said(200, {"did": f"did:plc:{request.query_params['handle'].replace('.', '')}"})

    async def counts(self, request: Request) -> Response:
        uri = request.query_params["uris"]
        account = uri.split("/")[2]
        found = self._by_uri(account, uri)
        counts = {"uri": uri, "likeCount": 3, "repostCount": 2, "quoteCount": 1, "replyCount": 4}
        return said(200, {"posts": [counts] if found else []})

    def _by_uri(self, account: str, uri: str) -> Published | None:
        return next((post for post in self.posts[account] if post.id == uri), None)
