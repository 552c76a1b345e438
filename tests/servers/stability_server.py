"""Stability AI's v2beta pictures and balance as documented at platform.stability.ai/docs/api-reference.

Forms of multipart/form-data, the picture itself as the answer (accept: image/*), errors as {id, name, errors}.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.forms import read_form
from tests.servers.media_vendor import KEY, Fault, MediaVendor

SIZES = {"16:9": (1344, 768), "1:1": (1024, 1024), "9:16": (768, 1344), "21:9": (1536, 640), "2:3": (832, 1216),
         "3:2": (1216, 832), "4:5": (896, 1088), "5:4": (1088, 896), "9:21": (640, 1536)}  # fmt: skip
SD3 = {"sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium"}


def _error(status: int, name: str, message: str) -> Fault:
    return status, {"id": "4212a4b66fbe1cedca4bf2133d35dca5", "name": name, "errors": [message]}


@dataclass
class StabilityServer(MediaVendor):
    ERRORS: ClassVar[dict[str, Fault]] = {
        "unauthorised": _error(401, "unauthorized", "authorization: invalid or missing header value"),
        "bad_request": _error(400, "bad_request", "some-field: is required"),
        "moderation": _error(403, "content_moderation", "Your request was flagged by our content moderation system."),
        "quota": _error(402, "payment_required", "You lack sufficient credits to make this request."),
        "rate_limit": _error(429, "rate_limit_exceeded", "You have exceeded the rate limit of 150 within 10 seconds."),
        "broken": _error(500, "internal_error", "An unexpected server error has occurred, please try again later."),
    }

    draw: Callable[[int, int], bytes] = lambda width, height: b""
    filtered: bool = False  # the picture comes blurred, with finish-reason CONTENT_FILTERED

    def routes(self) -> list[Route]:
        return [
            Route("/v2beta/stable-image/generate/{kind}", self._generate, methods=["POST"]),
            Route("/v1/user/balance", self._balance, methods=["GET"]),
        ]

    def authorised(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {KEY}"

    async def _generate(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return self.error("bad_request")
        form = {name: str(value) for name, value in (await read_form(request)).items()}
        kind = request.path_params["kind"]
        if (fault := await self.fault(request, {**form, "kind": kind})) is not None:
            return fault
        if kind not in {"core", "ultra", "sd3"} or (kind == "sd3" and form.get("model") not in SD3):
            return JSONResponse({"id": "1", "name": "not_found", "errors": ["no such endpoint"]}, status_code=404)
        size = SIZES.get(form.get("aspect_ratio", "1:1"))
        if size is None or not form.get("prompt") or request.headers.get("accept") != "image/*":
            return self.error("bad_request")
        self.made += 1
        reason = "CONTENT_FILTERED" if self.filtered else "SUCCESS"
        return Response(
            self.draw(*size), media_type="image/png", headers={"finish-reason": reason, "seed": "343940597"}
        )

    async def _balance(self, request: Request) -> Response:
        return JSONResponse({"credits": 12.5}) if self.authorised(request) else self.error("unauthorised")
