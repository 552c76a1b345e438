"""Durable generation: one clip through its chain of providers, and batches of clips that become one master."""

import asyncio
from collections.abc import Sequence

from mediaposter.core import context, engine, events
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.core.errors import MediaPosterError, NotFoundError
from mediaposter.generation import ledger, making, repository
from mediaposter.generation.errors import NoProviderLeftError, ProviderRefusedError, SubmitUnknownError
from mediaposter.generation.models import BatchState, Clip, ClipState
from mediaposter.media import service as media
from mediaposter.media.masters import master_of
from mediaposter.media.stitch import StitchTarget

_JOBS_LOST = 5  # jobs that may be lost, one after another, before the next provider is asked


@engine.workflow("generation.generate_clip")
async def generate_clip(clip_id: str) -> JsonObject:
    """Make one clip, by the first provider of its chain that can. For Queue.GENERATE, partition `clip.partition`.

    Returns clip_id, asset_id, provider, cost_minor and currency. A clip that is done already is returned as it is.
    Raises NoProviderLeftError with each provider's reason, SubmitUnknownError, CancelledByUserError.
    """
    begun = await begin(clip_id)
    failures: list[JsonObject] = []
    for name in begun["chain"]:
        outcome = await _by(clip_id, name)
        if _refused(outcome) and await reword(clip_id, name):
            outcome = await _by(clip_id, name)
        if "problem" not in outcome:
            return await result(clip_id)
        failures.append(outcome["problem"])
        if outcome["final"]:
            raise SubmitUnknownError(outcome["problem"]["detail"], fix=outcome["problem"]["fix"])
    if failures:
        await give_up(clip_id, failures)
        raise NoProviderLeftError.of([making.failure_of(problem) for problem in failures])
    return await result(clip_id)


async def _by(clip_id: str, name: str) -> JsonObject:
    outcome: JsonObject = {}
    for _ in range(_JOBS_LOST):
        outcome = await ask(clip_id, name)
        if "job" not in outcome:
            return outcome
        outcome = await follow(clip_id, name)
        if "lost" not in outcome:
            return outcome
    lost = {
        "provider": name,
        "code": "JOB_NOT_FOUND",
        "detail": f"{name} lost the job {_JOBS_LOST} times.",
        "fix": "Read the workers' logs: something ends the processes that do the work.",
    }
    return {"problem": lost, "final": False}


def _refused(outcome: JsonObject) -> bool:
    return outcome.get("problem", {}).get("code") == ProviderRefusedError.code


@engine.step("generation.begin")
async def begin(clip_id: str) -> JsonObject:
    """Read which providers are to be asked. Raises NotFoundError, CancelledByUserError, SubmitUnknownError."""
    async with context.current().database.session() as session:
        clip = await ledger.open_clip(session, clip_id)
        if clip.state is ClipState.DONE:
            return {"chain": []}
        if clip.state is ClipState.UNKNOWN and clip.error is not None:
            raise SubmitUnknownError(clip.error["detail"], fix=clip.error["fix"])
        if clip.state is ClipState.FAILED:
            clip.state = ClipState.PLANNED
        chain = list(clip.chain)
        for place, name in enumerate(chain):
            if ledger.last_attempt(clip, name) is not None:
                return {"chain": chain[place:]}  # a person has named the job that is to be followed
        return {"chain": chain}


# Not cut off by a cancel: between the call and its answer nobody would know whether a job exists.
@engine.step("generation.ask", cancellable=False)
async def ask(clip_id: str, name: str) -> JsonObject:
    """Submit the clip to one provider. See making.ask."""
    return await making.ask(context.current(), clip_id, name)


@engine.step("generation.reword")
async def reword(clip_id: str, name: str) -> bool:
    """Let the prompt writer find other words for a refused prompt, once. See making.reword."""
    return await making.reword(context.current(), clip_id, name)


@engine.step("generation.follow")
async def follow(clip_id: str, name: str) -> JsonObject:
    """Wait for the job and take its clip in. See making.follow."""
    return await making.follow(context.current(), clip_id, name)


