"""The OpenAPI document: what FastAPI writes, with the token, the problem documents and the rooms' descriptions."""

from typing import Any

from mediaposter.core.problems import MEDIA_TYPE
from mediaposter.core.sessions import COOKIE

TAGS = (
    ("pipeline", "Runs: start, follow, cancel, resume, retry, approve."),
    ("publishing", "Accounts, posts, and the ledger of publications."),
    ("offers", "What you sell, the tracked links to it, and their clicks."),
    ("generation", "Clips made by providers."),
    ("media", "Assets: files that MediaPoster knows."),
    ("analysis", "What was found in a video."),
    ("overview", "What is due, what needs a person, the numbers of the day, the calendar."),
    ("settings", "Settings, providers and their tests, tokens."),
    ("events", "Everything that happens, as it happens."),
    ("session", "Logging in to the dashboard."),
    ("health", "Whether it is up. No token."),
)
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "instance", "trace_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:mediaposter:validation-error"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs.", "examples": ["VALIDATION_ERROR"]},
        "detail": {"type": "string", "description": "What is wrong, in a sentence."},
        "fix": {"type": "string", "description": "The next step to take."},
        "instance": {"type": "string"},
        "trace_id": {"type": "string", "description": "Also in the header X-Trace-Id, and in the logs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "rule", "fix"],
                "properties": {name: {"type": "string"} for name in ("field", "rule", "fix")},
            },
        },
    },
}
_ANSWERS = {
    "400": "The request breaks a rule; `errors` names each field, its rule and the mend.",
    "401": "No token, or one that is not known.",
    "403": "The token lacks the scope: `read` to look, `write` to change.",
    "404": "There is nothing of that id.",
    "409": "The present state does not allow this.",
    "default": "Another problem; `code` and `fix` say which and what to do.",
}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add to FastAPI's document what it cannot know, in place, and return it."""
    components = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of errors, which is not ours
        schemas.pop(name, None)
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`mediaposter tokens create NAME` makes one."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "A browser that is logged in to the dashboard; on its port alone.",
        },
    }
    used: set[str] = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method not in _METHODS:
                continue
            used.update(operation.get("tags", ()))
            _answers(path, method, operation)
            if path.startswith("/api/"):
                operation["security"] = [{"token": []}, {"session": []}]
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS if name in used]
    return document


def _answers(path: str, method: str, operation: dict[str, Any]) -> None:
    answers: dict[str, Any] = operation["responses"]
    codes = ["default"]
    if answers.pop("422", None) is not None:
        codes.append("400")
    if path.startswith("/api/"):
        codes += ["401", "403"]
        if method not in {"get", "head"}:
            codes.append("409")
    if "{" in path:
        codes.append("404")
    for code in codes:
        problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers.setdefault(code, {"description": _ANSWERS[code], "content": problem})
