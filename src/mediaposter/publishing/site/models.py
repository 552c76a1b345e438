"""Tables of the site: what is public on it, and who looked, counted without knowing anybody."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, TextEnum, one_of


class Countable(StrEnum):
    """What is counted of a post or a home page, each once per visitor and day."""

    VIEW = "view"
    PLAY = "play"
    LINK = "link"


class SitePost(Base):
    """A public post of the site. Its key is the publication, so that a publication cannot be public twice."""

    __tablename__ = "site_posts"
    __table_args__ = (UniqueConstraint("account_id", "slug"), Index(None, "account_id", "published_at"))

    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    slug: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    hashtags: Mapped[list[str]]
    alt_text: Mapped[str]
    link_url: Mapped[str | None]
    link_label: Mapped[str | None]
    video_asset_id: Mapped[str]
    poster_asset_id: Mapped[str]
    video_bytes: Mapped[int] = mapped_column(BigInteger)
    duration: Mapped[float]  # seconds
    width: Mapped[int]  # pixels, as displayed
    height: Mapped[int]
    published_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SiteVisit(Base):
    """One visitor did one thing to one page on one day. Deleted after two days; the counts stay."""

    __tablename__ = "site_visits"
    __table_args__ = (one_of("what", Countable), Index(None, "day"))

    subject: Mapped[str] = mapped_column(primary_key=True)  # a publication, or an account for its home page
    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[Countable] = mapped_column(TextEnum(Countable), primary_key=True)
    visitor: Mapped[str] = mapped_column(primary_key=True)  # core.visitors: salted daily, no address kept
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SiteCount(Base):
    """How often, per page, day and thing. People and robots are counted apart."""

    __tablename__ = "site_counts"
    __table_args__ = (one_of("what", Countable),)

    subject: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[Countable] = mapped_column(TextEnum(Countable), primary_key=True)
    people: Mapped[int] = mapped_column(default=0)
    robots: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class SiteLike(Base):
    """A like that stands. The liker is the hash of a random cookie set by the first like; `origin` bounds abuse."""

    __tablename__ = "site_likes"
    __table_args__ = (Index(None, "publication_id", "origin"),)

    publication_id: Mapped[str] = mapped_column(
        ForeignKey("site_posts.publication_id", ondelete="CASCADE"), primary_key=True
    )
    liker: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
