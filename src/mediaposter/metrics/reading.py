"""Reading a publication's counts from its platform, with a token that lasts, and saying what came of it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError, NotConfiguredError
from mediaposter.metrics.models import SnapshotState
from mediaposter.publishing import measuring
from mediaposter.publishing.channel import Metrics
from mediaposter.publishing.errors import ReconnectNeededError, RejectedError, RetryLaterError
from mediaposter.publishing.models import Publication

_SECONDS = 60.0
_log = structlog.get_logger(__name__)
_FOR_GOOD = (ReconnectNeededError, RejectedError, NotConfiguredError)


@dataclass(frozen=True)
class Reading:
    """What a look at the platform showed."""

    state: SnapshotState
    metrics: Metrics | None = None
    problem: JsonObject | None = None


@dataclass(frozen=True)
class Later:
    """The platform could not be read now. `after`: when it asked to be asked again."""

    problem: JsonObject
    after: timedelta | None = None


async def read(ctx: Context, publication: Publication) -> Reading | Later:
    """Read the counts of a public publication. Raises nothing that the platform or the network can cause."""
    try:
        async with asyncio.timeout(_SECONDS):
            metrics = await measuring.measure(ctx, publication)
    except measuring.NotMeasurableError as error:
        return Reading(SnapshotState.UNAVAILABLE, problem=_problem(error))
    except RetryLaterError as error:
        return Later(_problem(error), after=error.after)
    except _FOR_GOOD as error:
        return Later(_problem(error))
    except Exception as error:
        _log.warning("metrics.reading_failed", publication=publication.id, error=repr(error))
        return Later(_problem(error))
    if metrics is None:
        return Reading(SnapshotState.REMOVED)
    return Reading(SnapshotState.TAKEN, metrics)


def _problem(error: BaseException) -> JsonObject:
    if isinstance(error, MediaPosterError):
        return {"code": error.code, "detail": error.detail, "fix": error.fix}
    told = f"{type(error).__name__}: {error}".rstrip(": ")
    return {
        "code": "UNREADABLE",
        "detail": f"The platform could not be read: {told}.",
        "fix": "Nothing: it is tried again.",
    }
