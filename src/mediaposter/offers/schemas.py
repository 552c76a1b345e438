"""What the API says about offers, tracked links and clicks."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from mediaposter.offers.conversions import Recorded
from mediaposter.offers.models import ConversionKind, ConversionSource, MatchedBy, Offer, OfferLink
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
    click_parameter: str | None
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
    publication_id: str | None = None


class LinkRead(BaseModel):
    """A tracked link with its visits. `clicks` and `unique` are people, `robots` crawlers and link previews."""

    id: str
    offer_id: str
    slug: str
    url: str
    target: str
    channel: str
    account_id: str | None
    publication_id: str | None
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
            publication_id=link.publication_id,
            placement=link.placement,
            campaign=link.campaign,
            run_id=link.run_id,
            created_at=link.created_at,
            clicks=count.clicks,
            unique=count.unique,
            robots=count.robots,
            last_click_at=count.last_at,
        )


class ConversionRead(BaseModel):
    """A conversion. `value_minor` is in the currency's minor unit, negative for a refund.

    `link_id` and `click_id` are the last click that led to it, `first_*` the first; `matched_by` is what tells so.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str
    offer_id: str
    kind: ConversionKind
    source: ConversionSource
    external_id: str
    value_minor: int
    currency: str | None
    link_id: str | None
    click_id: str | None
    first_link_id: str | None
    first_click_id: str | None
    matched_by: MatchedBy
    refunds: str | None
    occurred_at: datetime
    created_at: datetime


class ConversionReceipt(BaseModel):
    """The answer to whoever told of a conversion. `repeated`: it was known, and nothing was added."""

    id: str
    matched_by: MatchedBy
    repeated: bool

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        """Read what was recorded."""
        row = recorded.conversion
        return cls(id=row.id, matched_by=row.matched_by, repeated=recorded.repeated)


class ImportProblem(BaseModel):
    """What is wrong with a line, and the mend."""

    field: str
    rule: str
    fix: str


class ImportRead(BaseModel):
    """What an import did, or would do: nothing is written while any line is wrong."""

    lines: int
    added: int
    repeated: int
    unmatched: int
    problems: list[ImportProblem]
    dry_run: bool


class SecretRead(BaseModel):
    """A secret, shown this once, and where to send conversions with it."""

    secret: str | None
    url: str


class StripeSecret(BaseModel):
    """The signing secret of a Stripe endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: SecretStr = Field(min_length=10, max_length=200)


class ReportRow(BaseModel):
    """A row of a report. Revenue in minor units by currency, refunds taken off; `rpm` for a thousand impressions."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    name: str
    clicks: int
    unique: int
    robots: int
    leads: int
    sales: int
    refunds: int
    revenue: dict[str, int]
    impressions: int | None
    rpm: dict[str, float]


class TrailRow(BaseModel):
    """A click or a conversion with all that brought it; None where it came by no link or no publication of ours."""

    id: str
    what: str
    at: datetime
    link_id: str | None
    slug: str | None
    offer_id: str | None
    offer: str | None
    campaign: str | None
    channel: str | None
    placement: str | None
    account_id: str | None
    account: str | None
    publication_id: str | None
    publication_url: str | None
    post_id: str | None
    run_id: str | None
    recipe: dict[str, str] | None
    prompts: list[str] | None
    clip_ids: list[str] | None
    asset_ids: list[str] | None
