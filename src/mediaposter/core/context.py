"""What a process has at hand: settings, database, storage, clock. Set once at start, read where work begins.

Durable workflows are plain functions that the engine calls with nothing but ids, so they reach the process's
parts through `current()`. Everything below a workflow, a route or a command takes what it needs as arguments.
"""

from dataclasses import dataclass

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.db import Database
from mediaposter.core.secrets import SecretBox
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage


@dataclass(frozen=True)
class Context:
    """The parts of one running process."""

    settings: Settings
    database: Database
    storage: Storage
    secrets: SecretBox
    clock: Clock = utc_now


_current: Context | None = None


def install(context: Context | None) -> None:
    """Make `context` the one of this process. None takes it away."""
    global _current  # noqa: PLW0603 - one process has one context, as it has one environment
    _current = context


def current() -> Context:
    """Return this process's context. Raises RuntimeError when none was installed."""
    if _current is None:
        raise RuntimeError("No context is installed: call context.install() at the start of the process.")
    return _current
