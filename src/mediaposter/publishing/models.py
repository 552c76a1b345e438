"""Tables of publishing: accounts, posts, and the ledger of publications with its attempts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of
from mediaposter.publishing.outcomes import Outcome

TRIES = 8  # that a publication may begin by itself after it was planned or retried by a person


class Account(Base):
    """One identity on one channel. `paused_at` is the kill switch; `held_until` is set by the platform's limits."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    external_id: Mapped[str]
    handle: Mapped[str]
    name: Mapped[str]
    groups: Mapped[list[str]] = mapped_column(default=list)
    profile: Mapped[JsonObject] = mapped_column(default=dict)  # schemas.Profile
    sealed_credentials: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    held_until: Mapped[datetime | None]
    problem: Mapped[JsonObject | None]  # why it cannot publish now: code, detail, fix
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Post(Base):
    """A piece of content: one master, to be published on any number of accounts."""

    __tablename__ = "posts"
    __table_args__ = (Index(None, "asset_id"), Index(None, "run_id"), Index(None, "created_at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    asset_id: Mapped[str]
    run_id: Mapped[str | None]
    title: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    publications: Mapped[list["Publication"]] = relationship(
        order_by="Publication.id", lazy="raise", back_populates="post"
    )


class Publication(Base):
    """The row of the ledger: one post on one account, once. Only `ledger.py` writes its outcome.

    `attempt` numbers the tries to send it, of which it may begin `tries_left` more by itself; `starts` numbers the
    workflows that were started for it, so that each has an id of its own. `armed_by` is the workflow whose call went
    out.
    """

    __tablename__ = "publications"
    __table_args__ = (
        UniqueConstraint("post_id", "account_id"),
        one_of("outcome", Outcome),
        Index(None, "account_id"),
        Index(None, "run_id"),
        Index(None, "link_id"),
        Index(None, "outcome"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    post_id: Mapped[str] = mapped_column(ForeignKey("posts.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    run_id: Mapped[str | None]
    link_id: Mapped[str | None]
    link_label: Mapped[str | None]
    copy: Mapped[JsonObject]  # copy.Copy
    outcome: Mapped[Outcome] = mapped_column(TextEnum(Outcome), default=Outcome.PLANNED)
    attempt: Mapped[int] = mapped_column(default=1)
    tries_left: Mapped[int] = mapped_column(default=TRIES)
    starts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    armed_at: Mapped[datetime | None]
    armed_by: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    handle: Mapped[JsonObject | None]  # channel.Handle, when the platform answered
    external_id: Mapped[str | None]
    url: Mapped[str | None]
    problem: Mapped[JsonObject | None]  # code, detail, fix: of a rejection, an open question, or a wait
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    post: Mapped[Post] = relationship(lazy="raise", back_populates="publications")
    account: Mapped[Account] = relationship(lazy="raise")
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
    __table_args__ = (UniqueConstraint("publication_id", "number"), one_of("outcome", Outcome))

    id: Mapped[str] = mapped_column(primary_key=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"))
    number: Mapped[int]
    outcome: Mapped[Outcome] = mapped_column(TextEnum(Outcome), default=Outcome.PLANNED)
    request: Mapped[JsonObject | None]
    answer: Mapped[JsonObject | None]
    problem: Mapped[JsonObject | None]
    trail: Mapped[list[JsonObject]] = mapped_column(default=list)  # at, outcome, note: oldest first
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    ended_at: Mapped[datetime | None]
    publication: Mapped[Publication] = relationship(lazy="raise", back_populates="attempts")
