"""The operations of health. Written by `make docs` from the routes; do not edit."""

from typing import Any

from mediaposter.client.calls import Call


def check_health() -> Call[dict[str, Any]]:
    """Whether the parts are up; no token needed.

    Answer 200 when the database answers, 503 when not. Workers are reported, not required: they may sleep.
    """
    return Call("GET", "/health", dict[str, Any])
