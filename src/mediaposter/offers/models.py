"""Tables of the offers: what is sold, the tracked short links to it, the visits."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of
from mediaposter.core.visitors import Device


class Offer(Base):
    """Something to sell: where it is sold, and how people are called to it.

    `click_parameter` is what the redirect calls the click's id on the way to the offer, None for not telling it.
    """

    __tablename__ = "offers"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    cta: Mapped[str]
    price_minor: Mapped[int | None]
    currency: Mapped[str | None]
    click_parameter: Mapped[str | None] = mapped_column(default="mp_click")
    sealed_postback_secret: Mapped[str | None]
    sealed_stripe_secret: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class OfferLink(Base):
    """A tracked link. `target` is the offer's URL with its UTM parameters, fixed when the link was made."""

    __tablename__ = "offer_links"
    __table_args__ = (
        Index(None, "offer_id"),
        Index(None, "account_id"),
        Index(None, "run_id"),
        Index(None, "publication_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    offer_id: Mapped[str] = mapped_column(ForeignKey("offers.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    target: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)  # makes a repeated request return the same link
    channel: Mapped[str]
    account_id: Mapped[str | None]
    publication_id: Mapped[str | None]  # the link is made before that exists
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
        Index(None, "created_at"),
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


class ConversionKind(StrEnum):
    LEAD = "lead"
    SALE = "sale"
    REFUND = "refund"


class ConversionSource(StrEnum):
    """Who told of it."""

    POSTBACK = "postback"
    SNIPPET = "snippet"
    CSV = "csv"
    STRIPE = "stripe"


class MatchedBy(StrEnum):
    """What a conversion was credited by, the surest first."""

    CLICK = "click"  # the id of a click came with it
    VISITOR = "visitor"  # the same browser and address clicked on the same day
    LINK = "link"  # it names a link or a publication
    NONE = "none"


class OfferConversion(Base):
    """A sale, a lead or a refund of an offer, once per `source` and `external_id`.

    `link_id` and `click_id` are the last click before it within the window, `first_*` the first one. The value of a
    refund is negative, and `refunds` is the external id of its sale.
    """

    __tablename__ = "offer_conversions"
    __table_args__ = (
        UniqueConstraint("offer_id", "source", "external_id"),
        one_of("kind", ConversionKind),
        one_of("source", ConversionSource),
        one_of("matched_by", MatchedBy),
        Index(None, "link_id", "occurred_at"),
        Index(None, "first_link_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    offer_id: Mapped[str] = mapped_column(ForeignKey("offers.id"))
    kind: Mapped[ConversionKind] = mapped_column(TextEnum(ConversionKind))
    source: Mapped[ConversionSource] = mapped_column(TextEnum(ConversionSource))
    external_id: Mapped[str]
    value_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    link_id: Mapped[str | None] = mapped_column(ForeignKey("offer_links.id"))
    first_link_id: Mapped[str | None] = mapped_column(ForeignKey("offer_links.id"))
    click_id: Mapped[str | None] = mapped_column(ForeignKey("offer_clicks.id"))
    first_click_id: Mapped[str | None] = mapped_column(ForeignKey("offer_clicks.id"))
    matched_by: Mapped[MatchedBy] = mapped_column(TextEnum(MatchedBy))
    refunds: Mapped[str | None]
    data: Mapped[JsonObject] = mapped_column(default=dict)
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
