"""Table of the analyses."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject


class StoredAnalysis(Base):
    """What is known of an asset, by the version of the code that found it out."""

    __tablename__ = "analyses"
    __table_args__ = (Index(None, "created_at"),)

    asset_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
