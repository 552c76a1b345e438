"""Tables of publishing: accounts and how they are connected, posts, and the ledger of publications."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of
from mediaposter.publishing.outcomes import Outcome


class Kind(StrEnum):
    """What a publication is on its account."""

    POST = "post"
    REPLY = "reply"  # the next part of a thread, under the part before
    COMMENT = "comment"  # the first comment, under the post


TRIES = 8  # that a publication may begin by itself after it was planned or retried by a person


class Account(Base):
    """One identity on one channel. `paused_at` is the kill switch; `held_until` is set by the platform's limits.

    `target` says where and how on the account (board, page, privacy): the channel's own model. `burst` (posts,
    minutes) and `budget` (micros, currency, days) are limits of this account's owner.
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    external_id: Mapped[str]
    handle: Mapped[str]
    name: Mapped[str]
    groups: Mapped[list[str]] = mapped_column(default=list)
    profile: Mapped[JsonObject] = mapped_column(default=dict)  # schemas.Profile
    target: Mapped[JsonObject] = mapped_column(default=dict)
    burst: Mapped[JsonObject | None]  # schemas.Burst
    budget: Mapped[JsonObject | None]  # schemas.Budget
    sealed_credentials: Mapped[str | None]
    credentials_expire_at: Mapped[datetime | None]
    scopes: Mapped[list[str]] = mapped_column(default=list)
    connected_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    held_until: Mapped[datetime | None]
    problem: Mapped[JsonObject | None]  # why it cannot publish now: code, detail, fix
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Post(Base):
    """A piece of content, to be published on any number of accounts: a master, pictures, or words alone.

    `generated` says that a model made its pictures or sound, for the platforms that want it disclosed. `recipe` names
    the creative choices behind it (template, hook, style, provider, length, slot, voice), `prompts` and `clip_ids` (the
    assets of its parts) what it was made from: a click on its link leads back to them.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index(None, "asset_ids", postgresql_using="gin"),
        Index(None, "run_id"),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_ids: Mapped[list[str]] = mapped_column(default=list)  # in the order in which they are shown
    generated: Mapped[bool] = mapped_column(default=False)
    recipe: Mapped[JsonObject] = mapped_column(default=dict)
    prompts: Mapped[list[str]] = mapped_column(default=list)
    clip_ids: Mapped[list[str]] = mapped_column(default=list)
    run_id: Mapped[str | None]
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    publications: Mapped[list["Publication"]] = relationship(
        order_by="Publication.id", lazy="raise", back_populates="post"
    )


class Publication(Base):
    """The row of the ledger: one post on one account, once. Only `ledger.py` writes its outcome.

    `part` is 0 for the post itself; the parts of a thread and the first comment are rows of their own, each with its
    outcome, sent after their `parent_id` is public. `slot_at` is the moment that the account's limits have for it.

    `attempt` numbers the tries to send it, of which it may begin `tries_left` more by itself; `starts` numbers the
    workflows that were started for it, so that each has an id of its own. `armed_by` is the workflow whose call went
    out.
    """

    __tablename__ = "publications"
    __table_args__ = (
        UniqueConstraint("post_id", "account_id", "part"),
        one_of("outcome", Outcome),
        one_of("kind", Kind),
        Index(None, "account_id"),
        Index(None, "parent_id"),
        Index(None, "account_id", "slot_at"),
        Index(None, "run_id"),
        Index(None, "link_id"),
        Index(None, "outcome"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(ForeignKey("posts.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    part: Mapped[int] = mapped_column(default=0)
    kind: Mapped[Kind] = mapped_column(TextEnum(Kind), default=Kind.POST)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    run_id: Mapped[str | None]
    link_id: Mapped[str | None]
    link_label: Mapped[str | None]
    copy: Mapped[JsonObject]  # copy.Copy
    outcome: Mapped[Outcome] = mapped_column(TextEnum(Outcome), default=Outcome.PLANNED)
    attempt: Mapped[int] = mapped_column(default=1)
    tries_left: Mapped[int] = mapped_column(default=TRIES)
    starts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    slot_at: Mapped[datetime | None]
    armed_at: Mapped[datetime | None]
    armed_by: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    handle: Mapped[JsonObject | None]  # channel.Handle, when the platform answered
    external_id: Mapped[str | None]
    url: Mapped[str | None]
    removed_at: Mapped[datetime | None]  # when it was seen that the platform does not have it any more
    problem: Mapped[JsonObject | None]  # code, detail, fix: of a rejection, an open question, or a wait
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)  # millionths of the currency: X takes 1.5 cents
    currency: Mapped[str | None]
    sealed_prepared: Mapped[str | None]  # channel.Prepared of the attempt that was armed, for `find`
    allow_repeat: Mapped[bool] = mapped_column(default=False)  # somebody said that this one may resemble another
    preflight: Mapped[JsonObject | None]  # at, ok, broken: the last look ahead of its time
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    post: Mapped[Post] = relationship(lazy="raise", back_populates="publications")
    account: Mapped[Account] = relationship(lazy="raise")
    parent: Mapped["Publication | None"] = relationship(lazy="raise", remote_side="Publication.id")
    attempts: Mapped[list["PublicationAttempt"]] = relationship(
        order_by="PublicationAttempt.number", lazy="raise", back_populates="publication"
    )

    @property
    def workflow_id(self) -> str:
        """The durable workflow that was started last for this publication."""
        return f"publish:{self.id}:{self.starts}"


class PublicationAttempt(Base):
    """One try to send a publication: what was asked, what was answered (both redacted), and every change on the way."""

    __tablename__ = "publication_attempts"
    __table_args__ = (
        UniqueConstraint("publication_id", "number"),
        one_of("outcome", Outcome),
        Index(None, "account_id", "armed_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    account_id: Mapped[str]
    number: Mapped[int]
    armed_at: Mapped[datetime | None]  # what the account's limits are counted by
    outcome: Mapped[Outcome] = mapped_column(TextEnum(Outcome), default=Outcome.PLANNED)
    request: Mapped[JsonObject | None]
    answer: Mapped[JsonObject | None]
    problem: Mapped[JsonObject | None]
    trail: Mapped[list[JsonObject]] = mapped_column(default=list)  # at, outcome, note: oldest first
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
    publication: Mapped[Publication] = relationship(lazy="raise", back_populates="attempts")


class Connection(Base):
    """One try to connect an account by OAuth. `state_hash` is the sha256 of the state that the browser carries.

    `sealed_found` keeps the identities and their credentials while a person chooses among them.
    """

    __tablename__ = "connections"
    __table_args__ = (UniqueConstraint("state_hash"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    account_id: Mapped[str | None]  # the account to connect again
    state_hash: Mapped[str]
    sealed_verifier: Mapped[str]
    redirect_uri: Mapped[str]
    sealed_found: Mapped[str | None]
    problem: Mapped[JsonObject | None]
    result: Mapped[JsonObject | None]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Switch(Base):
    """Something that somebody has switched off for the whole installation: `publishing`."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    thrown_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class PaceSlot(Base):
    """A moment at which one call under `key` was or will be made: what a platform's limit per minute is kept by."""

    __tablename__ = "pace_slots"
    __table_args__ = (Index(None, "key", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str]
    at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Upload(Base):
    """A file that lies at a platform already, so that it goes up once for all accounts of the same `owner`."""

    __tablename__ = "uploads"

    channel: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[JsonObject]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
