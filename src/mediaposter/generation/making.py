"""The two steps between a clip that is planned and one that is there: ask a provider, and follow its job.

Both may be cut off anywhere and run again: they read the ledger first and go on from what it says.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import (
    AuthError,
    CancelledByUserError,
    FieldProblem,
    ForbiddenError,
    InvalidInputError,
    MediaPosterError,
    NotConfiguredError,
    NotFoundError,
    UnavailableError,
    UpstreamError,
)
from mediaposter.generation import ledger, repository
from mediaposter.generation.errors import (
    BudgetReachedError,
    GenerationTimeoutError,
    JobFailedError,
    JobNotFoundError,
    ProviderBusyError,
    ProviderRefusedError,
    ProviderRetiredError,
    SubmitUnknownError,
    UnknownProviderError,
)
from mediaposter.generation.ledger import Attempt
from mediaposter.generation.models import ClipState
from mediaposter.generation.prompts import reword_prompt
from mediaposter.generation.provider import JobState, JobStatus, Money, Provider, check_suitable, provider
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import service as media
from mediaposter.media.errors import MediaError
from mediaposter.models.errors import ModelError
from mediaposter.models.language import language_model

_log = structlog.get_logger(__name__)
_LONGEST_WAIT = 900.0  # seconds in which a full provider is asked again
_FREE_TRIES = 3  # submits of one attempt that costs nothing
_SHOW_EVERY = 0.75  # seconds between two writes of progress
_LONGEST_PAUSE = 30.0

# After these the provider has created nothing, for certain.
_NOTHING_CREATED = (
    AuthError,
    ForbiddenError,
    InvalidInputError,
    NotConfiguredError,
    ProviderRefusedError,
    ProviderRetiredError,
    UnknownProviderError,
)
_PASSING = (UpstreamError, UnavailableError, ProviderBusyError)


async def ask(ctx: Context, clip_id: str, name: str) -> JsonObject:
    """Submit a clip to the provider `name`, once. Returns `{"made": true}` when an equal clip existed, `{"job": id}`,
    or `{"problem": ..., "final": bool}`: final means that no other provider is to be asked either.
    """
    async with ctx.database.session() as session:
        clip = await ledger.open_clip(session, clip_id)
        request, before = ledger.request_of(clip), ledger.last_attempt(clip, name)
        if clip.state is ClipState.DONE:
            return {"made": True}
    if before is not None and before.state == "submitted":
        return {"job": before.external_id}  # it was submitted, and only this step's end was not recorded
    try:
        chosen = provider(name)
        check_suitable(chosen, request)
        key = await chosen.content_key(request)
    except MediaPosterError as error:
        return _problem(name, error)
    if key is not None and await _take_equal(ctx, clip_id, name, key):
        return {"made": True}
    if before is not None and before.state == "armed" and not chosen.capabilities.resubmit_is_free:
        return await _unknown(ctx, clip_id, name, "the process ended before the answer came")
    return await _submit(ctx, clip_id, chosen, request, key)


async def follow(ctx: Context, clip_id: str, name: str) -> JsonObject:
    """Wait for the submitted job and take its clip in. Returns `{"made": true}`, `{"lost": true}` or a problem."""
    async with ctx.database.session() as session:
        clip = await repository.get_clip(session, clip_id)
        if clip is None:
            raise NotFoundError(f"There is no clip {clip_id}.")
        if clip.state is ClipState.DONE:
            return {"made": True}
        request, attempt = ledger.request_of(clip), ledger.last_attempt(clip, name)
    if attempt is None or attempt.external_id is None:
        return {"lost": True}
    chosen = provider(name)
    if clip.state is ClipState.CANCELLED:
        await _stop(chosen, attempt.external_id)
        raise CancelledByUserError(f"The clip {clip_id} was cancelled.", fix="Plan it again to make it after all.")
    try:
        state = await _until_done(ctx, clip_id, chosen, attempt)
        if state.status is not JobStatus.DONE:
            did = "cancelled the job" if state.status is JobStatus.CANCELLED else "could not make the clip"
            kind = ProviderRefusedError if state.refused else JobFailedError
            failure = kind(
                f"{name} {did}: {state.message or 'it did not say why'}",
                fix="Change the prompt, or name another provider.",
            )
            await ledger.ended(ctx, clip_id, "failed", failure, cost=state.cost)
            return _problem(name, failure)
        cost = state.cost or chosen.price(request)
        await _take_in(ctx, clip_id, chosen, attempt, cost=cost, models=state.models)
    except JobNotFoundError as error:
        await ledger.ended(ctx, clip_id, "lost", error)
        return {"lost": True} if chosen.capabilities.resubmit_is_free else _problem(name, error)
    except CancelledByUserError:
        await _stop(chosen, attempt.external_id)
        raise
    except asyncio.CancelledError:
        # The workflow was cancelled, or this worker ends. Work of this process is stopped; a vendor's job goes on
        # unless the clip itself was cancelled, since a recovered workflow will want it.
        if chosen.capabilities.resubmit_is_free or await _is_cancelled(ctx, clip_id):
            await asyncio.shield(_stop(chosen, attempt.external_id))
        raise
    except MediaPosterError as error:
        await ledger.ended(ctx, clip_id, "failed", error)
        if isinstance(error, GenerationTimeoutError):
            await _stop(chosen, attempt.external_id)
        return _problem(name, error)
    return {"made": True}


async def reword(ctx: Context, clip_id: str, name: str) -> bool:
    """Give a prompt that `name` refused back to the prompt writer, once; say whether there are other words now.

    Without a language model, or where it fails too, there are none, and the next provider is asked.
    """
    async with ctx.database.session() as session:
        clip = await ledger.open_clip(session, clip_id)
        request, entry, before = ledger.request_of(clip), clip.attempts[-1], ledger.reworded(clip)
    if ctx.settings.language_model is None or before is not None or not request.prompt:
        return False
    if entry["provider"] != name or entry["state"] not in ("refused", "failed"):
        return False
    try:
        model = language_model(ctx.settings, clock=ctx.clock)
        written = await reword_prompt(request.prompt, entry["error"]["detail"], model)
    except (ModelError, NotConfiguredError) as error:
        _log.warning("generation.not_reworded", clip=clip_id, provider=name, error=error.detail)
        return False
    await ledger.reword(ctx, clip_id, written.value.prompt, cost_minor=written.cost_minor)
    return True


async def _submit(ctx: Context, clip_id: str, chosen: Provider, request: ClipRequest, key: str | None) -> JsonObject:
    name, free = chosen.name, chosen.capabilities.resubmit_is_free
    give_up = ctx.clock() + timedelta(seconds=_LONGEST_WAIT)
    tries = 0
    while True:
        try:
            attempt = await ledger.arm(ctx, clip_id, name, content_key=key, price=chosen.price(request))
        except BudgetReachedError as error:
            return _problem(name, error)
        tries += 1
        try:
            external_id = await chosen.submit(request, attempt.job_key)
        except ProviderBusyError as error:
            if ctx.clock() + timedelta(seconds=error.after) > give_up:
                await ledger.ended(ctx, clip_id, "refused", error)
                return _problem(name, error)
            await ledger.wait(ctx, clip_id)
            await asyncio.sleep(error.after)
        except _NOTHING_CREATED as error:
            await ledger.ended(ctx, clip_id, "refused", error)
            return _problem(name, error)
        except Exception as error:
            _log.warning("generation.submit_failed", provider=name, clip=clip_id, error=repr(error))
            if not free:
                return await _unknown(ctx, clip_id, name, str(error) or type(error).__name__)
            if tries >= _FREE_TRIES:
                await ledger.ended(ctx, clip_id, "failed", error)
                return _problem(name, error)
            await asyncio.sleep(min(2.0**tries, _LONGEST_PAUSE) * chosen.capabilities.poll_seconds)
        else:
            if await ledger.submitted(ctx, clip_id, external_id):
                await _stop(chosen, external_id)
                raise CancelledByUserError(f"The clip {clip_id} was cancelled.", fix="Plan it again to make it.")
            return {"job": external_id}


async def _unknown(ctx: Context, clip_id: str, name: str, why: str) -> JsonObject:
    error = SubmitUnknownError(
        f"Nobody knows whether {name} took the clip: {why}. It was not asked again: a second job would cost money.",
        fix=f"Look into your account at {name}, then POST /api/generation/clips/{clip_id}/retry: with "
        '{"external_id": "..."} when the job is there, with nothing when it is not.',
    )
    await ledger.ended(ctx, clip_id, "unknown", error)
    return {**_problem(name, error), "final": True}


async def _until_done(ctx: Context, clip_id: str, chosen: Provider, attempt: Attempt) -> JobState:
    """Poll until the job has ended. Raises GenerationTimeoutError at the deadline, counted from the submit."""
    able = chosen.capabilities
    deadline = attempt.started_at + timedelta(seconds=able.deadline_seconds)
    assert attempt.external_id is not None
    pause = able.poll_seconds
    shown: tuple[float, str] = (-1.0, "")
    written: datetime | None = None
    while True:
        trouble = ""
        try:
            state = await chosen.poll(attempt.external_id)
            pause = able.poll_seconds
        except Exception as error:
            if not _passes(error):
                raise
            state, trouble = JobState(JobStatus.RUNNING, max(shown[0], 0.0)), str(error)
            pause = min(pause * 1.6, _LONGEST_PAUSE)
        if state.status in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED):
            return state
        now = ctx.clock()
        if now >= deadline:
            raise GenerationTimeoutError(
                f"{chosen.name} was not done after {able.deadline_seconds:.0f} seconds."
                + (f" Its last answer: {trouble}" if trouble else ""),
                fix="Try again later, or name another provider.",
            )
        message = state.message or f"{chosen.name} is at work"
        fresh = (state.progress, message) != shown
        if written is None or (now - written).total_seconds() >= (_SHOW_EVERY if fresh else 5.0):
            await ledger.progressed(ctx, clip_id, state.progress, message)
            shown, written = (state.progress, message), now
        await asyncio.sleep(min(pause, max(0.05, (deadline - now).total_seconds())))


async def _take_in(
    ctx: Context, clip_id: str, chosen: Provider, attempt: Attempt, *, cost: Money, models: tuple[str, ...]
) -> None:
    """Bring the clip into the library, and write result and cost together."""
    assert attempt.external_id is not None
    found = await chosen.reference(attempt.external_id)
    file: Path | None = None
    try:
        if found is None:
            file = ctx.storage.scratch(".clip")
            await _download(ctx, chosen, attempt, file)
        async with ctx.database.session() as session:
            if found is not None:
                asset = await media.record(session, found, origin=chosen.name)
            else:
                assert file is not None
                asset = await media.adopt(session, file, storage=ctx.storage, origin=chosen.name)
            clip = await ledger.open_clip(session, clip_id)
            await ledger.completed(session, clip, asset.id, cost=cost, now=ctx.clock(), models=models)
    except MediaError as error:
        raise JobFailedError(
            f"{chosen.name} gave a file that cannot be used: {error.problem}",
            fix="Try again, or name another provider.",
        ) from error
    finally:
        if file is not None:
            file.unlink(missing_ok=True)


async def _download(ctx: Context, chosen: Provider, attempt: Attempt, file: Path) -> None:
    assert attempt.external_id is not None
    deadline = ctx.clock() + timedelta(seconds=chosen.capabilities.deadline_seconds)
    pause = chosen.capabilities.poll_seconds
    while True:
        try:
            return await chosen.download(attempt.external_id, file)
        except Exception as error:
            if not _passes(error):
                raise
            if ctx.clock() + timedelta(seconds=pause) > deadline:
                raise
            _log.info("generation.download_retried", provider=chosen.name, error=str(error), again_in=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _take_equal(ctx: Context, clip_id: str, name: str, key: str) -> bool:
    """Answer with the clip that was made before from an equal request, where its file is still there."""
    async with ctx.database.session() as session:
        known = await repository.made_before(session, key)
        asset = await media.get_asset(session, known.asset_id) if known is not None and known.asset_id else None
    if asset is None:
        return False
    try:
        await media.local_path(asset, storage=ctx.storage)
    except MediaPosterError:
        return False
    async with ctx.database.session() as session:
        clip = await ledger.open_clip(session, clip_id)
        clip.provider = name
        clip.content_key = key
        await ledger.completed(session, clip, asset.id, cost=None, now=ctx.clock())
    return True


async def _is_cancelled(ctx: Context, clip_id: str) -> bool:
    async with ctx.database.session() as session:
        clip = await repository.get_clip(session, clip_id)
    return clip is None or clip.state is ClipState.CANCELLED


async def _stop(chosen: Provider, external_id: str) -> None:
    try:
        await chosen.cancel(external_id)
    except Exception as error:  # the clip is over either way
        _log.warning("generation.cancel_failed", provider=chosen.name, error=f"{type(error).__name__}: {error}")


def _passes(error: Exception) -> bool:
    """Whether a poll or download that failed so may go well the next time: a fault of the way, not of the job."""
    return isinstance(error, _PASSING) or not isinstance(error, MediaPosterError)


def _problem(name: str, error: BaseException) -> JsonObject:
    return {"problem": {"provider": name, **ledger.problem_of(error)}, "final": False}


def failure_of(problem: JsonObject) -> FieldProblem:
    """Return a stored problem as one line of the error that ends the chain."""
    return FieldProblem(problem["provider"], problem["detail"], problem["fix"])
