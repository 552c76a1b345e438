"""Tables of the pipeline: runs and their stages."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class Stage(StrEnum):
    """The stages of a run, in the order in which they happen."""

    GENERATE = "generate"
    STITCH = "stitch"
    ANALYZE = "analyze"
    WRITE = "write"
    LINK = "link"
    PUBLISH = "publish"
    TWEET = "tweet"
    TRACK = "track"


class StageState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # a draft that waits for a person's approval
    COMPLETED = "completed"
    PARTIAL = "partial"  # public on some accounts, refused or unknown on others
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (RunState.QUEUED, RunState.RUNNING)


class Run(Base):
    """One execution of the pipeline. `attempt` counts the workflows that worked on it: first try, resumes, retries."""

    __tablename__ = "runs"
    __table_args__ = (
        one_of("state", RunState),
        Index(None, "created_at"),
        Index(None, "state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    config: Mapped[JsonObject]
    state: Mapped[RunState] = mapped_column(TextEnum(RunState), default=RunState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=1)
    approved: Mapped[bool] = mapped_column(default=False)
    error: Mapped[JsonObject | None]
    post_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stages: Mapped[list["RunStage"]] = relationship(order_by="RunStage.position", lazy="raise", back_populates="run")

    @property
    def workflow_id(self) -> str:
        """The durable workflow that works on this run now."""
        return f"{self.id}:{self.attempt}"

    def stage(self, name: Stage) -> "RunStage":
        """Return one of the stages, which must be loaded."""
        return next(stage for stage in self.stages if stage.name == name)


class RunStage(Base):
    """One stage of a run: what went in, what came out, how far it is, what it cost."""

    __tablename__ = "run_stages"
    __table_args__ = (one_of("state", StageState),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[Stage] = mapped_column(TextEnum(Stage), primary_key=True)
    position: Mapped[int]
    state: Mapped[StageState] = mapped_column(TextEnum(StageState), default=StageState.PENDING)
    round: Mapped[int] = mapped_column(default=1)
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="")
    inputs: Mapped[JsonObject] = mapped_column(default=dict)
    outputs: Mapped[JsonObject] = mapped_column(default=dict)
    cost_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(default="USD")
    error: Mapped[JsonObject | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    run: Mapped[Run] = relationship(lazy="raise", back_populates="stages")
