"""What the media room says over the API."""

from datetime import datetime
from typing import Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from mediaposter.core.db import JsonObject
from mediaposter.media.facts import AssetKind, MediaFacts
from mediaposter.media.models import Asset


class AssetRead(BaseModel):
    """A media file that the library knows, and where to get its bytes. `name` is for people; empty for what we made."""

    id: str
    name: str
    kind: AssetKind
    origin: str
    source_uri: str
    sha256: str
    size_bytes: int
    facts: MediaFacts
    recipe: JsonObject | None
    file_url: str
    thumbnail_url: str | None
    created_at: datetime

    @classmethod
    def of(cls, asset: Asset) -> Self:
        """Return the asset as the API shows it."""
        url = f"/api/media/assets/{asset.id}"
        return cls(
            id=asset.id,
            name=asset.name or _last_part(asset.source_uri),
            kind=asset.kind,
            origin=asset.origin,
            source_uri=asset.source_uri,
            sha256=asset.sha256,
            size_bytes=asset.size_bytes,
            facts=asset.media_facts,
            recipe=asset.recipe,
            file_url=f"{url}/file",
            thumbnail_url=None if asset.kind is AssetKind.AUDIO else f"{url}/thumbnail",
            created_at=asset.created_at,
        )


def _last_part(source_uri: str) -> str:
    """Return what a file at this address is called, empty for one of our own store."""
    parts = urlsplit(source_uri)
    return "" if parts.scheme == "storage" else unquote(parts.path).rpartition("/")[2]
