"""The media of a publication as its channel takes them, as real files and as addresses that a platform can fetch."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from mediaposter.core import context
from mediaposter.media import service as media
from mediaposter.media import thumbnails
from mediaposter.media.facts import MediaFacts
from mediaposter.media.renditions import Recipe, rendition
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.rules import ChannelRules

_MIME = {"mp4": "video/mp4", "mjpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}


@dataclass(frozen=True)
class Material:
    """One file to attach."""

    asset_id: str
    sha256: str
    path: Path
    facts: MediaFacts
    mime: str

    @property
    def size(self) -> int:
        """Bytes."""
        return self.facts.size_bytes

    @property
    def is_video(self) -> bool:
        """Whether it moves."""
        return self.facts.kind == "video"

    @property
    def filename(self) -> str:
        """A name for it that tells nothing of this machine."""
        return f"{self.sha256[:16]}.{self.mime.partition('/')[2].replace('jpeg', 'jpg')}"


async def materials(outgoing: Outgoing, rules: ChannelRules) -> tuple[Material, ...]:  # noqa: ARG001 - renditions follow
    """Return the media of a publication, in order, each within the channel's rules: renditions where needed.

    Raises MediaError when a file cannot be read.
    """
    ctx = context.current()
    found: list[Material] = []
    for asset_id in outgoing.asset_ids:
        async with ctx.database.session() as session:
            asset = await media.get_asset(session, asset_id)
        path = await media.local_path(asset, storage=ctx.storage)
        found.append(Material(asset.id, asset.sha256, path, asset.media_facts, mime_of(asset.media_facts)))
    return tuple(found)


async def poster(outgoing: Outgoing, material: Material, *, width: int = 1080) -> Material:
    """Return the still picture that stands for a video: the frame at `copy.thumbnail_at` (seconds), else the best one.

    A JPEG as wide as `width` pixels at most. Raises MediaError.
    """
    ctx = context.current()
    at = outgoing.copy.thumbnail_at
    async with ctx.database.session() as session:
        asset = await media.get_asset(session, material.asset_id)

    async def draw(into: Path) -> None:
        if at is None:
            await thumbnails.best_frame(material.path, into, width=width, facts=material.facts)
        else:
            await thumbnails.frame_at(material.path, at, into, width=width, facts=material.facts)

    made = await rendition(ctx, Recipe("channel.poster", 1, {"at": at, "width": width}, suffix=".jpg"), [asset], draw)
    path = await media.local_path(made, storage=ctx.storage)
    return Material(made.id, made.sha256, path, made.media_facts, mime_of(made.media_facts))


def mime_of(facts: MediaFacts) -> str:
    """Return the media type of a file by its facts."""
    if facts.kind == "image" and facts.video is not None:
        return _MIME.get(facts.video.codec, "application/octet-stream")
    return next((_MIME[one] for one in ("mp4",) if one in facts.container), "application/octet-stream")


async def chunks(material: Material, size: int, *, start: int = 0) -> AsyncGenerator[bytes]:
    """Yield a file in pieces of `size` bytes from `start` on, never more than one of them in memory."""
    with material.path.open("rb") as file:
        file.seek(start)
        while piece := file.read(size):
            yield piece
