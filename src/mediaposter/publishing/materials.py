"""The media of a publication as its channel takes them, as real files and as addresses that a platform can fetch."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from mediaposter.core import context
from mediaposter.core.settings import Settings
from mediaposter.media import service as media
from mediaposter.media import thumbnails
from mediaposter.media.canvas import Style
from mediaposter.media.facts import MediaFacts
from mediaposter.media.fitted import fitted
from mediaposter.media.renditions import Recipe, rendition
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.checking import limits_of
from mediaposter.publishing.rules import ChannelRules

_PICTURES = {"mjpeg": "image/jpeg", "tiff": "image/tiff", "bmp": "image/bmp"}  # else image/CODEC
_WEBM = {"vp8", "vp9", "av1"}
_SUFFIXES = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "video/mp2t": "ts",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
}


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
        return filename_of(self.sha256, self.mime)


class Fitting(TypedDict):
    """How files are made to fit, as the settings say."""

    style: Style
    cut: bool


def fitting_of(settings: Settings) -> Fitting:
    """Return how files are made to fit by these settings."""
    return Fitting(style=settings.fit_style, cut=settings.cut_long_videos)


async def materials(outgoing: Outgoing, rules: ChannelRules) -> tuple[Material, ...]:
    """Return the media of a publication, in order, each within the channel's rules: renditions where needed.

    A file that is within them is given as it is. Raises MediaError when a file cannot be read or made to fit,
    FfmpegError, DiskFullError.
    """
    ctx = context.current()
    found: list[Material] = []
    for asset_id in outgoing.asset_ids:
        async with ctx.database.session() as session:
            asset = await media.get_asset(session, asset_id)
        asset = await fitted(ctx, asset, limits_of(rules.media, asset.media_facts), **fitting_of(ctx.settings))
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
    names = facts.container.split(",")
    if facts.kind == "image" and facts.video is not None:
        return _PICTURES.get(facts.video.codec, f"image/{facts.video.codec}")
    if facts.brand == "qt":
        return "video/quicktime"
    if "mp4" in names:
        return "audio/mp4" if facts.kind == "audio" else "video/mp4"
    if "matroska" in names:
        return "video/webm" if facts.video is not None and facts.video.codec in _WEBM else "video/x-matroska"
    if "mpegts" in names:
        return "video/mp2t"
    return "audio/mpeg" if "mp3" in names else "application/octet-stream"


def filename_of(sha256: str, mime: str) -> str:
    """Return a name for a file that tells nothing of this machine."""
    return f"{sha256[:16]}.{_SUFFIXES.get(mime, 'bin')}"


async def chunks(material: Material, size: int, *, start: int = 0) -> AsyncGenerator[bytes]:
    """Yield a file in pieces of `size` bytes from `start` on, never more than one of them in memory."""
    with material.path.open("rb") as file:
        file.seek(start)
        while piece := file.read(size):
            yield piece
