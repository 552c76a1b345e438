"""Tables of the campaigns: what is to be said where and when, and each tweet."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.campaigns.rotation import TweetKind
from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class CampaignState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class Missed(StrEnum):
    """What becomes of tweets whose time passed while nobody was there. All are recorded."""

    SKIP = "skip"
    RUN_ONCE = "run_once"  # the latest of them goes out late


class Campaign(Base):
    """A campaign. `plan` is a schemas.CampaignPlan; `number` that of its newest tweet."""

    __tablename__ = "campaigns"
    __table_args__ = (one_of("state", CampaignState), Index(None, "run_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[CampaignState] = mapped_column(TextEnum(CampaignState), default=CampaignState.RUNNING)
    plan: Mapped[JsonObject]
    number: Mapped[int] = mapped_column(default=0)
    key: Mapped[str | None] = mapped_column(unique=True)  # makes a repeated request return the same campaign
    run_id: Mapped[str | None]
    note: Mapped[str | None]  # why it is paused or has ended
    begins_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class TweetState(StrEnum):
    PLANNED = "planned"
    WRITTEN = "written"
    EDITED = "edited"  # by a person; it goes out as it is
    HANDED_OVER = "handed_over"  # the ledger has it, one publication for each account
    SKIPPED = "skipped"  # and `note` says why


class Tweet(Base):
    """One tweet of a campaign, once per slot. `texts` has more than one post for a thread."""

    __tablename__ = "tweets"
    __table_args__ = (
        UniqueConstraint("campaign_id", "slot_at"),
        one_of("state", TweetState),
        one_of("kind", TweetKind),
        Index(None, "campaign_id", "number"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    number: Mapped[int]
    slot_at: Mapped[datetime]
    local: Mapped[str]  # what the clocks of the campaign's zone show then
    kind: Mapped[TweetKind] = mapped_column(TextEnum(TweetKind))
    state: Mapped[TweetState] = mapped_column(TextEnum(TweetState), default=TweetState.PLANNED)
    offer_id: Mapped[str | None]
    with_link: Mapped[bool]
    texts: Mapped[list[str]] = mapped_column(default=list)
    asset_id: Mapped[str | None]
    writer: Mapped[str | None]  # the model, `local`, or `person`
    post_id: Mapped[str | None]
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    note: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)
