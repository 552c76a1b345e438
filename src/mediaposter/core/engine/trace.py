"""The trace id of a request goes with what it starts, through the queue and into the children."""

import secrets

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from mediaposter.core import context

_KEY = "trace_id"


def current_trace() -> dict[str, str]:
    """Return the trace of whatever runs here, to be kept with a workflow; a new one where there is none."""
    return {_KEY: structlog.contextvars.get_contextvars().get(_KEY) or secrets.token_hex(16)}


async def origin_of(workflow_id: str) -> tuple[dict[str, str], str]:
    """Return the trace that was kept with a workflow, and its queue.

    Both are empty when they cannot be read: no work fails for its log.
    """
    query = text("SELECT attributes ->> 'trace_id', queue_name FROM dbos.workflow_status WHERE workflow_uuid = :id")
    try:
        async with context.current().database.session() as session:
            kept = (await session.execute(query, {"id": workflow_id})).one_or_none()
    except (SQLAlchemyError, OSError):
        return {}, ""
    trace, queue = kept or (None, None)
    return {_KEY: trace} if trace else {}, queue or ""
