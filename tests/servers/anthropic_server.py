"""Anthropic's Messages API as documented at platform.claude.com/docs/en/api: headers, errors, stop reasons."""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.servers.vendor import KEY, VendorServer


@dataclass
class AnthropicServer(VendorServer):
    path: ClassVar[str] = "/v1/messages"

    @property
    def base_url(self) -> str:
        return self.url

    def authorised(self, request: Request) -> bool:
        # The SDK sends a bearer token since API version 2026-10-21; x-api-key is the older way and still accepted.
        return KEY in (
            request.headers.get("x-api-key"),
            request.headers.get("authorization", "").removeprefix("Bearer "),
        )

    def problem(self, request: Request, body: dict[str, Any]) -> str | None:
        if not request.headers.get("anthropic-version"):
            return "anthropic-version: header is required"
        for name in ("model", "max_tokens", "messages"):
            if name not in body:
                return f"{name}: Field required"
        return None

    def answer(self, request: Request, body: dict[str, Any], text: str) -> dict[str, Any]:
        return reply(body["model"], [{"type": "text", "text": text}], "end_turn")

    def fault(self, name: str, message: str = "") -> Response:
        if name == "refusal":
            return JSONResponse(reply("claude-haiku-5-5", [], "refusal"))
        if name == "truncated":
            said = [{"type": "text", "text": '{"title": "A robot that wat'}]
            return JSONResponse(reply("claude-haiku-5-5", said, "max_tokens"))
        status, kind, words = _ERRORS[name]
        headers = {"request-id": "req_011"}
        if status == 429:
            headers["retry-after"] = self.retry_after
        error = {"type": "error", "error": {"type": kind, "message": message or words}, "request_id": "req_011"}
        return JSONResponse(error, status_code=status, headers=headers)


_ERRORS = {
    "unauthorised": (401, "authentication_error", "invalid x-api-key"),
    "bad_request": (400, "invalid_request_error", "messages: at least one message is required"),
    "too_long": (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    "quota": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
    "unknown_model": (404, "not_found_error", "model: claude-0"),
    "rate_limit": (
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 per minute",
    ),
    "broken": (500, "api_error", "Internal server error"),
    "overloaded": (529, "overloaded_error", "Overloaded"),
}


def reply(model: str, content: list[dict[str, Any]], stop_reason: str) -> dict[str, Any]:
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 200},
    }
