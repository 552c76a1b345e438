"""HTTP of the analyses."""

from fastapi import APIRouter

from mediaposter.analysis import service
from mediaposter.analysis.schemas import AnalysisRead
from mediaposter.core import context

router = APIRouter(prefix="/api/analysis", tags=["analysis"])


@router.get("/{asset_id}", summary="What was found in a video")
async def read_analysis(asset_id: str) -> AnalysisRead:
    """Return what is known of an asset: scenes, speech, loudness, colours, the reading of its opening, topics."""
    async with context.current().database.session() as session:
        return AnalysisRead(asset_id=asset_id, analysis=await service.get(session, asset_id))
