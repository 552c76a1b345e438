"""Stage `stitch`: the parts become one master. One part is used as it is."""

import math
from collections.abc import Sequence

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.generation.schemas import SIZES, Aspect
from mediaposter.media import service as media
from mediaposter.media.facts import MediaFacts
from mediaposter.media.masters import master_of
from mediaposter.media.stitch import StitchTarget
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.progress import StageProgress
from mediaposter.pipeline.schemas import PipelineConfig
from mediaposter.pipeline.work import Work

_FPS, _FPS_MIN, _FPS_MAX = 30.0, 23.0, 60.1  # what every platform takes
_SAME_ASPECT = 0.01


async def master(work: Work, asset_ids: list[str]) -> JsonObject:
    """Return the master of the parts: made once, and found again by every later attempt."""
    return await stitch_parts(work.run_id, work.attempt, asset_ids)


@engine.step("pipeline.stitch_parts")
async def stitch_parts(run_id: str, attempt: int, asset_ids: list[str]) -> JsonObject:
    """Stitch, with progress. Raises MediaError naming the part that cannot be used."""
    ctx = context.current()
    async with ctx.database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        parts = [await media.get_asset(session, asset_id) for asset_id in asset_ids]
    if len(parts) == 1:
        made, message = parts[0], "One part, used as it is."
    else:
        target = target_of([part.media_facts for part in parts], config)
        async with StageProgress(ctx, run_id, Stage.STITCH) as progress:
            made = await master_of(ctx, parts, target, on_progress=progress)
        message = f"{len(parts)} parts, {made.media_facts.duration:.1f} s."
    return {"asset_id": made.id, "message": message, "seconds": made.media_facts.duration}


def target_of(parts: Sequence[MediaFacts], config: PipelineConfig) -> StitchTarget:
    """Return the form of the master: that of the parts where they agree and nothing else was asked: they are copied.

    Else 1080 pixels on the short side, in the aspect asked for or the one nearest to the first part's, and 30 frames a
    second where the parts' own rates differ.
    """
    pictures = [part.video for part in parts if part.video is not None]
    sizes = {(picture.width, picture.height) for picture in pictures}
    rates = {round(picture.fps, 2) for picture in pictures}
    width, height = SIZES[config.aspect or _nearest_aspect(pictures[0].width / pictures[0].height)]
    if len(sizes) == 1:
        own_width, own_height = sizes.pop()
        if config.aspect is None or abs(own_width / own_height / (width / height) - 1) < _SAME_ASPECT:
            width, height = own_width, own_height
    fps = pictures[0].fps if len(rates) == 1 and _FPS_MIN <= pictures[0].fps <= _FPS_MAX else _FPS
    return StitchTarget(width=width, height=height, fps=fps, crossfade=config.crossfade)


def _nearest_aspect(ratio: float) -> Aspect:
    return min(SIZES, key=lambda aspect: abs(math.log(SIZES[aspect][0] / SIZES[aspect][1] / ratio)))
