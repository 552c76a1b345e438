"""When this process last had something to do: what its sleep is decided by."""

import time

_last = time.monotonic()


def touch() -> None:
    """Note that something was done just now."""
    global _last  # noqa: PLW0603 - one process has one last moment
    _last = time.monotonic()


def idle_seconds() -> float:
    """Return how long nothing was done."""
    return time.monotonic() - _last
