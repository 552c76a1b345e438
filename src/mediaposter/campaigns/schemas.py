"""What the API speaks of campaigns, and the plan as it is stored."""

from datetime import date, datetime, time
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from mediaposter.campaigns.cadence import Cadence, Quiet
from mediaposter.campaigns.models import Campaign, CampaignState, Missed, Tweet, TweetState
from mediaposter.campaigns.rotation import DEFAULT_KINDS, TweetKind

Point = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=2000)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]


class LinkBudget(BaseModel):
    """At most so many tweets with a link in any so many days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    links: int = Field(ge=0)
    days: int = Field(default=1, ge=1, le=366)


class MoneyBudget(BaseModel):
    """At most so much in any so many days, in millionths of the currency; what the platforms take for posts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    micros: int = Field(ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    days: int = Field(default=30, ge=1, le=366)


class QuietHours(BaseModel):
    """Local hours in which nothing goes out; `start` may be later than `end`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: time
    end: time


class CampaignPlan(BaseModel):
    """What a campaign says, where, when and until when. `points` are what is said without a model, and told to one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accounts: tuple[str, ...] = Field(min_length=1, description="all, groups, ids, @handle or channel:handle.")
    interval_minutes: int = Field(default=120, ge=5, le=7 * 24 * 60)
    anchor: time = Field(default=time(0, 30), description="A local time that is a slot; the others lie around it.")
    time_zone: str | None = Field(default=None, description="IANA zone; None: MEDIAPOSTER_TIME_ZONE.")
    quiet_hours: QuietHours | None = None
    kinds: dict[TweetKind, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=lambda: dict(DEFAULT_KINDS))
    offers: tuple[str, ...] = Field(default=(), max_length=50, description="Ids, in rotation.")
    link_share: float = Field(default=0.5, ge=0, le=1, description="Of the tweets that may carry a link.")
    link_budget: LinkBudget | None = None
    money_budget: MoneyBudget | None = None
    copywriter: str | None = Field(default=None, description="`local`, or a model such as openai:gpt-6-luna.")
    topic: str = Field(default="", max_length=400)
    tone: str = Field(default="", max_length=400)
    points: tuple[Point, ...] = Field(default=(), max_length=2000)
    missed: Missed = Missed.SKIP
    count: int | None = Field(default=None, ge=1, le=100_000)
    until: AwareDatetime | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError("not an IANA zone, such as Europe/Berlin") from error
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not any(self.kinds.values()):
            raise ValueError("kinds: give at least one of them a weight")
        if self.interval_minutes > 24 * 60 and self.interval_minutes % (24 * 60):
            raise ValueError("interval_minutes: more than a day must be a whole number of days (1440, 2880, ...)")
        if self.kinds.get(TweetKind.OFFER) and not self.offers:
            raise ValueError("kinds: `offer` needs at least one offer; give offers, or weigh it 0")
        return self

    def cadence(self, begins: date) -> Cadence:
        """Return its times. The zone must have been filled in."""
        quiet = Quiet(self.quiet_hours.start, self.quiet_hours.end) if self.quiet_hours else None
        return Cadence(self.interval_minutes, self.anchor, self.time_zone or "UTC", begins, quiet)


class CampaignCreate(BaseModel):
    """A new campaign; with `dry_run` nothing is kept and its first tweets are shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=120)
    plan: CampaignPlan
    dry_run: bool = False


class CampaignEdit(BaseModel):
    """What to change of a campaign; what is left out stays, and null takes out what may be empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(default=None, min_length=1, max_length=120)
    accounts: tuple[str, ...] | None = Field(default=None, min_length=1)
    interval_minutes: int | None = Field(default=None, ge=5, le=7 * 24 * 60)
    anchor: time | None = None
    time_zone: str | None = None
    quiet_hours: QuietHours | None = None
    kinds: dict[TweetKind, Annotated[int, Field(ge=0, le=100)]] | None = None
    offers: tuple[str, ...] | None = Field(default=None, max_length=50)
    link_share: float | None = Field(default=None, ge=0, le=1)
    link_budget: LinkBudget | None = None
    money_budget: MoneyBudget | None = None
    copywriter: str | None = None
    topic: str | None = Field(default=None, max_length=400)
    tone: str | None = Field(default=None, max_length=400)
    points: tuple[Point, ...] | None = Field(default=None, max_length=2000)
    missed: Missed | None = None
    count: int | None = Field(default=None, ge=1, le=100_000)
    until: AwareDatetime | None = None

    def changes(self) -> dict[str, Any]:
        """Return what is to change of the plan, by its fields."""
        given = self.model_dump(mode="json", include=self.model_fields_set - {"name"})
        return {name: value for name, value in given.items() if value is not None or name in _CLEARABLE}


_CLEARABLE = {"time_zone", "quiet_hours", "link_budget", "money_budget", "copywriter", "count", "until"}


class CampaignRead(BaseModel):
    """A campaign as the API shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    state: CampaignState
    plan: CampaignPlan
    number: int
    run_id: str | None
    note: str | None
    begins_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """Read a row."""
        return cls.model_validate(campaign)


class TweetRead(BaseModel):
    """A tweet, or what the next one will be: then `id` is null and `texts` are not written yet.

    `cost_micros` is what the platforms take for it on all accounts, in millionths of `currency`: an estimate until it
    is handed over, null where it is not known.
    """

    model_config = ConfigDict(from_attributes=True)

    id: str | None
    number: int
    slot_at: datetime
    local: str
    kind: TweetKind
    state: TweetState
    offer_id: str | None
    with_link: bool
    texts: list[str]
    writer: str | None
    post_id: str | None
    cost_micros: int | None
    currency: str | None
    note: str | None

    @classmethod
    def of(cls, tweet: Tweet) -> Self:
        """Read a row."""
        return cls.model_validate(tweet)


class TweetEdit(BaseModel):
    """Other words; several are a thread."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    texts: tuple[Text, ...] = Field(min_length=1, max_length=25)
