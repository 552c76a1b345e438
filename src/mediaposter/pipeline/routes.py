"""The pipeline over HTTP (ARCH-007). Parse, call the service, answer."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from sse_starlette.sse import EventSourceResponse

from mediaposter.core import context, events
from mediaposter.pipeline import checking, preflight, service
from mediaposter.pipeline.check_schemas import RunChecked
from mediaposter.pipeline.models import RunState
from mediaposter.pipeline.schemas import PipelineConfig, ProviderPrice, RetryRequest, RunAccepted, RunRead, run_url

router = APIRouter(prefix="/api/pipeline", tags=["pipeline"])


@router.post("/full", status_code=status.HTTP_202_ACCEPTED, summary="Start a run of the whole loop")
async def start(
    config: PipelineConfig,
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="Repeat it to get the same run again instead of a second one.")
    ] = None,
) -> RunAccepted:
    """Answer at once with the run and where to watch it; the work goes on in a worker."""
    ctx = context.current()
    async with ctx.database.session() as session:
        started = await service.start_run(
            session, config, settings=ctx.settings, idempotency_key=idempotency_key, clock=ctx.clock
        )
    run = started.run
    response.headers["Location"] = run_url(run.id)
    return RunAccepted(
        id=run.id,
        url=run_url(run.id),
        events_url=f"{run_url(run.id)}/events",
        state=run.state,
        existing=started.existing,
    )


@router.post("/price", summary="Say what the parts of a run would cost")
async def price(config: PipelineConfig) -> list[ProviderPrice]:
    """With each provider of the chain, in its order. Nothing is started and nothing is spent."""
    return preflight.prices(config)


@router.post("/check", summary="Say how a run would stand on every account; starts and spends nothing")
async def check(config: PipelineConfig) -> RunChecked:
    """Every problem of the config, what the parts would cost, and for each account its rules, words and moment.

    The words are composed by rules from the prompts and the offer, whoever writes them in the run.
    """
    ctx = context.current()
    async with ctx.database.session() as session:
        return await checking.check_run(ctx, session, config)


@router.get("/runs", summary="List the runs, newest first")
async def list_runs(
    state: Annotated[list[RunState] | None, Query(description="Only runs in these states.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(description="The id of the last run of the page before.")] = None,
) -> list[RunRead]:
    """Return runs with their stages."""
    async with context.current().database.session() as session:
        return [
            RunRead.of(run) for run in await service.list_runs(session, states=state or (), limit=limit, before=before)
        ]


@router.get("/runs/{run_id}", summary="Show one run")
async def show(run_id: str) -> RunRead:
    """Return the run with its stages."""
    async with context.current().database.session() as session:
        return RunRead.of(await service.get_run(session, run_id))


@router.get("/runs/{run_id}/events", summary="Watch one run as server-sent events")
async def watch(
    run_id: str, request: Request, last_event_id: Annotated[str | None, Header()] = None
) -> EventSourceResponse:
    """Stream the run's events from its first, or from the one after Last-Event-ID."""
    async with context.current().database.session() as session:
        await service.get_run(session, run_id)

    def stream() -> AsyncIterator[dict[str, str]]:
        return events.stream(request, topic="pipeline.*", subject=run_id, after=last_event_id or "0")

    return EventSourceResponse(stream(), ping=15)


@router.post("/runs/{run_id}/cancel", summary="Stop a run; what is public stays public")
async def cancel(run_id: str) -> RunRead:
    """Return the run as it stands after the cancel."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return RunRead.of(await service.cancel_run(session, run_id, clock=ctx.clock))


@router.post("/runs/{run_id}/resume", summary="Go on after a failure or a cancel")
async def resume(run_id: str) -> RunRead:
    """Finished stages are not done again."""
    async with context.current().database.session() as session:
        return RunRead.of(await service.resume_run(session, run_id))


@router.post("/runs/{run_id}/retry", summary="Redo from a stage, or only what was refused")
async def retry(run_id: str, request: RetryRequest | None = None) -> RunRead:
    """Accounts that have confirmed are never touched again."""
    async with context.current().database.session() as session:
        return RunRead.of(await service.retry_run(session, run_id, from_stage=request.from_stage if request else None))


@router.post("/runs/{run_id}/approve", summary="Let a draft go on to publish")
async def approve(run_id: str) -> RunRead:
    """Only a run that waits for approval can be approved."""
    async with context.current().database.session() as session:
        return RunRead.of(await service.approve_run(session, run_id))
