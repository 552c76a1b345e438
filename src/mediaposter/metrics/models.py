"""The table of readings: what a platform told of a publication at an age."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class SnapshotState(StrEnum):
    TAKEN = "taken"
    REMOVED = "removed"  # the platform says that the post is not there any more
    UNAVAILABLE = "unavailable"  # the platform does not tell, or could not be read until the next age


class Snapshot(Base):
    """One reading of a publication, once per age. A count that is None was not told: unknown, not zero.

    `link_clicks` are people through our own tracked link until then; `clicks` is what the platform counts, and the two
    are never added up. `late`: it was read when more than a tenth of its age had gone by since it was due.
    """

    __tablename__ = "metric_snapshots"
    __table_args__ = (
        UniqueConstraint("publication_id", "age"),
        one_of("state", SnapshotState),
        Index("ix_metric_snapshots_account_id_age", "account_id", "age", "taken_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    channel: Mapped[str]
    age: Mapped[str]
    state: Mapped[SnapshotState] = mapped_column(TextEnum(SnapshotState))
    due_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    late: Mapped[bool]
    impressions: Mapped[int | None] = mapped_column(BigInteger)
    views: Mapped[int | None] = mapped_column(BigInteger)
    reach: Mapped[int | None] = mapped_column(BigInteger)
    likes: Mapped[int | None] = mapped_column(BigInteger)
    comments: Mapped[int | None] = mapped_column(BigInteger)
    shares: Mapped[int | None] = mapped_column(BigInteger)
    saves: Mapped[int | None] = mapped_column(BigInteger)
    clicks: Mapped[int | None] = mapped_column(BigInteger)
    watch_seconds: Mapped[float | None]
    link_clicks: Mapped[int] = mapped_column(BigInteger)
    raw: Mapped[JsonObject]
    problem: Mapped[JsonObject | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
