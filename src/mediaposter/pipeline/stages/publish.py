"""Stage `publish`: every account, side by side; one that refuses does not stop the others."""

from dataclasses import asdict
from typing import Any

from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.core.errors import MediaPosterError
from mediaposter.pipeline import book
from mediaposter.pipeline.models import RunState, Stage
from mediaposter.pipeline.progress import watching
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.preview import preview as preview_post
from mediaposter.publishing.verdict import explain
from mediaposter.publishing.workflows import publish

_SETTLED = (Outcome.CONFIRMED, Outcome.REJECTED, Outcome.UNKNOWN, Outcome.CANCELLED)


async def everywhere(work: Work, asset_id: str, copies: dict[str, Any]) -> JsonObject:
    """Publish to every planned account and say of each how it ended. A dry run says what would be sent."""
    if work.config.dry_run:
        return await preview(asset_id, copies)
    starts = await start_publications(work.run_id, work.attempt)
    children = [
        await engine.start_child(
            publish, start["publication_id"], queue=Queue.PUBLISH, id=start["workflow_id"], partition=start["partition"]
        )
        for start in starts
    ]
    async with watching(context.current(), work.run_id, Stage.PUBLISH, lambda: _look(work.run_id)):
        for child in children:
            try:
                await child.result()
            except MediaPosterError:
                continue  # the ledger has it, and `collect` reads it there
    return await collect(work.run_id)


def verdict(run_id: str, accounts: list[dict[str, Any]]) -> tuple[RunState, JsonObject | None]:
    """Return how the run ends, and what to say and do when not every account has it."""
    missing = [account for account in accounts if account["outcome"] not in ("confirmed", "scheduled", "preview")]
    if not missing:
        return RunState.COMPLETED, None
    none = len(missing) == len(accounts)
    named = "; ".join(f"{account['account']}: {account['reason']}" for account in missing)
    return RunState.FAILED if none else RunState.PARTIAL, {
        "code": "NOTHING_PUBLISHED" if none else "PARTIAL",
        "detail": f"{len(accounts) - len(missing)} of {len(accounts)} accounts have the post. Not public on {named}",
        "fix": f"Mend the reasons, then `mediaposter retry {run_id}`: it touches only those accounts.",
    }


@engine.step("pipeline.start_publications")
async def start_publications(run_id: str, attempt: int) -> list[dict[str, Any]]:
    """Say which publications to start now: those not yet settled and not scheduled, and refused ones once more."""
    ctx = context.current()
    starts: list[dict[str, Any]] = []
    async with ctx.database.session() as session:
        run = await book.own_run(session, run_id, attempt)
        for row in await publishing.list_publications(session, run_id=run_id, post_ids=[run.post_id or ""]):
            if row.outcome is Outcome.REJECTED:
                await publishing.retry_publication(session, row.id, start=False, clock=ctx.clock)
            elif row.outcome in _SETTLED or _is_scheduled(row):
                continue
            starts.append(asdict(await publishing.next_start(session, row.id)))
    return sorted(starts, key=lambda start: start["publication_id"])


@engine.step("pipeline.collect_publications")
async def collect(run_id: str) -> JsonObject:
    """Read from the ledger how each account ended."""
    async with context.current().database.session() as session:
        rows = await publishing.list_publications(session, run_id=run_id)
        # The newest of each account: a run that was redone from its parts on has a post more than one.
        newest = {row.account_id: row for row in reversed(rows)}
        accounts = [_account(row) for row in newest.values()]
    public = sum(account["outcome"] == "confirmed" for account in accounts)
    scheduled = sum(account["outcome"] == "scheduled" for account in accounts)
    words = [f"public on {public} of {len(accounts)} accounts"] + ([f"{scheduled} scheduled"] if scheduled else [])
    return {"message": ", ".join(words) + ".", "accounts": accounts}


@engine.step("pipeline.preview_publications")
async def preview(asset_id: str, copies: dict[str, Any]) -> JsonObject:
    """Say what would be sent to each account, and every rule that it would break."""
    accounts: list[dict[str, Any]] = []
    async with context.current().database.session() as session:
        for account_id, words in copies.items():
            shown = await preview_post(
                session, account_id=account_id, asset_ids=[asset_id], copy=Copy.model_validate(words)
            )
            broken = len(shown.broken)
            accounts.append(
                {
                    **shown.model_dump(mode="json"),
                    "account": f"{shown.channel}:{shown.handle}",
                    "outcome": "preview",
                    "reason": f"{broken} rules broken" if broken else shown.waits or "would be sent as it is",
                }
            )
    refused = sum(bool(account["broken"]) for account in accounts)
    return {
        "message": f"Dry run: {counted(len(accounts), 'account')}, {refused} with broken rules. Nothing was sent.",
        "accounts": accounts,
    }


async def _look(run_id: str) -> tuple[float, str]:
    async with context.current().database.session() as session:
        rows = await publishing.list_publications(session, run_id=run_id)
    settled = sum(row.outcome in _SETTLED for row in rows)
    return (settled / len(rows) if rows else 0.0), f"{settled} of {len(rows)} accounts settled"


def _account(row: Publication) -> dict[str, Any]:
    says, step = explain(row)
    return {
        "account": f"{row.account.channel}:{row.account.handle}",
        "account_id": row.account_id,
        "publication_id": row.id,
        "outcome": "scheduled" if _is_scheduled(row) else row.outcome.value,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "url": row.url,
        "reason": says,
        "fix": step,
    }


def _is_scheduled(row: Publication) -> bool:
    return row.outcome is Outcome.PLANNED and row.due_at is not None and row.due_at > context.current().clock()
