"""Tables of learning: scores of publications, decisions of the allocation, what people said about both."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of
from mediaposter.learning.evidence import Goal


class Score(Base):
    """How a publication did at an age, against what is usual for its account. `z` has the rates that were measurable.

    `reward`, `score` and `labels` are for the default goal; those of other goals follow from `z`. All are empty, with a
    `note`, when nothing could be measured. `baselines` says what each rate was measured against.
    """

    __tablename__ = "scores"
    __table_args__ = (
        UniqueConstraint("publication_id", "age"),
        Index(None, "account_id", "taken_at"),
        Index(None, "taken_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    post_id: Mapped[str]
    account_id: Mapped[str]
    channel: Mapped[str]
    age: Mapped[str]
    taken_at: Mapped[datetime]
    late: Mapped[bool]
    shown: Mapped[int | None] = mapped_column(BigInteger)
    recipe: Mapped[JsonObject]  # as it was when it was scored
    rates: Mapped[JsonObject]
    z: Mapped[JsonObject]
    baselines: Mapped[JsonObject]
    reward: Mapped[float | None]
    score: Mapped[float | None]
    labels: Mapped[list[str]]
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Decision(Base):
    """One choice of a recipe. The same `posterior`, `options`, `rules` and `seed` give the same choice again.

    `subject` is what it was chosen for, a run or a post: by it the hold-out is compared with the rest.
    """

    __tablename__ = "decisions"
    __table_args__ = (one_of("goal", Goal), Index(None, "subject"), Index(None, "created_at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str | None]
    goal: Mapped[Goal] = mapped_column(TextEnum(Goal))
    account_id: Mapped[str | None]
    options: Mapped[JsonObject]
    recipe: Mapped[JsonObject]
    how: Mapped[JsonObject]
    hold_out: Mapped[bool]
    seed: Mapped[int] = mapped_column(BigInteger)
    rules: Mapped[JsonObject]
    posterior: Mapped[list[JsonObject]]
    explanation: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AdjustmentKind(StrEnum):
    PIN = "pin"  # this value and no other of its dimension
    EXCLUDE = "exclude"  # never this value
    REVERT = "revert"  # evidence and adjustments from `since` until this was made do not count


class Adjustment(Base):
    """What a person said. It counts until `undone_at`, and not while a later revert covers it."""

    __tablename__ = "adjustments"
    __table_args__ = (one_of("kind", AdjustmentKind), Index(None, "created_at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[AdjustmentKind] = mapped_column(TextEnum(AdjustmentKind))
    dimension: Mapped[str | None]
    value: Mapped[str | None]
    account_id: Mapped[str | None]  # none: for every account
    since: Mapped[datetime | None]
    reason: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
