"""Tables of the webhooks: where events are sent, and each delivery."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class Endpoint(Base):
    """An address that gets the events since `active_since`.

    The previous secret still signs, beside the new one, until `previous_until`.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    description: Mapped[str]
    topics: Mapped[list[str]]
    sealed_secret: Mapped[str]
    sealed_previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    active_since: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; `replay` sends it again


class Delivery(Base):
    """One event for one endpoint. Its id and body are the same at each try: receivers tell repetitions by the id."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        one_of("state", DeliveryState),
        Index(None, "endpoint_id", "id"),
        Index("ix_webhook_deliveries_pending", "next_at", postgresql_where=text("state = 'pending'")),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[str]
    sequence: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str]
    body: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(TextEnum(DeliveryState), default=DeliveryState.PENDING)
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    trail: Mapped[list[JsonObject]] = mapped_column(default=list)  # at, status or error, seconds: oldest first
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
