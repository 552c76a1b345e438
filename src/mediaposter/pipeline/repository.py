"""Every query of the pipeline room."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from mediaposter.pipeline.models import ACTIVE, Run, RunStage, RunState, Stage, StageState


async def insert_run(session: AsyncSession, run: dict[str, Any]) -> bool:
    """Insert a run with its stages. False when its idempotency key is taken already, and nothing was inserted."""
    made = await session.execute(insert(Run).values(run).on_conflict_do_nothing().returning(Run.id))
    if made.scalar_one_or_none() is None:
        return False
    stages = [
        {"run_id": run["id"], "name": stage, "position": position, "state": StageState.PENDING, "round": 1}
        | {"progress": 0.0, "message": "", "inputs": {}, "outputs": {}, "cost_minor": 0, "currency": "USD"}
        for position, stage in enumerate(Stage)
    ]
    await session.execute(insert(RunStage).values(stages))
    return True


async def get_run(session: AsyncSession, run_id: str, *, lock: bool = False) -> Run | None:
    """Return a run with its stages. `lock` keeps others from changing it until the transaction ends."""
    query = select(Run).where(Run.id == run_id).options(selectinload(Run.stages))
    if lock:
        query = query.with_for_update()
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()


async def get_run_by_key(session: AsyncSession, idempotency_key: str) -> Run | None:
    """Return the run that was made with this idempotency key."""
    return (await session.execute(select(Run).where(Run.idempotency_key == idempotency_key))).scalar_one_or_none()


async def list_runs(session: AsyncSession, *, states: Sequence[RunState], limit: int, before: str | None) -> list[Run]:
    """Return the newest runs with their stages; `before` is the id after which the next page begins."""
    query = select(Run).options(selectinload(Run.stages)).order_by(Run.id.desc()).limit(limit)
    if states:
        query = query.where(Run.state.in_(states))
    if before:
        query = query.where(Run.id < before)
    return list((await session.execute(query)).scalars())


async def count_active(session: AsyncSession) -> int:
    """Return how many runs are queued or running."""
    return (await session.execute(select(func.count()).select_from(Run).where(Run.state.in_(ACTIVE)))).scalar_one()


async def report_progress(session: AsyncSession, run_id: str, stage: Stage, progress: float, message: str) -> bool:
    """Note how far a running stage is. False when it is not running any more."""
    result = await session.execute(
        update(RunStage)
        .where(RunStage.run_id == run_id, RunStage.name == stage, RunStage.state == StageState.RUNNING)
        .values(progress=progress, message=message)
        .returning(RunStage.run_id)
    )
    return result.scalar_one_or_none() is not None
