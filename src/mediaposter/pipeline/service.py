"""What the pipeline can do: start a run, show it, cancel, resume, retry, approve. Services never commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import engine, events
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.engine import Queue
from mediaposter.core.errors import ConflictError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.settings import Settings
from mediaposter.generation import service as generation
from mediaposter.pipeline import preflight, repository
from mediaposter.pipeline.errors import RunStateError
from mediaposter.pipeline.models import ACTIVE, Run, RunStage, RunState, Stage, StageState
from mediaposter.pipeline.requests import generation_owner
from mediaposter.pipeline.schemas import PipelineConfig, config_to_json
from mediaposter.pipeline.workflows import run_pipeline
from mediaposter.publishing import service as publishing
from mediaposter.publishing.outcomes import MAYBE_PUBLIC


@dataclass(frozen=True)
class Started:
    """A run, and whether it was there before (its idempotency key was seen)."""

    run: Run
    existing: bool


async def start_run(
    session: AsyncSession,
    config: PipelineConfig,
    *,
    settings: Settings,
    idempotency_key: str | None = None,
    clock: Clock = utc_now,
) -> Started:
    """Check `config`, write the run and enqueue its workflow: all in the caller's transaction.

    The same idempotency key gives the same run again. Raises ConflictError when the key came with another config
    before, and what `preflight.check` raises when the run could not succeed.
    """
    if idempotency_key is not None:
        existing = await _existing_run(session, config, idempotency_key)
        if existing is not None:
            return Started(existing, existing=True)
    await preflight.check(session, config, settings=settings)
    values: dict[str, Any] = {
        "id": new_id("run"),
        "idempotency_key": idempotency_key,
        "config": config_to_json(config),
        "state": RunState.QUEUED,
        "attempt": 1,
        "approved": False,
        "created_at": clock(),
    }
    if not await repository.insert_run(session, values):
        # Another request with this key came between our look and our insert; it has committed, for we waited on it.
        assert idempotency_key is not None
        existing = await _existing_run(session, config, idempotency_key)
        assert existing is not None
        return Started(existing, existing=True)
    run = await get_run(session, values["id"])
    await events.emit(session, "pipeline.run.created", run.id, {"dry_run": config.dry_run})
    await _enqueue(session, run)
    return Started(run, existing=False)


async def get_run(session: AsyncSession, run_id: str, *, lock: bool = False) -> Run:
    """Return a run with its stages. Raises NotFoundError."""
    run = await repository.get_run(session, run_id, lock=lock)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.", fix="List the runs with `mediaposter runs`.")
    return run


async def list_runs(
    session: AsyncSession, *, states: Sequence[RunState] = (), limit: int = 50, before: str | None = None
) -> list[Run]:
    """Return the newest runs first, `limit` of them, those older than the run `before` if given."""
    return await repository.list_runs(session, states=states, limit=limit, before=before)


async def cancel_run(session: AsyncSession, run_id: str, *, clock: Clock = utc_now) -> Run:
    """Stop a run. What is public already stays public and is named in the run's error. Idempotent.

    Clips under way are stopped at their providers, posts that were not sent are taken back; the workflow is stopped by
    a worker that hears of the cancel.
    """
    run = await get_run(session, run_id, lock=True)
    if run.state is RunState.CANCELLED:
        return run
    if run.state not in (*ACTIVE, RunState.WAITING):
        raise RunStateError(
            f"The run has ended ({run.state}); there is nothing to cancel.",
            fix="A post that is still scheduled is taken back with `mediaposter publications cancel ID`.",
        )
    run.state = RunState.CANCELLED
    run.finished_at = clock()
    for stage in run.stages:
        if stage.state in (StageState.RUNNING, StageState.PENDING):
            stage.state = StageState.CANCELLED
    await generation.cancel_clips(session, generation_owner(run.id, run.stage(Stage.GENERATE).round), clock=clock)
    await publishing.cancel_planned(session, run_id=run.id, clock=clock)
    run.error = {
        "code": "CANCELLED",
        "detail": f"The run was cancelled. {await _what_is_public(session, run.id)}",
        "fix": f"Go on where it stopped with `mediaposter resume {run.id}`.",
    }
    await session.flush()
    await events.emit(session, "pipeline.run.cancelled", run.id, {"workflow_id": run.workflow_id})
    return run


async def resume_run(session: AsyncSession, run_id: str) -> Run:
    """Go on after the cause of a failure was mended, or after a cancel: finished stages are not done again."""
    run = await get_run(session, run_id, lock=True)
    if run.state not in (RunState.FAILED, RunState.CANCELLED):
        raise RunStateError(
            f"Only a failed or cancelled run can be resumed; this one is {run.state}.",
            fix=f"See how it stands with `mediaposter show {run.id}`.",
        )
    unfinished = [stage for stage in run.stages if stage.state is not StageState.COMPLETED]
    if run.state is RunState.CANCELLED:
        unfinished.append(run.stage(Stage.LINK))  # the cancel took planned posts back: they are planned once more
    # A run whose stages all ended well has failed on its accounts: those are tried again.
    _reopen(run.stages, unfinished or [run.stage(Stage.PUBLISH)])
    return await _begin_attempt(session, run, "pipeline.run.resumed")


async def retry_run(session: AsyncSession, run_id: str, *, from_stage: Stage | None = None) -> Run:
    """Redo a run that has ended, from `from_stage`; without it, the accounts that refused or the stage that failed."""
    run = await get_run(session, run_id, lock=True)
    if run.state in (*ACTIVE, RunState.WAITING):
        raise RunStateError(
            f"The run has not ended ({run.state}).", fix=f"Cancel it first: `mediaposter cancel {run.id}`."
        )
    if from_stage is None:
        failed = [stage.name for stage in run.stages if stage.state is not StageState.COMPLETED]
        from_stage = failed[0] if failed else Stage.PUBLISH
        if run.state is RunState.COMPLETED:
            raise RunStateError(
                "The run ended well: there is nothing refused to retry.",
                fix="Name a stage to redo from, such as `--from write`.",
            )
    order = list(Stage)
    redone = [stage for stage in run.stages if order.index(stage.name) >= order.index(from_stage)]
    for stage in redone:
        stage.round += 1
    _reopen(run.stages, redone)
    return await _begin_attempt(session, run, "pipeline.run.retried", {"from_stage": from_stage})


async def approve_run(session: AsyncSession, run_id: str) -> Run:
    """Let a draft go on to publish."""
    run = await get_run(session, run_id, lock=True)
    if run.state is not RunState.WAITING:
        raise RunStateError(
            f"The run does not wait for approval; it is {run.state}.",
            fix=f"See how it stands with `mediaposter show {run.id}`.",
        )
    run.approved = True
    return await _begin_attempt(session, run, "pipeline.run.approved")


async def _what_is_public(session: AsyncSession, run_id: str) -> str:
    rows = await publishing.list_publications(session, run_id=run_id, outcomes=list(MAYBE_PUBLIC))
    if not rows:
        return "Nothing was published."
    named = ", ".join(f"{row.account.channel}:{row.account.handle} ({row.url or row.outcome})" for row in rows)
    return f"What went out stays, or may be, public: {named}."


def _reopen(stages: Sequence[RunStage], which: Sequence[RunStage]) -> None:
    for stage in stages:
        if stage in which:
            stage.state = StageState.PENDING
            stage.progress = 0.0
            stage.message = ""
            stage.error = None
            stage.finished_at = None


async def _begin_attempt(session: AsyncSession, run: Run, topic: str, data: dict[str, Any] | None = None) -> Run:
    run.attempt += 1
    run.state = RunState.QUEUED
    run.error = None
    run.finished_at = None
    await session.flush()
    await events.emit(session, topic, run.id, data or {})
    await _enqueue(session, run)
    return run


async def _enqueue(session: AsyncSession, run: Run) -> None:
    await engine.enqueue(session, run_pipeline, run.id, run.attempt, queue=Queue.RUNS, id=run.workflow_id)


async def _existing_run(session: AsyncSession, config: PipelineConfig, key: str) -> Run | None:
    run = await repository.get_run_by_key(session, key)
    if run is None:
        return None
    if PipelineConfig.model_validate(run.config) != config:
        raise ConflictError(
            "This Idempotency-Key was used before with another config.",
            fix="Send a new Idempotency-Key for a new run, or the same config to get the run it made.",
        )
    return await get_run(session, run.id)
