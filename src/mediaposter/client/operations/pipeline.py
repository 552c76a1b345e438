"""The operations of pipeline. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.pipeline.check_schemas import RunChecked
from mediaposter.pipeline.models import RunState
from mediaposter.pipeline.schemas import PipelineConfig, ProviderPrice, RetryRequest, RunAccepted, RunRead


def start(body: PipelineConfig, *, idempotency_key: str | None = None) -> Call[RunAccepted]:
    """Start a run of the whole loop.

    Answer at once with the run and where to watch it; the work goes on in a worker.

    - `idempotency_key`: Repeat it to get the same run again instead of a second one.
    """
    return Call("POST", "/api/pipeline/full", RunAccepted, body=body, headers={"idempotency-key": idempotency_key})


def price(body: PipelineConfig) -> Call[list[ProviderPrice]]:
    """Say what the parts of a run would cost.

    With each provider of the chain, in its order. Nothing is started and nothing is spent.
    """
    return Call("POST", "/api/pipeline/price", list[ProviderPrice], body=body)


def check(body: PipelineConfig) -> Call[RunChecked]:
    """Say how a run would stand on every account; starts and spends nothing.

    Every problem of the config, what the parts would cost, and for each account its rules, words and moment.

    The words are composed by rules from the prompts and the offer, whoever writes them in the run.
    """
    return Call("POST", "/api/pipeline/check", RunChecked, body=body)


def list_runs(
    *, state: list[RunState] | None = None, limit: int = 50, before: str | None = None
) -> Call[list[RunRead]]:
    """List the runs, newest first.

    Return runs with their stages.

    - `state`: Only runs in these states.
    - `before`: The id of the last run of the page before.
    """
    return Call("GET", "/api/pipeline/runs", list[RunRead], query={"state": state, "limit": limit, "before": before})


def show(run_id: str) -> Call[RunRead]:
    """Show one run.

    Return the run with its stages.
    """
    return Call("GET", "/api/pipeline/runs/{run_id}", RunRead, values={"run_id": run_id})


def cancel(run_id: str) -> Call[RunRead]:
    """Stop a run; what is public stays public.

    Return the run as it stands after the cancel.
    """
    return Call("POST", "/api/pipeline/runs/{run_id}/cancel", RunRead, values={"run_id": run_id})


def resume(run_id: str) -> Call[RunRead]:
    """Go on after a failure or a cancel.

    Finished stages are not done again.
    """
    return Call("POST", "/api/pipeline/runs/{run_id}/resume", RunRead, values={"run_id": run_id})


def retry(run_id: str, *, body: RetryRequest | None = None) -> Call[RunRead]:
    """Redo from a stage, or only what was refused.

    Accounts that have confirmed are never touched again.
    """
    return Call("POST", "/api/pipeline/runs/{run_id}/retry", RunRead, values={"run_id": run_id}, body=body)


def approve(run_id: str) -> Call[RunRead]:
    """Let a draft go on to publish.

    Only a run that waits for approval can be approved.
    """
    return Call("POST", "/api/pipeline/runs/{run_id}/approve", RunRead, values={"run_id": run_id})
