"""Takes secrets out of what platforms were asked and answered, before it is kept or shown."""

from collections.abc import Iterable
from typing import Any, cast

import regex

from mediaposter.core.db import JsonObject

HIDDEN = "***"
_TEXT_MAX = 2000  # characters of one value; an error page of a platform may be megabytes
_ITEMS_MAX = 100
_SECRET_NAME = regex.compile(
    r"token|secret|passw|authori[sz]ation|cookie|credential|signature|api[-_]?key|session|\bkey\b|bearer|client_id",
    regex.IGNORECASE,
)
_SECRET_TEXT = regex.compile(
    r"(?P<head>\b(?:bearer|basic|bot)\s+|[?&](?:access_token|token|key|signature|sig|x-amz-[a-z-]+)=)[^\s&\"']+",
    regex.IGNORECASE,
)


def redact(value: JsonObject | None, secrets: Iterable[str] = ()) -> JsonObject | None:
    """Return `value` without what its names or its texts betray as secret, nor any of `secrets`, and cut to size."""
    if value is None:
        return None
    known = [secret for secret in secrets if len(secret) >= 4]
    return cast(JsonObject, _redact(value, known, depth=0))


def secrets_of(credentials: JsonObject) -> list[str]:
    """Return every text inside an account's credentials."""
    found: list[str] = []
    for value in credentials.values():
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            found.extend(secrets_of(cast(JsonObject, value)))
    return found


def _redact(value: Any, secrets: list[str], *, depth: int) -> Any:
    if depth > 8:
        return "..."
    if isinstance(value, dict):
        items = list(cast(dict[Any, Any], value).items())[:_ITEMS_MAX]
        return {
            str(name): HIDDEN if _is_secret(str(name), inner) else _redact(inner, secrets, depth=depth + 1)
            for name, inner in items
        }
    if isinstance(value, list | tuple):
        return [_redact(inner, secrets, depth=depth + 1) for inner in list(cast(list[Any], value))[:_ITEMS_MAX]]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        value = _SECRET_TEXT.sub(rf"\g<head>{HIDDEN}", value)
        return value if len(value) <= _TEXT_MAX else f"{value[:_TEXT_MAX]}... ({len(value)} characters)"
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:_TEXT_MAX]


def _is_secret(name: str, value: Any) -> bool:
    return isinstance(value, str | list | dict) and bool(value) and bool(_SECRET_NAME.search(name))
