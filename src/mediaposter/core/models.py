"""Tables of the core: workers and their leases, events, the timeline, API tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of


class Worker(Base):
    """One boot of a worker process. It holds its lease while `heartbeat_at` is young and `ended_at` is empty."""

    __tablename__ = "workers"
    __table_args__ = (
        Index("ix_workers_unrecovered", "app_version", postgresql_where=text("recovered_at IS NULL")),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # the executor id that the engine writes on workflows
    app_version: Mapped[str]
    host: Mapped[str]
    boot: Mapped[str]  # of the machine or container: a process id means something only within it
    pid: Mapped[int]
    process_start: Mapped[str]
    heartbeat_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    recovered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Event(Base):
    """Something that happened. `position` is given when it is emitted, `sequence` once it is seen committed."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_unsequenced", "position", postgresql_where=text("sequence IS NULL")),
        Index(None, "subject", "sequence"),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    sequence: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    topic: Mapped[str]
    subject: Mapped[str]
    data: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class EventCursor(Base):
    """How far a named subscriber has come."""

    __tablename__ = "event_cursors"

    id: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


class MissedPolicy(StrEnum):
    """What happens to what fell due while nobody was there."""

    RUN_ONCE = "run_once"  # of all missed rows of one kind and subject, the latest runs
    CATCH_UP = "catch_up"  # every one runs
    SKIP = "skip"  # none runs


class TimelineState(StrEnum):
    WAITING = "waiting"
    STARTED = "started"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class TimelineEntry(Base):
    """Something that is due later. When it falls due, the workflow of its kind starts, once."""

    __tablename__ = "timeline"
    __table_args__ = (
        one_of("state", TimelineState),
        one_of("missed", MissedPolicy),
        Index("ix_timeline_waiting", "due_at", postgresql_where=text("state = 'waiting'")),
        Index(None, "subject"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    due_at: Mapped[datetime]
    state: Mapped[TimelineState] = mapped_column(TextEnum(TimelineState), default=TimelineState.WAITING)
    missed: Mapped[MissedPolicy] = mapped_column(TextEnum(MissedPolicy), default=MissedPolicy.RUN_ONCE)
    key: Mapped[str | None] = mapped_column(unique=True)
    data: Mapped[JsonObject] = mapped_column(default=dict)
    note: Mapped[str | None]  # why it was skipped, or how late it ran
    workflow_id: Mapped[str | None]
    started_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


class ApiToken(Base):
    """An API token. Only its SHA-256 is kept: it is 256 random bits, so nothing slower is needed."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class BrowserSession(Base):
    """A browser that is logged in to the dashboard. Only the SHA-256 of its cookie is kept.

    `token_id` is the token that it was begun with: revoked, it ends the session. None for a login link, or for this
    machine's own token.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(unique=True)
    token_id: Mapped[str | None] = mapped_column(ForeignKey("api_tokens.id"))
    scopes: Mapped[list[str]]
    browser: Mapped[str]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class LoginCode(Base):
    """The code of a login link: it works once, for some minutes. Only its SHA-256 is kept."""

    __tablename__ = "login_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PowerMode(StrEnum):
    AWAKE = "awake"
    DRAINING = "draining"  # it will sleep when what is in hand, queued or nearly due has ended
    ASLEEP = "asleep"
    WAKING = "waking"


class WakeTrigger(StrEnum):
    """What wakes a worker."""

    SCHEDULED_POST = "scheduled_post"  # five minutes ahead of it
    CHECKBACK_PERIOD = "checkback_period"
    SAFARI_AUTOMATION = "safari_automation"
    USER_ACCESS = "user_access"
    POST_CREATION = "post_creation"  # work that somebody has queued
    SCHEDULED = "scheduled"  # anything else that is due
    NEWS = "news"  # an event that somebody here handles


class PowerState(Base):
    """How a worker process stands, from its start to its end, whether or not it runs the engine."""

    __tablename__ = "power_states"
    __table_args__ = (one_of("mode", PowerMode),)

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    boot: Mapped[str]
    pid: Mapped[int]
    process_start: Mapped[str]
    mode: Mapped[PowerMode] = mapped_column(TextEnum(PowerMode), default=PowerMode.AWAKE)
    since: Mapped[datetime]
    told_to_sleep: Mapped[bool] = mapped_column(default=False)
    next_wake_at: Mapped[datetime | None]
    next_trigger: Mapped[str | None]
    last_trigger: Mapped[str | None]
    sleeps: Mapped[int] = mapped_column(default=0)
    slept_seconds: Mapped[float] = mapped_column(default=0.0)
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
