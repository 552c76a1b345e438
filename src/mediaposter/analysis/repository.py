"""Every query of this room."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.analysis.models import StoredAnalysis
from mediaposter.core.db import JsonObject


async def put(session: AsyncSession, *, asset_id: str, version: int, data: JsonObject, now: datetime) -> None:
    """Store an analysis, in place of one of the same version."""
    row = insert(StoredAnalysis).values(asset_id=asset_id, version=version, data=data, created_at=now)
    await session.execute(
        row.on_conflict_do_update(index_elements=["asset_id", "version"], set_={"data": data, "created_at": now})
    )


async def get(session: AsyncSession, *, asset_id: str, version: int) -> JsonObject | None:
    """Return the analysis of `asset_id` in the form `version`."""
    found = await session.execute(
        select(StoredAnalysis.data).where(StoredAnalysis.asset_id == asset_id, StoredAnalysis.version == version)
    )
    return found.scalar_one_or_none()
