"""The book of a run: the durable steps that open, close and end its stages.

A finished stage keeps its outputs in its row. A new attempt reads them there instead of doing the work again, and a
workflow whose attempt is no longer the run's newest, or whose run was cancelled, is told to stop.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, engine, events
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.pipeline import repository
from mediaposter.pipeline.errors import RunSupersededError
from mediaposter.pipeline.models import ACTIVE, Run, RunState, Stage, StageState
from mediaposter.pipeline.schemas import PipelineConfig


@engine.step("pipeline.begin_run")
async def begin_run(run_id: str, attempt: int) -> None:
    """Mark the run as running."""
    ctx = context.current()
    async with ctx.database.session() as session:
        run = await own_run(session, run_id, attempt)
        run.state = RunState.RUNNING
        run.started_at = run.started_at or ctx.clock()
        await events.emit(session, "pipeline.run.started", run_id, {"attempt": attempt})


@engine.step("pipeline.begin_stage")
async def begin_stage(run_id: str, attempt: int, name: Stage, inputs: JsonObject) -> JsonObject | None:
    """Mark a stage as running. Returns its outputs when an earlier attempt has finished it, else None."""
    ctx = context.current()
    async with ctx.database.session() as session:
        stage = (await own_run(session, run_id, attempt)).stage(name)
        if stage.state is StageState.COMPLETED:
            return stage.outputs
        stage.state = StageState.RUNNING
        stage.started_at = ctx.clock()
        stage.finished_at = None
        stage.inputs = inputs
        stage.error = None
        await events.emit(session, "pipeline.stage.started", run_id, {"stage": name})
    return None


@engine.step("pipeline.complete_stage")
async def complete_stage(run_id: str, attempt: int, name: Stage, outputs: JsonObject) -> JsonObject:
    """Keep a stage's outputs. `message`, `cost_minor` and `currency` in them go to the stage's own columns."""
    ctx = context.current()
    outputs = dict(outputs)
    async with ctx.database.session() as session:
        stage = (await own_run(session, run_id, attempt)).stage(name)
        stage.state = StageState.COMPLETED
        stage.progress = 1.0
        stage.message = outputs.pop("message", "")
        stage.cost_minor = outputs.pop("cost_minor", 0)
        stage.currency = outputs.pop("currency", "USD")
        stage.outputs = outputs
        stage.finished_at = ctx.clock()
        data = {"stage": name, "message": stage.message, "seconds": _seconds(stage.started_at, stage.finished_at)}
        await events.emit(session, "pipeline.stage.completed", run_id, data)
    return outputs


@engine.step("pipeline.fail_stage")
async def fail_stage(run_id: str, attempt: int, name: Stage, problem: JsonObject) -> None:
    """Mark a stage and its run as failed, with the error and what to do."""
    ctx = context.current()
    async with ctx.database.session() as session:
        run = await own_run(session, run_id, attempt)
        stage = run.stage(name)
        stage.state = StageState.FAILED
        stage.error = problem
        stage.message = problem["detail"]
        stage.finished_at = ctx.clock()
        run.state = RunState.FAILED
        run.error = {"stage": name, **problem, "next": f"mediaposter resume {run_id}"}
        run.finished_at = ctx.clock()
        await events.emit(session, "pipeline.stage.failed", run_id, {"stage": name, **problem})
        await events.emit(session, "pipeline.run.failed", run_id, {"stage": name, **problem})


@engine.step("pipeline.end_run")
async def end_run(run_id: str, attempt: int, state: RunState, problem: JsonObject | None) -> str:
    """End the run, or set it waiting for approval."""
    ctx = context.current()
    async with ctx.database.session() as session:
        run = await own_run(session, run_id, attempt)
        run.state = RunState(state)
        run.error = problem
        run.finished_at = None if run.state is RunState.WAITING else ctx.clock()
        await events.emit(session, f"pipeline.run.{run.state}", run_id, problem or {})
    return state


async def own_run(session: AsyncSession, run_id: str, attempt: int) -> Run:
    """Return the run, locked. Raises RunSupersededError when it was cancelled or a newer attempt works on it."""
    run = await repository.get_run(session, run_id, lock=True)
    if run is None or run.attempt != attempt or run.state not in ACTIVE:
        raise RunSupersededError(f"Attempt {attempt} no longer works on run {run_id}.")
    return run


def config_of(run: Run) -> PipelineConfig:
    """Return what the run was asked for."""
    return PipelineConfig.model_validate(run.config)


def problem_of(error: BaseException) -> JsonObject:
    """Return an error as it is stored and shown: code, detail, fix, and the fields it names."""
    if not isinstance(error, MediaPosterError):
        return {
            "code": "INTERNAL_ERROR",
            "detail": f"{type(error).__name__}: {error}",
            "fix": "A fault in MediaPoster: the log of the worker has the details. Resume the run to try again.",
        }
    problem: JsonObject = {"code": error.code, "detail": error.detail, "fix": error.fix}
    if error.errors:
        problem["errors"] = [{"field": e.field, "rule": e.rule, "fix": e.fix} for e in error.errors]
    return problem


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return round((end - start).total_seconds(), 3) if start and end else None
