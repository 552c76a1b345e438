"""Tables of the generation room: the ledger of clips, and the batches that join some into one."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class ClipState(StrEnum):
    """Where a clip stands. `submitting` is committed before the call that may create a job, `submitted` after it."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # a submit's answer never came, and a second job would cost money: a person decides


OPEN = (ClipState.PLANNED, ClipState.SUBMITTING, ClipState.SUBMITTED)


class BatchState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Clip(Base):
    """One clip of an owner (a run or a batch), and every try to get it.

    `attempts` has one entry per submit: provider, job_key, external_id, state, price, cost, error, times; `reworded` is
    the prompt that stood in for a refused one from then on. The cost of the clip is the sum over them. `round` counts
    the workflows that worked on the clip.
    """

    __tablename__ = "clips"
    __table_args__ = (
        UniqueConstraint("owner_id", "position"),
        one_of("state", ClipState),
        Index(None, "created_at"),
        Index("ix_clips_content_key", "content_key", postgresql_where=text("state = 'done'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    position: Mapped[int]
    request: Mapped[JsonObject]
    chain: Mapped[list[str]]
    budget: Mapped[JsonObject | None]  # what all clips of the owner together may cost: amount_minor and currency
    round: Mapped[int] = mapped_column(default=1)
    state: Mapped[ClipState] = mapped_column(TextEnum(ClipState), default=ClipState.PLANNED)
    provider: Mapped[str | None]
    external_id: Mapped[str | None]
    attempts: Mapped[list[JsonObject]] = mapped_column(default=list)
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="")
    asset_id: Mapped[str | None] = mapped_column(index=True)
    content_key: Mapped[str | None]
    cost_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(default="USD")
    error: Mapped[JsonObject | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    @property
    def workflow_id(self) -> str:
        """The durable workflow that works on this clip now."""
        return f"{self.id}:{self.round}"

    @property
    def partition(self) -> str:
        """The part of the queue it waits in: that of the first provider of its chain."""
        return self.chain[0]


class ClipBatch(Base):
    """Clips asked for together. With `stitch`, two or more become one master in the end."""

    __tablename__ = "clip_batches"
    __table_args__ = (one_of("state", BatchState),)

    id: Mapped[str] = mapped_column(primary_key=True)
    stitch: Mapped[bool]
    state: Mapped[BatchState] = mapped_column(TextEnum(BatchState), default=BatchState.RUNNING)
    asset_id: Mapped[str | None]
    error: Mapped[JsonObject | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
