"""Stage `generate`: the parts, side by side, each with its own chain of providers (ARCH-002)."""

from typing import Any

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.core.errors import MediaPosterError
from mediaposter.generation import service as generation
from mediaposter.generation.workflows import generate_clip
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.progress import watching
from mediaposter.pipeline.requests import clip_requests, generation_owner
from mediaposter.pipeline.work import Work


async def parts(work: Work) -> JsonObject:
    """Make every part and return their clips and assets, in order. A finished part is kept whatever happens."""
    owner = generation_owner(work.run_id, work.rounds[Stage.GENERATE])
    clips = await plan_parts(work.run_id, work.attempt, owner)
    children = [
        await engine.start_child(
            generate_clip, clip["id"], queue=Queue.GENERATE, id=clip["workflow_id"], partition=clip["partition"]
        )
        for clip in clips
    ]
    results: list[dict[str, Any]] = []
    failure: MediaPosterError | None = None
    async with watching(context.current(), work.run_id, Stage.GENERATE, lambda: _look(owner)):
        for child in children:
            try:
                results.append(await child.result())
            except MediaPosterError as error:
                failure = failure or error  # the other parts go on and are kept
    if failure is not None:
        raise failure
    return {
        "message": f"{len(results)} parts by {', '.join(dict.fromkeys(made['provider'] for made in results))}.",
        "clip_ids": [made["clip_id"] for made in results],
        "asset_ids": [made["asset_id"] for made in results],
        "cost_minor": sum(made["cost_minor"] for made in results),
        "currency": results[0]["currency"],
    }


@engine.step("pipeline.plan_parts")
async def plan_parts(run_id: str, attempt: int, owner: str) -> list[dict[str, Any]]:
    """Write the parts into the ledger of generation; a repeat finds them there, a failed one is planned once more."""
    ctx = context.current()
    async with ctx.database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        clips = await generation.plan_parts(
            session, owner_id=owner, requests=clip_requests(config), chain=config.chain, clock=ctx.clock
        )
        return [{"id": clip.id, "workflow_id": clip.workflow_id, "partition": clip.partition} for clip in clips]


async def _look(owner: str) -> tuple[float, str]:
    async with context.current().database.session() as session:
        clips = await generation.clips_of(session, owner)
    done = sum(clip.asset_id is not None for clip in clips)
    share = sum(clip.progress for clip in clips) / len(clips) if clips else 0.0
    return share, f"{done} of {len(clips)} parts done"
