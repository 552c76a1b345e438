"""Still pictures out of a video, as JPEG."""

from collections.abc import Sequence
from pathlib import Path

from mediaposter.core.context import Context
from mediaposter.media import ffmpeg, service
from mediaposter.media.errors import FfmpegError, MediaError
from mediaposter.media.facts import MediaFacts
from mediaposter.media.filters import tone_map
from mediaposter.media.models import Asset
from mediaposter.media.renditions import Recipe, rendition

_SECONDS = 60.0
_QUALITY = "3"  # of ffmpeg's mjpeg scale, 2 best to 31 worst
_LOOKED_AT = 24  # key frames that the best one is chosen from


async def frame_at(
    path: Path, seconds: float, into: Path, *, width: int = 720, facts: MediaFacts | None = None
) -> Path:
    """Write the frame of `path` that is shown at `seconds` to `into` (JPEG, `width` pixels wide) and return `into`.

    A moment after the end gives the last frame. With `facts`, HDR is tone-mapped. Raises MediaError, FfmpegError.
    """
    if facts is not None and facts.duration:
        seconds = min(seconds, max(0.0, facts.duration - 0.2))
    args = [*ffmpeg.input_args(path, "-ss", f"{max(0.0, seconds):.3f}"), "-an", "-frames:v", "1"]
    return await _write(path, args, into, width=width, facts=facts)


async def best_frame(path: Path, into: Path, *, width: int = 720, facts: MediaFacts | None = None) -> Path:
    """Write the most telling key frame of `path` to `into` (JPEG, `width` pixels wide) and return `into`.

    Black, blurred-over and untypical frames lose: ffmpeg's `thumbnail` filter compares histograms. Only the beginning
    of a long video is looked at. Raises MediaError, FfmpegError.
    """
    options = [] if facts is not None and facts.kind == "image" else ["-skip_frame", "nokey"]
    args = [*ffmpeg.input_args(path, *options), "-an", "-frames:v", "1"]
    return await _write(path, args, into, width=width, facts=facts, choose=[f"thumbnail={_LOOKED_AT}"])


async def _write(
    path: Path, args: list[str], into: Path, *, width: int, facts: MediaFacts | None, choose: Sequence[str] = ()
) -> Path:
    colours = tone_map(facts.video) if facts is not None and facts.video is not None and facts.video.hdr else []
    chain = [*choose, *colours, f"scale={width}:-2:flags=bicubic:out_range=pc", "setsar=1", "format=yuvj420p"]
    output = ["-map", "0:v:0", "-vf", ",".join(chain), "-q:v", _QUALITY, "-f", "image2", "-update", "1", f"file:{into}"]
    try:
        await ffmpeg.run([*args, *output], timeout=_SECONDS)
    except FfmpegError:
        into.unlink(missing_ok=True)
        raise
    if not into.exists() or not into.stat().st_size:
        raise MediaError(path, "no picture could be read at that moment")
    return into


async def thumbnail_of(ctx: Context, asset: Asset, *, width: int = 720) -> Asset:
    """Return the still picture of `asset`, made on the first call. Raises MediaError for sound without a picture."""
    facts = asset.media_facts
    source = await service.local_path(asset, storage=ctx.storage)
    if facts.video is None:
        raise MediaError(source, "sound has no picture", fix="Ask for the thumbnail of a video or an image.")
    recipe = Recipe("thumbnail", 1, {"width": width}, suffix=".jpg")

    async def make(into: Path) -> None:
        await best_frame(source, into, width=width, facts=facts)

    return await rendition(ctx, recipe, [asset], make)
