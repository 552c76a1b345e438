"""What the API says about readings."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from mediaposter.metrics.models import SnapshotState


class SnapshotRead(BaseModel):
    """A reading of a publication at an age. A count that is null was not told by the platform: unknown, not zero.

    `link_clicks` are people through our own link; `clicks` is the platform's count of the same, never to be added.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str
    publication_id: str
    account_id: str
    channel: str
    age: str
    state: SnapshotState
    due_at: datetime
    taken_at: datetime
    late: bool
    impressions: int | None
    views: int | None
    reach: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    saves: int | None
    clicks: int | None
    watch_seconds: float | None
    link_clicks: int
    raw: dict[str, Any]
    problem: dict[str, Any] | None
