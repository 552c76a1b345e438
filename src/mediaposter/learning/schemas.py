"""What the API says about learning."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from mediaposter.core.db import JsonObject
from mediaposter.learning.evidence import Goal
from mediaposter.learning.models import AdjustmentKind, Decision
from mediaposter.learning.service import Lift, Standings

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Writer = Literal["prompts", "tweets"]


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _Ask(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChoiceCreate(_Ask):
    """What to choose among. `subject` is the run or the post it is for."""

    options: dict[Word, list[Word]]
    goal: Goal = Goal.DEFAULT
    account_id: str | None = None
    subject: str | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**62)


class ValueSay(_Ask):
    """A value to pin or to exclude; for one account, or for all."""

    dimension: Word
    value: Word
    account_id: str | None = None
    reason: str | None = None


class RevertCreate(_Ask):
    """The decision or the moment before which everything counts."""

    to: AwareDatetime | str
    reason: str | None = None


class DecisionRead(_Read):
    """A choice with its reasons."""

    id: str
    subject: str | None
    goal: Goal
    account_id: str | None
    options: JsonObject
    recipe: JsonObject
    how: JsonObject
    hold_out: bool
    seed: int
    rules: JsonObject
    posterior: list[JsonObject]
    explanation: str
    created_at: datetime

    @classmethod
    def of(cls, decision: Decision) -> Self:
        return cls.model_validate(decision)


class AdjustmentRead(_Read):
    """What a person said."""

    id: str
    kind: AdjustmentKind
    dimension: str | None
    value: str | None
    account_id: str | None
    since: datetime | None
    reason: str | None
    undone_at: datetime | None
    created_at: datetime


class ScoreRead(_Read):
    """How a publication did at an age."""

    publication_id: str
    post_id: str
    account_id: str
    channel: str
    age: str
    taken_at: datetime
    late: bool
    shown: int | None
    recipe: JsonObject
    rates: JsonObject
    z: JsonObject
    baselines: JsonObject
    reward: float | None
    score: float | None
    labels: list[str]
    note: str | None


class ValueRead(BaseModel):
    """What is believed of a value: its effect in standard deviations, a 90 % interval, the share of choices."""

    value: str
    n: float
    mean: float
    low: float
    high: float
    share: float
    pinned: bool
    excluded: bool


class LiftRead(_Read):
    """Mean scores of what learning chose and of the hold-out."""

    chosen: float | None
    chosen_posts: int
    hold_out: float | None
    hold_out_posts: int

    @classmethod
    def of(cls, lift: Lift) -> Self:
        return cls.model_validate(lift)


class StandingsRead(BaseModel):
    """What is believed of every value."""

    goal: Goal
    account_id: str | None
    posts: int
    dimensions: dict[str, list[ValueRead]]
    lift: LiftRead

    @classmethod
    def of(cls, standings: Standings) -> Self:
        """Return the standings as the API shows them."""
        return cls(
            goal=standings.goal,
            account_id=standings.account_id,
            posts=standings.posts,
            dimensions={
                dimension: [
                    ValueRead(
                        value=one.belief.value,
                        n=round(one.belief.n, 2),
                        mean=round(one.belief.mean, 4),
                        low=round(one.belief.low, 4),
                        high=round(one.belief.high, 4),
                        share=one.share,
                        pinned=one.pinned,
                        excluded=one.excluded,
                    )
                    for one in values
                ]
                for dimension, values in standings.dimensions.items()
            },
            lift=LiftRead.of(standings.lift),
        )


class ToldRead(_Read):
    """A publication as evidence."""

    publication_id: str
    title: str
    url: str | None
    age: str
    score: float


class BriefRead(_Read):
    """What a writer is told."""

    text: str
    evidence: list[ToldRead]


class LeaderRead(_Read):
    """How posts with one value did."""

    value: str
    posts: int
    score_24h: float | None
    score_7d: float | None
    early_velocity: float | None
    spread: float | None
    click_rate: float | None
    conversion_rate: float | None
