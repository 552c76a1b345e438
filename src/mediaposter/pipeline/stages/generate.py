"""Stage `generate`: the parts, side by side, each with its own chain of providers (ARCH-002)."""

from typing import Any

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.generation import service as generation
from mediaposter.generation.prompts import split_story, write_film, write_story
from mediaposter.generation.provider import Money
from mediaposter.generation.workflows import start_children, starts_of
from mediaposter.learning import telling as learning
from mediaposter.models.language import language_model
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.preflight import LOCAL
from mediaposter.pipeline.progress import watching
from mediaposter.pipeline.requests import clip_requests, generation_owner, with_files
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work

_NO_STORY: JsonObject = {"prompts": [], "notes": "", "tokens": 0, "cost_minor": 0}


async def parts(work: Work) -> JsonObject:
    """Make every part and return their clips and assets, in order. A finished part is kept whatever happens."""
    owner = generation_owner(work.run_id, work.rounds[Stage.GENERATE])
    story = await write_parts(work.run_id, work.attempt, owner) if work.config.story else _NO_STORY
    starts = await plan_parts(work.run_id, work.attempt, owner, story["prompts"], story["notes"])
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
        planned = [clip.request for clip in await generation.clips_of(session, owner)]
    if planned:
        return {**_NO_STORY, "prompts": [one["prompt"] for one in planned], "notes": planned[0]["notes"]}
    if config.copywriter == LOCAL:
        return {**_NO_STORY, "prompts": split_story(config.prompts[0])}
    async with ctx.database.session() as session:
        learned = await learning.brief(session, for_="prompts")
    model = language_model(ctx.settings, config.copywriter)
    known = learned.text if learned.evidence else ""
    if generation.films(config.chain):
        cta = config.offer.cta if config.offer else ""
        written = await write_film(config.prompts[0], model, learned=known, cta=cta)
    else:
        written = await write_story(config.prompts[0], model, learned=known)
    return {
        "prompts": written.value.parts,
        "notes": written.value.notes,
        "tokens": written.input_tokens + written.output_tokens,
        "cost_minor": written.cost_minor,
    }


@engine.step("pipeline.plan_parts")
async def plan_parts(run_id: str, attempt: int, owner: str, prompts: list[str], notes: str) -> list[dict[str, Any]]:
    """Write the parts into the ledger of generation; a repeat finds them there, a failed one is planned once more."""
    ctx = context.current()
    async with ctx.database.session() as session:
        config = await with_files(session, book.config_of(await book.own_run(session, run_id, attempt)))
        limit = config.budget.money_minor
        clips = await generation.plan_parts(
            session,
            owner_id=owner,
            requests=clip_requests(config, prompts, notes),
            chain=config.chain,
            budget=None if limit is None else Money(limit, config.budget.currency),
            clock=ctx.clock,
        )
        return starts_of(clips)


async def _look(owner: str) -> tuple[float, str]:
    async with context.current().database.session() as session:
        clips = await generation.clips_of(session, owner)
    done = sum(clip.asset_id is not None for clip in clips)
    share = sum(clip.progress for clip in clips) / len(clips) if clips else 0.0
    return share, f"{done} of {len(clips)} parts done"
