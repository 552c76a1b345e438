"""Stage `stitch`: the parts become one master. One part is used as it is."""

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.generation.schemas import SIZES
from mediaposter.media import service as media
from mediaposter.media.masters import master_of
from mediaposter.media.stitch import StitchTarget
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.progress import StageProgress
from mediaposter.pipeline.work import Work


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
        width, height = SIZES[config.aspect]
        target = StitchTarget(width=width, height=height, crossfade=config.crossfade)
        async with StageProgress(ctx, run_id, Stage.STITCH) as progress:
            made = await master_of(ctx, parts, target, on_progress=progress)
        message = f"{len(parts)} parts, {made.media_facts.duration:.1f} s."
    return {"asset_id": made.id, "message": message, "seconds": made.media_facts.duration}
