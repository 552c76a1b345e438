"""Table of the media room: every file the library knows."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mediaposter.core.clock import utc_now
from mediaposter.core.db import Base, JsonObject, TextEnum, one_of
from mediaposter.media.facts import AssetKind, MediaFacts


class Asset(Base):
    """A media file, known by where it is and what bytes it has. Its bytes are never copied into the database.

    `source_uri` is a path (file://), where it was fetched from (http), or `storage://key` for files we made.
    `storage_key` is where our own store has the bytes, for everything but local files. `source_mtime_ns` is the
    local file's time of change when its hash was taken. `name` is what the person who uploaded it calls it.
    """

    __tablename__ = "assets"
    __table_args__ = (
        UniqueConstraint("sha256", "source_uri"),
        one_of("kind", AssetKind),
        Index(None, "source_uri"),
        Index(None, "created_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]
    source_uri: Mapped[str]
    storage_key: Mapped[str | None]
    source_mtime_ns: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[AssetKind] = mapped_column(TextEnum(AssetKind))
    facts: Mapped[JsonObject]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    origin: Mapped[str]  # who brought it: "user", "cards", "stitch", "rendition" ...
    name: Mapped[str | None]
    recipe: Mapped[JsonObject | None]
    recipe_key: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    @property
    def media_facts(self) -> MediaFacts:
        """The facts of the probe."""
        return MediaFacts.model_validate(self.facts)