@engine.step("generation.give_up")
async def give_up(clip_id: str, failures: list[JsonObject]) -> None:
    """Mark the clip as failed, with each provider's reason."""
    error = NoProviderLeftError.of([making.failure_of(problem) for problem in failures])
    await ledger.failed(context.current(), clip_id, error)


@engine.step("generation.result")
async def result(clip_id: str) -> JsonObject:
    """Return what the clip became."""
    async with context.current().database.session() as session:
        clip = await ledger.open_clip(session, clip_id)
        return {
            "clip_id": clip.id,
            "asset_id": clip.asset_id,
            "provider": clip.provider,
            "cost_minor": clip.cost_minor,
            "currency": clip.currency,
        }


def starts_of(clips: Sequence[Clip]) -> list[JsonObject]:
    """Return what `start_children` needs to know of planned clips, as a step may return it."""
    return [{"id": clip.id, "workflow_id": clip.workflow_id, "partition": clip.partition} for clip in clips]


async def start_children(starts: Sequence[JsonObject]) -> list[engine.Handle[JsonObject]]:
    """Start the workflows of clips as children of the workflow that calls, side by side."""
    return [
        await engine.start_child(
            generate_clip, start["id"], queue=Queue.GENERATE, id=start["workflow_id"], partition=start["partition"]
        )
        for start in starts
    ]


@engine.workflow("generation.multi_part")
async def multi_part(batch_id: str) -> JsonObject:
    """Make the clips of a batch side by side, and their master when asked for. Finished clips are kept in any case.

    Returns `asset_id` (the master, or the only clip) and `clips`. Raises the first failed clip's error.
    """
    starts = await clips_of_batch(batch_id)
    children = await start_children(starts)
    results = await asyncio.gather(*(child.result() for child in children), return_exceptions=True)
    failure = next((outcome for outcome in results if isinstance(outcome, BaseException)), None)
    if failure is not None:
        if engine.is_cancellation(failure):
            raise failure
        await end_batch(batch_id, None, ledger.problem_of(failure))
        raise failure
    made = [outcome["asset_id"] for outcome in results if not isinstance(outcome, BaseException)]
    try:
        master = await join(batch_id, made)
    except MediaPosterError as error:
        await end_batch(batch_id, None, ledger.problem_of(error))
        raise
    await end_batch(batch_id, master, None)
    return {"asset_id": master, "clips": [start["id"] for start in starts]}


@engine.step("generation.clips_of_batch")
async def clips_of_batch(batch_id: str) -> list[JsonObject]:
    """Return what is needed to start the clips' workflows."""
    async with context.current().database.session() as session:
        return starts_of(await repository.clips_of(session, batch_id))


@engine.step("generation.join")
async def join(batch_id: str, asset_ids: list[str]) -> str | None:
    """Stitch the clips when the batch asks for it and there are two or more. Raises MediaError, StitchError."""
    ctx = context.current()
    async with ctx.database.session() as session:
        batch = await repository.get_batch(session, batch_id)
        if batch is None:
            raise NotFoundError(f"There is no batch {batch_id}.")
        if not batch.stitch or len(asset_ids) < 2:
            return asset_ids[0] if len(asset_ids) == 1 else None
        clips = await repository.clips_of(session, batch_id)
        request = ledger.request_of(clips[0])
        parts = [await media.get_asset(session, asset_id) for asset_id in asset_ids]
    width, height = request.size
    return (await master_of(ctx, parts, StitchTarget(width=width, height=height, fps=request.fps))).id


@engine.step("generation.end_batch")
async def end_batch(batch_id: str, asset_id: str | None, problem: JsonObject | None) -> None:
    """Write how the batch ended."""
    ctx = context.current()
    async with ctx.database.session() as session:
        batch = await repository.get_batch(session, batch_id, lock=True)
        if batch is None:
            raise NotFoundError(f"There is no batch {batch_id}.")
        batch.asset_id = asset_id
        batch.error = problem
        batch.state = BatchState.FAILED if problem else BatchState.DONE
        batch.finished_at = ctx.clock()
        what = "failed" if problem else "completed"
        await events.emit(session, f"generation.batch.{what}", batch_id, problem or {"asset_id": asset_id})
