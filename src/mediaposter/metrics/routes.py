"""Readings over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from mediaposter.core import context
from mediaposter.metrics import service
from mediaposter.metrics.schemas import SnapshotRead

router = APIRouter(prefix="/api/metrics", tags=["metrics"])


@router.get("/snapshots", summary="List the readings of publications, newest first")
async def list_snapshots(
    publication_id: str | None = None,
    run_id: str | None = None,
    account_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[SnapshotRead]:
    """Five of each publication: at 1h, 6h, 24h, 72h and 7d. A count that is null is unknown, not zero."""
    async with context.current().database.session() as session:
        found = await service.list_snapshots(
            session, publication_id=publication_id, run_id=run_id, account_id=account_id, limit=limit
        )
        return [SnapshotRead.model_validate(one) for one in found]
