"""OpenAI's chat completions as documented at developers.openai.com/api/docs: limits, errors and refusals included.

With `compatible=True` it behaves like the servers that speak the same API (llama.cpp, Ollama, vLLM): any model, any
key, `max_tokens` instead of `max_completion_tokens`, and strings without maxLength that never end.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.servers.vendor import KEY, VendorServer

MODELS = {"gpt-6-luna", "gpt-6.1-terra"}


@dataclass
class OpenAIServer(VendorServer):
    path: ClassVar[str] = "/v1/chat/completions"
    compatible: bool = False

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def authorised(self, request: Request) -> bool:
        return self.compatible or request.headers.get("authorization") == f"Bearer {KEY}"

    def problem(self, request: Request, body: dict[str, Any]) -> str | None:
        if not body.get("messages"):
            return "Missing required parameter: 'messages'."
        form = body.get("response_format", {})
        if form.get("type") != "json_schema":
            return None
        schema = form["json_schema"]["schema"]
        if self.compatible:
            return _unbounded(schema)
        return _not_strict(schema) if form["json_schema"].get("strict") else None

    def answer(self, request: Request, body: dict[str, Any], text: str) -> dict[str, Any]:
        return completion(body["model"], {"role": "assistant", "content": text, "refusal": None}, "stop")

    def fault(self, name: str, message: str = "") -> Response:
        if name == "refusal":
            said = {"role": "assistant", "content": None, "refusal": "I'm sorry, I can't help with that."}
            return JSONResponse(completion("gpt-6-luna", said, "stop"))
        if name == "filtered":
            return JSONResponse(completion("gpt-6-luna", {"role": "assistant", "content": ""}, "content_filter"))
        if name == "truncated":
            said = {"role": "assistant", "content": '{"title": "A robot that wat'}
            return JSONResponse(completion("gpt-6-luna", said, "length"))
        status, kind, code, words = _ERRORS[name]
        headers = {"retry-after": self.retry_after} if status in {429, 503} else {}
        error = {"message": message or words, "type": kind, "param": None, "code": code}
        return JSONResponse({"error": error}, status_code=status, headers=headers)


_ERRORS = {
    "unauthorised": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: test-***."),
    "bad_request": (400, "invalid_request_error", None, "We could not parse the JSON body of your request."),
    "too_long": (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    ),
    "unknown_model": (
        404,
        "invalid_request_error",
        "model_not_found",
        "The model `gpt-0` does not exist or you do not have access to it.",
    ),
    "rate_limit": (429, "requests", "rate_limit_exceeded", "Rate limit reached for gpt-6-luna: Limit 3, Used 3."),
    "quota": (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check it."),
    "broken": (500, "server_error", None, "The server had an error while processing your request. Sorry about that!"),
    "overloaded": (503, "service_unavailable", None, "The engine is currently overloaded, please try again later."),
}


def completion(model: str, message: dict[str, Any], finish_reason: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-CZ1",
        "object": "chat.completion",
        "created": 1795400000,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }


def _not_strict(schema: dict[str, Any]) -> str | None:
    """Strict mode: every object closed, every property required."""
    for part in _objects(schema):
        if part.get("additionalProperties") is not False:
            return "Invalid schema for response_format: 'additionalProperties' is required to be supplied and false."
        if set(part.get("required", [])) != set(part.get("properties", {})):
            return "Invalid schema for response_format: 'required' must include every key in properties."
    return None


def _unbounded(schema: dict[str, Any]) -> str | None:
    for part in _objects(schema):
        for name, value in part.get("properties", {}).items():
            for one in value.get("anyOf", [value]):
                if one.get("type") == "string" and "maxLength" not in one and "enum" not in one:
                    return f"{name} has no maxLength: this server would write until it is stopped."
                if one.get("type") == "array" and "maxItems" not in one:
                    return f"{name} has no maxItems: this server would write until it is stopped."
    return None


def _objects(schema: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            found.append(schema)
        for value in schema.values():
            found += _objects(value)
    return found
