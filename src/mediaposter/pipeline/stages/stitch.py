"""Stage `stitch`: the parts become one master. One part is used as it is."""

from pathlib import Path

from mediaposter.core import context, engine
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.generation.schemas import SIZES
from mediaposter.media import service as media
from mediaposter.media.renditions import Recipe, rendition
from mediaposter.media.stitch import StitchTarget, stitch
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.progress import StageProgress
from mediaposter.pipeline.work import Work

_RECIPE_VERSION = 1


async def master(work: Work, asset_ids: list[str]) -> JsonObject:
    """Return the master of the parts: made once, and found again by every later attempt."""
    return await stitch_parts(work.run_id, work.attempt, asset_ids)


@engine.step("pipeline.stitch_parts")
async def stitch_parts(run_id: str, attempt: int, asset_ids: list[str]) -> JsonObject:
    """Stitch, with progress. Raises MediaError naming the part that cannot be used."""
    ctx = context.current()
    async with ctx.database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        assets = [await media.get_asset(session, asset_id) for asset_id in asset_ids]
    if len(assets) == 1:
        return {
            "asset_id": assets[0].id,
            "message": "One part, used as it is.",
            "seconds": assets[0].media_facts.duration,
        }
    paths = [await media.local_path(asset) for asset in assets]
    width, height = SIZES[config.aspect]
    target = StitchTarget(width=width, height=height, crossfade=config.crossfade)
    recipe = Recipe("stitch", _RECIPE_VERSION, target.params())
    async with StageProgress(ctx, run_id, Stage.STITCH) as progress:
        made = await rendition(ctx, recipe, assets, lambda into: _make(ctx, paths, into, target, progress))
    return {
        "asset_id": made.id,
        "message": f"{len(assets)} parts, {made.media_facts.duration:.1f} s.",
        "seconds": made.media_facts.duration,
    }


async def _make(ctx: Context, parts: list[Path], into: Path, target: StitchTarget, progress: StageProgress) -> None:
    await stitch(parts, into, target=target, on_progress=progress)
