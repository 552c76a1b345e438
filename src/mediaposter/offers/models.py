"""Tables of the offers: what is sold, the tracked short links to it, the visits."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, TextEnum, one_of
from mediaposter.core.visitors import Device


class Offer(Base):
    """Something to sell: where it is sold, and how people are called to it."""

    __tablename__ = "offers"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    cta: Mapped[str]
    price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class OfferLink(Base):
    """A tracked link. `target` is the offer's URL with its UTM parameters, fixed when the link was made."""

    __tablename__ = "offer_links"
    __table_args__ = (Index(None, "offer_id"), Index(None, "account_id"), Index(None, "run_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    offer_id: Mapped[str] = mapped_column(ForeignKey("offers.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    target: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)  # makes a repeated request return the same link
    channel: Mapped[str]
    account_id: Mapped[str | None]
    placement: Mapped[str]
    campaign: Mapped[str]
    content: Mapped[str]  # utm_content: the publication, or what is known of it
    run_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class OfferClick(Base):
    """One visit through a tracked link. `first`: the first of this visitor, through this link, on this day."""

    __tablename__ = "offer_clicks"
    __table_args__ = (
        one_of("device", Device),
        Index(None, "link_id", "created_at"),
        Index(None, "link_id", "visitor"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    link_id: Mapped[str] = mapped_column(ForeignKey("offer_links.id"))
    visitor: Mapped[str]
    first: Mapped[bool]
    robot: Mapped[bool]
    device: Mapped[Device] = mapped_column(TextEnum(Device))
    referrer: Mapped[str | None]  # host only
    country: Mapped[str | None]  # two letters, from the header that the settings name
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
