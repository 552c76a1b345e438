"""Clearing away what is old: finished workflows, events, dead workers, settled timeline rows, unfinished files."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import engine
from mediaposter.core.context import Context
from mediaposter.core.models import Event, TimelineEntry, TimelineState, Worker

_LOCK = 0x74696479  # "tidy"
_FIRST_AFTER_SECONDS = 120.0
_EVERY_SECONDS = 24 * 3600.0
_SCRATCH_KEPT = timedelta(days=1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Cleared:
    """How many rows were deleted."""

    workflows: int
    events: int
    workers: int
    timeline: int
    others: int = 0  # of the rooms


Tidy = Callable[[AsyncSession, datetime], Awaitable[int]]
_tidiers: list[Tidy] = []


def on_tidy(tidy: Tidy) -> Tidy:
    """Let the decorated function delete what its room keeps of before a moment, and return how many rows that was."""
    _tidiers.append(tidy)
    return tidy


async def tidy(ctx: Context) -> Cleared | None:
    """Delete what ended more than `keep_finished_days` ago. None when another worker is at it.

    What still waits or runs is never touched. An event goes only by its age: a subscriber that has not come for so
    long has missed it.
    """
    before = ctx.clock() - timedelta(days=ctx.settings.keep_finished_days)
    async with ctx.database.session() as session:
        if not (await session.execute(select(func.pg_try_advisory_xact_lock(_LOCK)))).scalar_one():
            return None
        events = await session.execute(
            delete(Event).where(Event.created_at < before, Event.sequence.is_not(None)).returning(Event.id)
        )
        workers = await session.execute(
            delete(Worker).where(Worker.ended_at < before, Worker.recovered_at.is_not(None)).returning(Worker.id)
        )
        rows = await session.execute(
            delete(TimelineEntry)
            .where(TimelineEntry.updated_at < before, TimelineEntry.state != TimelineState.WAITING)
            .returning(TimelineEntry.id)
        )
        counts = [len(result.all()) for result in (events, workers, rows)]
        others = sum([await one(session, before) for one in _tidiers])
        workflows = await engine.delete_finished(before)
    cleared_events, cleared_workers, cleared_rows = counts
    return Cleared(workflows, cleared_events, cleared_workers, cleared_rows, others)


async def tidy_scratch(ctx: Context) -> list[str]:
    """Delete the unfinished files that dead processes left behind a day ago or earlier, and return their names.

    Each worker does this on its own disk.
    """
    return await asyncio.to_thread(ctx.storage.clear_scratch, ctx.clock() - _SCRATCH_KEPT)


async def run(ctx: Context) -> None:
    """Tidy soon after the start and then every day, until cancelled."""
    await asyncio.sleep(_FIRST_AFTER_SECONDS)
    while True:
        try:
            if left := await tidy_scratch(ctx):
                _log.info("housekeeping.scratch_cleared", files=len(left))
            cleared = await tidy(ctx)
            if cleared is not None:
                _log.info("housekeeping.done", **vars(cleared))
        except (SQLAlchemyError, OSError) as error:
            _log.warning("housekeeping.failed", error=str(error))
        await asyncio.sleep(_EVERY_SECONDS)
