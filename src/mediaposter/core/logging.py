"""Logs: a line of JSON in services, readable in a terminal; each line knows its trace; secrets never get in."""

import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from mediaposter.core.settings import Settings

_SECRET_NAME = re.compile(r"(?i)(token|secret|password|authorization|api_?key|credential|cookie)")
_SECRET_VALUE = re.compile(
    r"(?i)\b(mp_[\w-]{20,}|sk-[\w-]{16,}|bearer\s+[\w.~+/-]{8,}=*)|(?<=://)([^:/@\s]+):([^@/\s]+)(?=@)"
)
_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_HIDDEN = "[hidden]"


def configure_logging(settings: Settings, *, service: str) -> None:
    """Set logging up for this process. Everything goes to standard error; standard output is for results."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    in_words = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    renderer: Processor = structlog.processors.JSONRenderer() if as_json else in_words
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for noisy in ("httpx", "httpcore", "alembic", "asyncio", "sse_starlette"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.contextvars.bind_contextvars(service=service)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what looks like a credential, by the name of its field or by its form."""
    for name, value in event.items():
        if _SECRET_NAME.search(name) and value:
            event[name] = _HIDDEN
        elif isinstance(value, str):
            event[name] = redact(value)
    return event


def redact(text: str) -> str:
    """Return `text` with tokens and passwords of known forms taken out."""
    return _SECRET_VALUE.sub(lambda match: f"{match[2]}:{_HIDDEN}" if match[2] else _HIDDEN, text)


def trace_of(traceparent: str | None) -> str:
    """Return the trace id of a W3C `traceparent` header, or a new one when there is none that is valid."""
    match = _TRACEPARENT.match(traceparent or "")
    return match[1] if match and set(match[1]) != {"0"} else secrets.token_hex(16)
