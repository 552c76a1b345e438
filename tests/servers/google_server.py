"""Gemini's generateContent as documented at ai.google.dev/api/generate-content: errors, safety and finish reasons."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.servers.vendor import KEY, VendorServer


@dataclass
class GoogleServer(VendorServer):
    path: ClassVar[str] = "/v1beta/models/{call:path}"

    @property
    def base_url(self) -> str:
        return self.url

    def authorised(self, request: Request) -> bool:
        return request.headers.get("x-goog-api-key") == KEY

    def problem(self, request: Request, body: dict[str, Any]) -> str | None:
        if not request.path_params["call"].endswith(":generateContent"):
            return f"Unknown method {request.path_params['call']}"
        return None if body.get("contents") else "contents is not specified"

    def answer(self, request: Request, body: dict[str, Any], text: str) -> dict[str, Any]:
        return candidate([{"text": text}], "STOP")

    def fault(self, name: str, message: str = "") -> Response:
        if name == "refusal":
            blocked = {
                "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                "usageMetadata": {},
                "modelVersion": "g",
            }
            return JSONResponse(blocked)
        if name == "filtered":
            return JSONResponse(candidate([], "SAFETY"))
        if name == "truncated":
            return JSONResponse(candidate([{"text": '{"title": "A robot that wat'}], "MAX_TOKENS"))
        status, state, words = _ERRORS[name]
        error: dict[str, Any] = {"code": status, "message": message or words, "status": state}
        if name == "rate_limit":
            wait = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{self.retry_after}s"}
            error["details"] = [wait]
        return JSONResponse({"error": error}, status_code=status)


_ERRORS = {
    "unauthorised": (
        403,
        "PERMISSION_DENIED",
        "Method doesn't allow unregistered callers. Please use a valid API key.",
    ),
    "bad_request": (400, "INVALID_ARGUMENT", "Invalid JSON payload received."),
    "too_long": (
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed.",
    ),
    "quota": (402, "RESOURCE_EXHAUSTED", "Your prepaid credits are depleted."),
    "unknown_model": (404, "NOT_FOUND", "models/gemini-0 is not found for API version v1beta."),
    "rate_limit": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota: requests per minute."),
    "broken": (500, "INTERNAL", "An internal error has occurred."),
    "overloaded": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
}


def candidate(parts: list[dict[str, Any]], finish_reason: str) -> dict[str, Any]:
    content = {"role": "model", "parts": parts} if parts else {"role": "model"}
    return {
        "candidates": [{"content": content, "finishReason": finish_reason, "index": 0}],
        "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 200, "totalTokenCount": 1200},
        "modelVersion": "gemini-3.1-flash-lite",
        "responseId": "r1",
    }
