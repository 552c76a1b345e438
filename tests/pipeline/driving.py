"""Starting runs and watching them, as the tests of the pipeline do."""

import asyncio
from pathlib import Path
from typing import Any

from mediaposter.core.context import Context
from mediaposter.pipeline import service
from mediaposter.pipeline.models import RunState, Stage
from mediaposter.pipeline.schemas import PipelineConfig, RunRead, StageRead

ENDED = frozenset(RunState) - {RunState.QUEUED, RunState.RUNNING}


def asked(*clips: Path, **more: Any) -> PipelineConfig:
    """A run of the user's own clips, or of `prompts`, with the copywriter that needs no key."""
    given: dict[str, Any] = {"copywriter": "local", "speech": "none", **more}
    if clips:
        given["clips"] = [str(clip) for clip in clips]
    return PipelineConfig.model_validate(given)


async def start(ctx: Context, config: PipelineConfig, *, key: str | None = None) -> str:
    """Start a run and return its id."""
    async with ctx.database.session() as session:
        started = await service.start_run(session, config, settings=ctx.settings, idempotency_key=key, clock=ctx.clock)
        return started.run.id


async def read(ctx: Context, run_id: str) -> RunRead:
    """Return the run as it stands."""
    async with ctx.database.session() as session:
        return RunRead.of(await service.get_run(session, run_id))


async def ended(ctx: Context, run_id: str, *, seconds: float = 90) -> RunRead:
    """Return the run when it has ended or waits for a person."""
    async with asyncio.timeout(seconds):
        while (run := await read(ctx, run_id)).state not in ENDED:
            await asyncio.sleep(0.02)
    return run


async def running(ctx: Context, run_id: str, name: Stage) -> RunRead:
    """Return the run when its stage `name` has begun."""
    async with asyncio.timeout(60):
        while (stage_of(run := await read(ctx, run_id), name)).started_at is None:
            await asyncio.sleep(0.01)
    return run


def stage_of(run: RunRead, name: Stage) -> StageRead:
    """Return one stage of the run."""
    return next(stage for stage in run.stages if stage.name is name)


def outcomes(run: RunRead) -> dict[str, str]:
    """Return how each account ended."""
    return {account["account"]: account["outcome"] for account in stage_of(run, Stage.PUBLISH).outputs["accounts"]}
