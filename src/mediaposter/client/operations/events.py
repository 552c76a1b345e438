"""The operations of events. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.core.routes import EventRead


def list_events(
    *, subject: str | None = None, topic: str = "*", limit: int = 100, before: int | None = None
) -> Call[list[EventRead]]:
    """List what has happened, the newest first.

    Events are kept for MEDIAPOSTER_KEEP_FINISHED_DAYS.

    - `subject`: Only events about this id.
    - `topic`: A topic, a beginning such as `pipeline.*`, several with commas.
    - `before`: The sequence of the last event of the page before.
    """
    return Call(
        "GET",
        "/api/events/log",
        list[EventRead],
        query={"subject": subject, "topic": topic, "limit": limit, "before": before},
    )
