"""Asking a vendor again: a few times, as long apart as it says, and never while a run sleeps for minutes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from mediaposter.models.errors import ModelBusyError, ModelError, ModelUnreachableError

R = TypeVar("R")
_log = structlog.get_logger(__name__)
_ATTEMPTS = 3
_FIRST_WAIT = 0.5  # seconds; doubles with each attempt when the vendor names no time
_LONGEST_WAIT = 30.0  # seconds; a vendor that asks for more gets an error with its time instead of a sleeping run


async def patiently(call: Callable[[], Awaitable[R]], name: str, *, paid: bool = False) -> R:
    """Return what `call` gives, asked up to three times while the vendor is busy or out of reach.

    With `paid` an answer that was lost on its way is not asked for again: the work may have been done and billed.
    Raises the last error.
    """
    wait = _FIRST_WAIT
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await call()
        except (ModelBusyError, ModelUnreachableError) as error:
            asked = error.retry_after if isinstance(error, ModelBusyError) else None
            pause = wait if asked is None else asked
            lost = paid and isinstance(error, ModelUnreachableError) and error.asked
            if attempt == _ATTEMPTS or pause > _LONGEST_WAIT or lost:
                raise
            _log.info("models.retry", model=name, attempt=attempt, wait=pause, code=error.code)
            await asyncio.sleep(pause)
            wait *= 2
    raise ModelError(f"{name} was not asked.")
