"""Stage `generate`: the parts, side by side, each with its own chain of providers (ARCH-002)."""

from typing import Any

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.generation import service as generation
from mediaposter.generation.prompts import split_story, write_story
from mediaposter.generation.workflows import start_children, starts_of
from mediaposter.learning import telling as learning
from mediaposter.models.language import language_model
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.preflight import LOCAL
from mediaposter.pipeline.progress import watching
from mediaposter.pipeline.requests import clip_requests, generation_owner
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work

_NO_STORY: JsonObject = {"prompts": [], "tokens": 0, "cost_minor": 0}


async def parts(work: Work) -> JsonObject:
    """Make every part and return their clips and assets, in order. A finished part is kept whatever happens."""
    owner = generation_owner(work.run_id, work.rounds[Stage.GENERATE])
    story = await write_parts(work.run_id, work.attempt, owner) if work.config.story else _NO_STORY
    starts = await plan_parts(work.run_id, work.attempt, owner, story["prompts"])
    children = await start_children(starts)
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
    makers = ", ".join(dict.fromkeys(made["provider"] for made in results))
    return {
        "message": f"{counted(len(results), 'part')} by {makers}.",
        "clip_ids": [made["clip_id"] for made in results],
        "asset_ids": [made["asset_id"] for made in results],
        "providers": list(dict.fromkeys(made["provider"] for made in results)),
        "prompts": story["prompts"] or list(work.config.prompts),
        "tokens": story["tokens"],
        "cost_minor": story["cost_minor"] + sum(made["cost_minor"] for made in results),
        "currency": results[0]["currency"],
    }


@engine.step("pipeline.write_parts")
async def write_parts(run_id: str, attempt: int, owner: str) -> JsonObject:
    """Split the idea into the prompts of a story: by its own sentences, or by the run's language model.

    Parts that were planned by an earlier attempt keep their words, so that those which are done still fit.
    """
    ctx = context.current()
    async with ctx.database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        planned = [clip.request["prompt"] for clip in await generation.clips_of(session, owner)]
    if planned:
        return {**_NO_STORY, "prompts": planned}
    if config.copywriter == LOCAL:
        return {**_NO_STORY, "prompts": split_story(config.prompts[0])}
    async with ctx.database.session() as session:
        learned = await learning.brief(session, for_="prompts")
    model = language_model(ctx.settings, config.copywriter)
    written = await write_story(config.prompts[0], model, learned=learned.text if learned.evidence else "")
    return {
        "prompts": written.value.parts,
        "tokens": written.input_tokens + written.output_tokens,
        "cost_minor": written.cost_minor,
    }


@engine.step("pipeline.plan_parts")
async def plan_parts(run_id: str, attempt: int, owner: str, prompts: list[str]) -> list[dict[str, Any]]:
    """Write the parts into the ledger of generation; a repeat finds them there, a failed one is planned once more."""
    ctx = context.current()
    async with ctx.database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        clips = await generation.plan_parts(
            session, owner_id=owner, requests=clip_requests(config, prompts), chain=config.chain, clock=ctx.clock
        )
        return starts_of(clips)


async def _look(owner: str) -> tuple[float, str]:
    async with context.current().database.session() as session:
        clips = await generation.clips_of(session, owner)
    done = sum(clip.asset_id is not None for clip in clips)
    share = sum(clip.progress for clip in clips) / len(clips) if clips else 0.0
    return share, f"{done} of {len(clips)} parts done"
