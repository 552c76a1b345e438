"""Table of the models room: what vendors were paid to make."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class PurchaseKind(StrEnum):
    """What is bought."""

    IMAGE = "image"
    SPEECH = "speech"


class PurchaseState(StrEnum):
    """Where a purchase stands. `armed` is committed before the call that costs money, the others after it."""

    ARMED = "armed"
    BOUGHT = "bought"
    REFUSED = "refused"  # nothing was made
    UNKNOWN = "unknown"  # the answer was lost: it may have been made and billed


class Purchase(Base):
    """One thing that a model was paid to make, known by what decides the result.

    `attempts` has one entry per order: state, times, cost, error. `cost_micros` is the sum over them, in millionths of
    `currency`; an order whose answer was lost counts with its price. `facts` are what the vendor told beside the file.
    """

    __tablename__ = "purchases"
    __table_args__ = (one_of("state", PurchaseState), one_of("kind", PurchaseKind), Index(None, "created_at"))

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[PurchaseKind] = mapped_column(TextEnum(PurchaseKind))
    model: Mapped[str]
    request: Mapped[JsonObject]
    state: Mapped[PurchaseState] = mapped_column(TextEnum(PurchaseState))
    attempts: Mapped[list[JsonObject]] = mapped_column(default=list)
    storage_key: Mapped[str | None]
    facts: Mapped[JsonObject | None]
    cost_micros: Mapped[int] = mapped_column(BigInteger, default=0)
    currency: Mapped[str] = mapped_column(default="USD")
    error: Mapped[JsonObject | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
