"""LinkedIn's versioned REST API, as learn.microsoft.com documents it, for posts, media, comments, pages and counts."""

import time
from collections.abc import Sequence
from typing import Any, ClassVar

import regex
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tests.servers.platform_server import Fault, PlatformServer, Published, said

_ESCAPED = regex.compile(r"\\.|\{hashtag\|\\#\|(?:\\.|[^}\\])*\}")
_RESERVED = regex.compile(r"[|{}@\[\]()<>#*_~]")
_COUNTS = {"IMPRESSION": 120, "MEMBERS_REACHED": 80, "REACTION": 9, "COMMENT": 4, "RESHARE": 2}


class LinkedInServer(PlatformServer):
    """A token acts as its account; one of a person acts as the `pages` of that person as well."""

    name: ClassVar[str] = "linkedin"

    def __init__(self) -> None:
        super().__init__()
        self.media: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.pages: dict[str, list[str]] = {}
        self.forbidden: set[str] = set()  # what the app may not use, by its path below /rest/
        self.version = "202609"
        self.part = 4_194_304  # bytes of a part of a video

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v2/userinfo", self.userinfo),
            Route("/v2/me", self.me),
            Route("/rest/organizationAcls", self.acls),
            Route("/rest/organizations/{id}", self.organization),
            Route("/rest/images", self.begin_image, methods=["POST"]),
            Route("/rest/videos", self.video, methods=["POST"]),
            Route("/rest/{kind:str}/{urn}", self.medium, methods=["GET"]),
            Route("/upload/{urn}/{part}", self.put, methods=["PUT"]),
            Route("/rest/posts", self.create, methods=["POST"]),
            Route("/rest/posts", self.by_author, methods=["GET"]),
            Route("/rest/socialActions/{urn}/comments", self.comment, methods=["POST"]),
            Route("/rest/socialActions/{urn}/comments", self.commented, methods=["GET"]),
            Route("/rest/organizationalEntityShareStatistics", self.statistics),
            Route("/rest/memberCreatorPostAnalytics", self.analytics),
        ]

    def refusal(self, fault: Fault) -> Response:
        match fault:
            case Fault.LIMITED:
                return said(429, {"status": 429, "message": "Too many requests"}, Retry_After="0")
            case Fault.LIMITED_UNTIMED:
                return said(429, {"status": 429, "message": "Too many requests"})
            case Fault.QUOTA:
                says = "Resource level throttle DAY limit for calls to this resource is reached."
                return said(429, {"serviceErrorCode": 101, "message": says, "status": 429})
            case Fault.REVOKED:
                return self.unauthorized()
            case Fault.DUPLICATE:
                return duplicate(f"urn:li:share:{int(time.time() * 1000) << 22}")
            case _:
                return said(500, {"status": 500, "message": "Internal Server Error"})

    def unauthorized(self) -> Response:
        says = "The token used in the request has been revoked by the user"
        return said(401, {"status": 401, "serviceErrorCode": 65601, "code": "REVOKED_ACCESS_TOKEN", "message": says})

    def refused(self, request: Request) -> Response | None:
        """What every request below /rest/ is refused for: its token, its version, its permissions."""
        if self.bearer(request) is None:
            return self.unauthorized()
        version = request.headers.get("linkedin-version")
        if version != self.version:
            says = f"Requested version {version}01 is not active"
            return said(426, {"status": 426, "code": "NONEXISTENT_VERSION", "message": says})
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            return said(400, {"status": 400, "message": "Unsupported protocol version"})
        if request.url.path.split("/")[2] in self.forbidden:
            says = "Not enough permissions to access this resource"
            return said(403, {"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": says})
        return None

    def acts_as(self, request: Request, author: str) -> bool:
        account = self.bearer(request) or ""
        return author == account or author in self.pages.get(account, [])

    async def userinfo(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        if "userinfo" in self.forbidden:
            return said(403, {"status": 403, "code": "ACCESS_DENIED", "message": "Not enough permissions"})
        return said(200, {"sub": account.rpartition(":")[2], "name": "Ann Fern"})

    async def me(self, request: Request) -> Response:
        account = self.bearer(request)
        if account is None:
            return self.unauthorized()
        names = {"localizedFirstName": "Ann", "localizedLastName": "Fern", "vanityName": "ann-fern"}
        return said(200, {"id": account.rpartition(":")[2], **names})

    async def acls(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        account = self.bearer(request) or ""
        pages = self.pages.get(account, [account] if ":organization:" in account else [])
        roles = [{"role": "ADMINISTRATOR", "organization": urn, "state": "APPROVED"} for urn in pages]
        analyst = {"role": "ANALYST", "organization": "urn:li:organization:7", "state": "APPROVED"}
        return said(200, {"elements": [*roles, analyst], "paging": {"start": 0, "count": 100}})

    async def organization(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        number = request.path_params["id"]
        return said(200, {"id": number, "localizedName": f"Page {number}", "vanityName": f"page-{number}"})

    async def begin_image(self, request: Request) -> Response:
        return await self.begin(request, "image")

    async def video(self, request: Request) -> Response:
        if request.query_params.get("action") == "initializeUpload":
            return await self.begin(request, "video")
        if (refused := self.refused(request)) is not None:
            return refused
        ended = (await request.json())["finalizeUploadRequest"]
        medium = self.media[ended["video"]]
        if ended["uploadedPartIds"] != [medium["etags"].get(n) for n in range(medium["wanted"])]:
            return said(400, {"status": 400, "message": "uploadedPartIds do not match the uploaded parts"})
        medium["status"] = "PROCESSING"
        return Response(status_code=200)

    async def begin(self, request: Request, kind: str) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        asked = (await request.json())["initializeUploadRequest"]
        account = self.bearer(request) or ""
        if request.query_params.get("action") != "initializeUpload" or not self.acts_as(request, asked["owner"]):
            return said(403, {"status": 403, "message": "Organization permissions must be used"})
        urn = f"urn:li:{kind}:D4D10AQ{len(self.media)}"
        size = asked.get("fileSizeBytes", 0)
        fault = self.take(account, Fault.SLOW, Fault.PROCESSING_FAILS)
        self.media[urn] = {
            "status": "WAITING_UPLOAD",
            "wanted": -(-size // self.part) if kind == "video" else 1,
            "etags": {},
            "sizes": [],
            "size": size,
            "fault": fault,
            "looks": 3 if fault is Fault.SLOW else 1,
        }
        if kind == "image":
            return said(200, {"value": {"uploadUrl": f"{self.url}/upload/{urn}/0", "image": urn}})
        parts = [
            {
                "uploadUrl": f"{self.url}/upload/{urn}/{n}",
                "firstByte": n * self.part,
                "lastByte": min(size, (n + 1) * self.part) - 1,
            }
            for n in range(self.media[urn]["wanted"])
        ]
        value: dict[str, Any] = {"video": urn, "uploadInstructions": parts, "uploadToken": ""}
        if asked.get("uploadThumbnail"):
            value["thumbnailUploadUrl"] = f"{self.url}/upload/{urn}/thumbnail"
        return said(200, {"value": value})

    async def put(self, request: Request) -> Response:
        medium, part = self.media[request.path_params["urn"]], request.path_params["part"]
        body = await request.body()
        if int(request.headers.get("content-length", "-1")) != len(body) or not body:
            return Response(status_code=411)
        if part == "thumbnail":
            medium["thumbnail"] = request.headers.get("media-type-family") == "STILLIMAGE"
            return Response(status_code=201)
        if "video" in request.path_params["urn"]:
            medium["etags"][int(part)] = f"etag-{part}-{len(body)}"
            medium["sizes"].append(len(body))
        else:
            medium["status"] = "PROCESSING"
        return Response(status_code=201, headers={"etag": f"etag-{part}-{len(body)}"})

    async def medium(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        urn = request.path_params["urn"]
        if f"{request.path_params['kind']}/state" in self.forbidden:
            return said(403, {"status": 403, "code": "ACCESS_DENIED", "message": "Not enough permissions"})
        if request.path_params["kind"] == "posts":
            there = any(post.id == urn for posts in self.posts.values() for post in posts)
            return said(200, {"id": urn}) if there else said(404, {"status": 404, "message": "Not found"})
        medium = self.media[urn]
        medium["looks"] -= 1
        if medium["status"] == "PROCESSING" and medium["looks"] < 0:
            medium["status"] = "PROCESSING_FAILED" if medium["fault"] is Fault.PROCESSING_FAILS else "AVAILABLE"
        return said(200, {"id": urn, "status": medium["status"]})

    async def create(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        body = await request.json()
        author = body.get("author", "")
        if not self.acts_as(request, author):
            return said(
                403, {"status": 403, "message": "Organization permissions must be used when using organization"}
            )
        wrong = self.wrong(body)
        if wrong is not None:
            return wrong
        for post in self.posts[author]:
            if post.data["commentary"] == body["commentary"] and post.data.get("content") == body.get("content"):
                return duplicate(post.id)

        def make() -> Response:
            number = (int(time.time() * 1000) << 22) + sum(map(len, self.posts.values()))
            kind = "ugcPost" if ":video:" in str(body.get("content")) else "share"
            self.posts[author].append(Published(f"urn:li:{kind}:{number}", body["commentary"], body))
            return Response(status_code=201, headers={"x-restli-id": self.posts[author][-1].id})

        return await self.creating(request, author, make)

    def wrong(self, body: dict[str, Any]) -> Response | None:
        needed = {"author", "commentary", "visibility", "distribution", "lifecycleState"}
        if not needed <= set(body) or body["distribution"].get("feedDistribution") != "MAIN_FEED":
            return said(400, {"status": 400, "message": f"{needed - set(body)} :: field is required but not found"})
        if _RESERVED.search(_ESCAPED.sub("", body["commentary"])):
            return said(400, {"status": 400, "message": "commentary cannot be parsed as little text"})
        if len(_ESCAPED.sub("x", body["commentary"])) > 3000:
            return said(422, {"status": 422, "message": "ShareCommentary text length (3001) exceeded 3000"})
        content = body.get("content", {})
        media = [content["media"]] if "media" in content else content.get("multiImage", {}).get("images", [])
        if "multiImage" in content and not 2 <= len(media) <= 20:
            return said(400, {"status": 400, "message": "multiImage :: images must be 2 to 20"})
        for one in media:
            if self.media.get(one["id"], {}).get("status") != "AVAILABLE" and "images/state" not in self.forbidden:
                errors = {"inputErrors": [{"code": "MEDIA_ASSET_WAITING_UPLOAD", "description": "not uploaded"}]}
                return said(422, {"status": 422, "message": "Media is not ready", "errorDetails": errors})
        return None

    async def by_author(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        asked = request.query_params
        if asked.get("q") != "author" or ":person:" in asked["author"]:
            says = "Member permissions must be used when using member as author"
            return said(403, {"status": 403, "code": "ACCESS_DENIED", "message": says})
        start, count = int(asked.get("start", "0")), int(asked["count"])
        newest = list(reversed(self.posts[asked["author"]]))[start : start + count]
        return said(200, {"elements": [shown(post) for post in newest], "paging": {"start": start, "count": count}})

    async def comment(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        above, body = request.path_params["urn"], await request.json()
        if body.get("object") != above or not self.acts_as(request, body.get("actor", "")):
            return said(400, {"status": 400, "message": "object does not match"})
        number = str(7000 + len(self.comments.get(above, [])))
        urn = f"urn:li:comment:({above},{number})"
        made = {"id": number, "commentUrn": urn, **body, "created": {"time": int(time.time() * 1000)}}

        def make() -> Response:
            self.comments.setdefault(above, []).append(made)
            return said(201, made, x_restli_id=number)

        return await self.creating(request, body["actor"], make)

    async def commented(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        return said(200, {"elements": self.comments.get(request.path_params["urn"], [])})

    async def statistics(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        listed = request.query_params.get("shares", "") + request.query_params.get("ugcPosts", "")
        urn = listed.removeprefix("List(").removesuffix(")")
        there = any(post.id == urn for post in self.posts[request.query_params["organizationalEntity"]])
        counts = {"impressionCount": 120, "uniqueImpressionsCount": 80, "likeCount": 9, "shareCount": 2}
        return said(200, {"elements": [{"share": urn, "totalShareStatistics": counts}] if there else []})

    async def analytics(self, request: Request) -> Response:
        if (refused := self.refused(request)) is not None:
            return refused
        asked = request.query_params
        if not regex.fullmatch(r"\((share|ugc):urn:li:\w+:\d+\)", asked["entity"]) or asked["aggregation"] != "TOTAL":
            return said(400, {"status": 400, "message": "Invalid entity"})
        return said(200, {"elements": [{"count": _COUNTS[asked["queryType"]]}]})


def duplicate(urn: str) -> Response:
    says = f"com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of {urn}"
    errors = {"inputErrors": [{"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}]}
    kind = "com.linkedin.common.error.BadRequest"
    return said(422, {"errorDetailType": kind, "message": says, "errorDetails": errors, "status": 422})


def shown(post: Published) -> dict[str, Any]:
    moment = int(post.at * 1000)
    return {"id": post.id, "createdAt": moment, "publishedAt": moment, **post.data}
