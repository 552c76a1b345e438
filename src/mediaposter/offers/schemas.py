"""What the API says about offers, tracked links and clicks."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mediaposter.offers.models import Offer, OfferLink
from mediaposter.offers.repository import ClickCount
from mediaposter.offers.service import link_url

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Cta = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class OfferCreate(BaseModel):
    """A new offer. `price_minor` is in the currency's minor unit (cents)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    url: Url
    cta: Cta = "See the offer"
    price_minor: int | None = Field(default=None, ge=0)
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")


class OfferUpdate(BaseModel):
    """What to change; what is left out stays. Links that exist keep their target."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    url: Url | None = None
    cta: Cta | None = None


class OfferRead(BaseModel):
    """An offer as the API shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    url: str
    cta: str
    price_minor: int | None
    currency: str | None
    archived_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Read a row."""
        return cls.model_validate(offer)


class LinkCreate(BaseModel):
    """A tracked link to make: for which channel and account, where it is placed, of which campaign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Word
    campaign: Word
    account_id: str | None = None
    placement: Word = "post"


class LinkRead(BaseModel):
    """A tracked link with its visits. `clicks` and `unique` are people, `robots` crawlers and link previews."""

    id: str
    offer_id: str
    slug: str
    url: str
    target: str
    channel: str
    account_id: str | None
    placement: str
    campaign: str
    run_id: str | None
    created_at: datetime
    clicks: int
    unique: int
    robots: int
    last_click_at: datetime | None

    @classmethod
    def of(cls, link: OfferLink, count: ClickCount, base_url: str) -> Self:
        """Read a row with its counts."""
        return cls(
            id=link.id,
            offer_id=link.offer_id,
            slug=link.slug,
            url=link_url(link.slug, base_url),
            target=link.target,
            channel=link.channel,
            account_id=link.account_id,
            placement=link.placement,
            campaign=link.campaign,
            run_id=link.run_id,
            created_at=link.created_at,
            clicks=count.clicks,
            unique=count.unique,
            robots=count.robots,
            last_click_at=count.last_at,
        )
