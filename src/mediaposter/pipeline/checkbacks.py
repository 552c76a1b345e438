"""Checkbacks: five times after a publication became public, its metrics are read (ARCH-006)."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import timeline
from mediaposter.core.clock import Clock
from mediaposter.core.timeline import TimelineEntry
from mediaposter.publishing.models import Publication

AGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "72h": timedelta(hours=72),
    "7d": timedelta(days=7),
}


async def schedule(session: AsyncSession, publications: Sequence[Publication], *, clock: Clock) -> list[TimelineEntry]:
    """Write five timeline rows for each confirmed publication, counted from its confirmation. A repeat adds none."""
    return [
        await timeline.schedule(
            session,
            kind="metrics.checkback",
            subject=publication.id,
            due_at=(publication.settled_at or clock()) + age,
            data={"age": name, "run_id": publication.run_id},
            key=f"{publication.id}:checkback:{name}",
        )
        for publication in publications
        for name, age in AGES.items()
    ]
