"""The operations of analysis. Written by `make docs` from the routes; do not edit."""

from mediaposter.analysis.schemas import AnalysisRead
from mediaposter.client.calls import Call


def read_analysis(asset_id: str) -> Call[AnalysisRead]:
    """What was found in a video.

    Return what is known of an asset: scenes, speech, loudness, colours, the reading of its opening, topics.
    """
    return Call("GET", "/api/analysis/{asset_id}", AnalysisRead, values={"asset_id": asset_id})
