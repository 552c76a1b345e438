"""What a run is asked for and what it says of itself: the words of `POST /api/pipeline/full`."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints, model_validator

from mediaposter.core.db import JsonObject
from mediaposter.generation.schemas import CONFIGURED, Aspect, Brand, Speaker
from mediaposter.pipeline.models import Run, RunStage, RunState, Stage, StageState

PARTS_MAX = 5
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class PublishMode(StrEnum):
    """When a run publishes."""

    NOW = "now"
    DRAFT = "draft"  # stop before publishing and wait for `approve`
    NEXT_SLOT = "next_slot"  # each account's next free posting time


class OfferChoice(BaseModel):
    """What the run sells: an offer that exists (`id`), or one to make from a URL and a call to action."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    url: HttpUrl | None = None
    name: str | None = Field(default=None, max_length=120)
    cta: str = Field(default="See the offer", max_length=60)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.id is None) == (self.url is None):
            raise ValueError("give either the id of an offer or the url of a new one")
        return self


class TweetPlan(BaseModel):
    """Tweets after publishing: one every `interval_minutes`, `count` of them or until a moment. A campaign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    interval_minutes: int = Field(default=120, ge=5, le=7 * 24 * 60)
    count: int | None = Field(default=None, ge=1, le=500)
    until: AwareDatetime | None = None
    time_zone: str | None = Field(default=None, max_length=60, description="IANA zone; None: MEDIAPOSTER_TIME_ZONE.")
    quiet_from: time | None = Field(default=None, description="Local time from which nothing goes out ...")
    quiet_until: time | None = Field(default=None, description="... until this one.")
    link_share: float = Field(default=0.5, ge=0, le=1, description="Of the tweets that may carry the offer's link.")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if (self.count is None) == (self.until is None):
            raise ValueError("give either count (how many tweets) or until (a moment with its zone)")
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours need both quiet_from and quiet_until")
        return self


class Budget(BaseModel):
    """The most a run may spend. Money in minor units (cents) of `currency`; tokens of language models."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    money_minor: int | None = Field(default=None, ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    tokens: int | None = Field(default=None, ge=0)


class PipelineConfig(BaseModel):
    """Everything a run needs to know. `prompts` or `clips`, never both; the rest has a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: tuple[Prompt, ...] = Field(default=(), max_length=PARTS_MAX)
    story: bool = Field(default=False, description="Split the one prompt into three parts: hook, tension, resolution.")
    clips: tuple[str, ...] = Field(
        default=(), max_length=PARTS_MAX, description="Files, http(s) URLs or `asset:ID`, in order."
    )
    images: tuple[str, ...] = Field(
        default=(),
        max_length=20,
        description="Your pictures for the card backgrounds: files, http(s) URLs or `asset:ID`.",
    )
    provider: tuple[str, ...] = Field(default=("cards",), min_length=1, max_length=5)
    aspect: Aspect | None = Field(default=None, description="None: 9:16 for prompts, the footage's own for clips.")
    seconds: float | None = Field(default=None, ge=1, le=600, description="Length of each part; None: as it needs.")
    background: str = Field(
        default="", max_length=2000, description="A picture that a model draws behind the words: what, or `generated`."
    )
    speech: Speaker = Field(
        default=CONFIGURED, description="Who speaks: configured, local, a voice such as openai:MODEL/VOICE, or none."
    )
    brand: Brand = Brand()
    tone: str = Field(default="", max_length=400, description="How the brand writes, in a sentence or two.")
    crossfade: float = Field(default=0, ge=0, le=2, description="Seconds; 0 is a hard cut, which needs no encoding.")
    accounts: tuple[str, ...] = Field(default=("all",), min_length=1)
    copywriter: str | None = Field(default=None, description="`local`, or a model such as openai:gpt-6-luna.")
    offer: OfferChoice | None = None
    tweets: TweetPlan | None = None
    publish: PublishMode | AwareDatetime = PublishMode.NOW
    budget: Budget = Budget()
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.prompts) == bool(self.clips):
            raise ValueError("give either prompts (1 to 5) or clips (1 to 5 files or URLs)")
        if self.story and len(self.prompts) != 1:
            raise ValueError("a story is split from exactly one prompt")
        return self

    @property
    def chain(self) -> tuple[str, ...]:
        """The providers to try, in order; the user's own clips come from one provider alone."""
        return ("clips",) if self.clips else self.provider


class StageRead(BaseModel):
    """A stage as the API shows it. Times in UTC, progress from 0 to 1, cost in minor units."""

    name: Stage
    state: StageState
    progress: float
    message: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    cost_minor: int
    currency: str
    error: dict[str, Any] | None
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, stage: RunStage) -> Self:
        """Read a row."""
        return cls.model_validate(stage, from_attributes=True)


class RunRead(BaseModel):
    """A run as the API shows it."""

    id: str
    url: str
    state: RunState
    attempt: int
    config: PipelineConfig
    error: dict[str, Any] | None
    post_id: str | None
    cost_minor: int
    currency: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    stages: list[StageRead]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Read a row with its stages."""
        return cls(
            id=run.id,
            url=run_url(run.id),
            state=run.state,
            attempt=run.attempt,
            config=PipelineConfig.model_validate(run.config),
            error=run.error,
            post_id=run.post_id,
            cost_minor=sum(stage.cost_minor for stage in run.stages),
            currency=run.stages[0].currency if run.stages else "USD",
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            stages=[StageRead.of(stage) for stage in run.stages],
        )


class ProviderPrice(BaseModel):
    """What a run's parts cost at most with one provider of its chain, or why it cannot make them.

    Amounts in minor units (cents). The first that can make a part makes it; the others are there for when it cannot.
    """

    provider: str
    parts: list[int]
    total_minor: int | None
    currency: str
    problem: str
    fix: str


class RunAccepted(BaseModel):
    """The answer to a new run: where to look. `existing` says that the idempotency key was seen before."""

    id: str
    url: str
    events_url: str
    state: RunState
    existing: bool


class RetryRequest(BaseModel):
    """Where to begin again. None: with what failed, or the accounts that were refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_stage: Stage | None = None


def run_url(run_id: str) -> str:
    """Return the path of a run in the API."""
    return f"/api/pipeline/runs/{run_id}"


def config_to_json(config: PipelineConfig) -> JsonObject:
    """Return `config` as it is stored."""
    return config.model_dump(mode="json", exclude_defaults=False)
