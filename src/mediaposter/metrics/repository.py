"""Every query of the metrics room."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.metrics.models import Snapshot


async def insert_snapshot(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a reading. False when that age was read already."""
    made = insert(Snapshot).values(values).on_conflict_do_nothing().returning(Snapshot.id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def get_snapshot(session: AsyncSession, publication_id: str, age: str) -> Snapshot | None:
    query = select(Snapshot).where(Snapshot.publication_id == publication_id, Snapshot.age == age)
    return (await session.execute(query)).scalar_one_or_none()


async def list_snapshots(
    session: AsyncSession, *, publication_ids: Sequence[str] | None, account_id: str | None, limit: int
) -> list[Snapshot]:
    """Return readings, newest first."""
    query = select(Snapshot).order_by(Snapshot.taken_at.desc(), Snapshot.id.desc()).limit(limit)
    if publication_ids is not None:
        query = query.where(Snapshot.publication_id.in_(publication_ids))
    if account_id is not None:
        query = query.where(Snapshot.account_id == account_id)
    return list((await session.execute(query)).scalars())
