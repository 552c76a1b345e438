"""Identifiers: a short prefix that says what it is, and a ULID that sorts by the time of making."""

from ulid import ULID


def new_id(prefix: str) -> str:
    """Return a new identifier such as `run_01jd8x...`: 26 lower-case Crockford base-32 digits after the prefix."""
    return f"{prefix}_{str(ULID()).lower()}"
