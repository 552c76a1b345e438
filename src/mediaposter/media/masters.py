"""The master of several parts, as an asset: stitched once, and found again by everybody who asks for the same."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mediaposter.core.context import Context
from mediaposter.media import service
from mediaposter.media.limits import MediaLimits
from mediaposter.media.models import Asset
from mediaposter.media.renditions import Recipe, rendition
from mediaposter.media.stitch import StitchTarget, stitch

_VERSION = 1  # raise it when stitching makes other bytes of the same parts


async def master_of(
    ctx: Context,
    parts: Sequence[Asset],
    target: StitchTarget,
    *,
    on_progress: Callable[[float], None] | None = None,
) -> Asset:
    """Return the master of `parts` in order: stitched by the settings' limits and threads, or found.

    Raises what `stitch` raises, SourceChangedError and MediaMissingError for a part whose file is not what it was.
    """

    async def make(into: Path) -> None:
        paths = [await service.local_path(part, storage=ctx.storage) for part in parts]
        await stitch(
            paths,
            into,
            target=target,
            on_progress=on_progress,
            limits=MediaLimits.of(ctx.settings),
            threads=ctx.settings.ffmpeg_threads,
            facts=[part.media_facts for part in parts],
        )

    return await rendition(ctx, Recipe("stitch", _VERSION, target.params()), parts, make)
