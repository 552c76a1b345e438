"""What is written about a clip while it is made: each call here is one short transaction.

An attempt is `armed` before the call that may create a job, `submitted` with the provider's id after it, and then ends
as `done`, `failed`, `lost`, `refused` or `unknown`. `waiting` is an attempt that a full provider sent away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import CancelledByUserError, MediaPosterError, NotFoundError
from mediaposter.generation import repository
from mediaposter.generation.errors import BudgetReachedError
from mediaposter.generation.models import OPEN, Clip, ClipState
from mediaposter.generation.provider import Money
from mediaposter.generation.schemas import ClipRequest

UNSETTLED = {"armed", "waiting", "submitted"}


@dataclass(frozen=True)
class Attempt:
    """One submit of a clip to a provider, as the ledger has it."""

    number: int
    provider: str
    job_key: str
    state: str
    external_id: str | None
    started_at: datetime


def problem_of(error: BaseException) -> JsonObject:
    """Return an error as it is stored and shown."""
    if isinstance(error, MediaPosterError):
        return {"code": error.code, "detail": error.detail, "fix": error.fix}
    return {
        "code": "INTERNAL_ERROR",
        "detail": f"{type(error).__name__}: {error}",
        "fix": "The log of the worker has the whole error. Try again, or name another provider.",
    }


async def open_clip(session: AsyncSession, clip_id: str) -> Clip:
    """Return a clip, locked. Raises NotFoundError, and CancelledByUserError when it was cancelled."""
    clip = await repository.get_clip(session, clip_id, lock=True)
    if clip is None:
        raise NotFoundError(f"There is no clip {clip_id}.")
    if clip.state is ClipState.CANCELLED:
        raise CancelledByUserError(f"The clip {clip_id} was cancelled.", fix="Plan it again to make it after all.")
    return clip


def last_attempt(clip: Clip, provider: str) -> Attempt | None:
    """Return the last attempt when it went to `provider` and has not ended."""
    if not clip.attempts:
        return None
    entry = clip.attempts[-1]
    if entry["provider"] != provider or entry["state"] not in UNSETTLED or entry["round"] != clip.round:
        return None
    return _attempt(entry)


async def arm(ctx: Context, clip_id: str, provider: str, *, content_key: str | None, price: Money) -> Attempt:
    """Commit that `provider` is about to be asked. The attempt of a repeat is the one it repeats.

    Raises BudgetReachedError where `price` is more than the owner has left; then nothing is written.
    """
    async with ctx.database.session() as session:
        clip = await open_clip(session, clip_id)
        now = ctx.clock()
        before = last_attempt(clip, provider)
        if before is None:
            await _stay_within_budget(session, clip, provider, price)
            number = len(clip.attempts) + 1
            entry: JsonObject = {
                "number": number,
                "round": clip.round,
                "provider": provider,
                "job_key": f"{clip.id}-{number}",
                "external_id": None,
                "price_minor": price.amount_minor,
                "cost_minor": 0,
                "currency": price.currency,
                "error": None,
                "started_at": now.isoformat(),
                "ended_at": None,
            }
            entries = [*clip.attempts, {**entry, "state": "armed"}]
        else:
            entries = _changed(clip, {"state": "armed"})
        clip.attempts = entries
        clip.state = ClipState.SUBMITTING
        clip.provider = provider
        clip.external_id = None
        clip.content_key = content_key
        clip.error = None
        clip.finished_at = None
        if before is None:
            clip.started_at = clip.started_at or now
            await _tell(session, "started", clip, {"provider": provider})
        return _attempt(entries[-1])


async def wait(ctx: Context, clip_id: str) -> None:
    """Disarm: the provider has sent the attempt away, nothing was created."""
    async with ctx.database.session() as session:
        clip = await open_clip(session, clip_id)
        clip.attempts = _changed(clip, {"state": "waiting"})
        clip.state = ClipState.PLANNED
        clip.message = f"Waiting for room at {clip.provider}"


async def submitted(ctx: Context, clip_id: str, external_id: str) -> bool:
    """Keep the provider's id of the job, and say whether the clip was cancelled meanwhile."""
    async with ctx.database.session() as session:
        clip = await repository.get_clip(session, clip_id, lock=True)
        assert clip is not None
        clip.attempts = _changed(clip, {"state": "submitted", "external_id": external_id})
        clip.external_id = external_id
        if clip.state is ClipState.CANCELLED:
            return True
        clip.state = ClipState.SUBMITTED
        return False


async def progressed(ctx: Context, clip_id: str, share: float, message: str) -> None:
    """Show how far the job is. Raises CancelledByUserError when the clip was cancelled meanwhile."""
    async with ctx.database.session() as session:
        clip = await open_clip(session, clip_id)
        clip.progress = round(share, 3)
        clip.message = message
        await _tell(session, "progressed", clip, {"progress": clip.progress, "message": message})


async def ended(ctx: Context, clip_id: str, state: str, error: BaseException, *, cost: Money | None = None) -> None:
    """Close the last attempt, which made no clip. What it cost is kept."""
    async with ctx.database.session() as session:
        clip = await repository.get_clip(session, clip_id, lock=True)
        assert clip is not None
        if clip.attempts and clip.attempts[-1]["state"] in UNSETTLED:
            changes: JsonObject = {"state": state, "error": problem_of(error), "ended_at": ctx.clock().isoformat()}
            clip.attempts = _changed(clip, changes | _cost(cost))
        clip.cost_minor, clip.currency = _total(clip.attempts)
        clip.external_id = None
        if state == "unknown":
            clip.state = ClipState.UNKNOWN
            problem = problem_of(error)
            clip.error = problem
            clip.finished_at = ctx.clock()
            await _tell(session, "failed", clip, {"state": clip.state, **problem})
        elif clip.state in OPEN:
            clip.state = ClipState.PLANNED


async def completed(
    session: AsyncSession,
    clip: Clip,
    asset_id: str,
    *,
    cost: Money | None,
    now: datetime,
    models: Sequence[str] = (),
) -> None:
    """Write the result, the end, the cost and which models made it in one transaction, so that each counts once."""
    if clip.attempts and clip.attempts[-1]["state"] in UNSETTLED:
        told: JsonObject = {"models": list(models)} if models else {}
        clip.attempts = _changed(clip, {"state": "done", "ended_at": now.isoformat()} | _cost(cost) | told)
    clip.cost_minor, clip.currency = _total(clip.attempts)
    clip.asset_id = asset_id
    clip.state = ClipState.DONE
    clip.progress = 1.0
    clip.message = "Done"
    clip.error = None
    clip.finished_at = now
    data = {"asset_id": asset_id, "provider": clip.provider, "cost_minor": clip.cost_minor, "currency": clip.currency}
    await _tell(session, "completed", clip, data)


async def failed(ctx: Context, clip_id: str, error: MediaPosterError) -> None:
    """End the clip without a result."""
    async with ctx.database.session() as session:
        clip = await repository.get_clip(session, clip_id, lock=True)
        if clip is None or clip.state not in OPEN:
            return
        clip.state = ClipState.FAILED
        problem = problem_of(error)
        clip.error = problem
        clip.message = error.detail
        clip.finished_at = ctx.clock()
        await _tell(session, "failed", clip, problem)


async def cancelled(session: AsyncSession, clip: Clip, *, now: datetime) -> None:
    """End the clip on purpose. A running workflow sees it at its next look and stops the job."""
    clip.state = ClipState.CANCELLED
    clip.message = "Cancelled"
    clip.finished_at = now
    await _tell(session, "failed", clip, {"code": "CANCELLED", "detail": "The clip was cancelled.", "fix": ""})


def adopt_job(clip: Clip, external_id: str, *, now: datetime) -> None:
    """Take a job that a person found at the provider as that of the last attempt. Its deadline counts from now."""
    clip.attempts = _changed(
        clip,
        {
            "state": "submitted",
            "external_id": external_id,
            "round": clip.round,
            "error": None,
            "started_at": now.isoformat(),
            "ended_at": None,
        },
    )
    clip.provider = clip.attempts[-1]["provider"]
    clip.external_id = external_id
    clip.state = ClipState.SUBMITTED


def request_of(clip: Clip) -> ClipRequest:
    """Return what is asked for: what was wished, in the words that stand in for a refused prompt if there are some."""
    request = ClipRequest.model_validate(clip.request)
    words = reworded(clip)
    return request.model_copy(update={"prompt": words}) if words else request


def reworded(clip: Clip) -> str | None:
    """Return the prompt that stands in for a refused one in this round, if there is one."""
    return next((entry["reworded"] for entry in clip.attempts if _of_round(entry, clip) and "reworded" in entry), None)


async def reword(ctx: Context, clip_id: str, prompt: str, *, cost_minor: int) -> None:
    """Let `prompt` stand in for the one that the last attempt was refused for. What writing it cost is added."""
    async with ctx.database.session() as session:
        clip = await open_clip(session, clip_id)
        cost = clip.attempts[-1]["cost_minor"] + cost_minor
        clip.attempts = _changed(clip, {"reworded": prompt, "cost_minor": cost})
        clip.cost_minor, clip.currency = _total(clip.attempts)
        await _tell(session, "reworded", clip, {"prompt": prompt, "provider": clip.attempts[-1]["provider"]})


async def _stay_within_budget(session: AsyncSession, clip: Clip, provider: str, price: Money) -> None:
    budget = clip.budget
    if budget is None or not price.amount_minor:
        return
    # One at a time for an owner: its parts are bought side by side.
    await repository.lock_owner(session, clip.owner_id)
    spent = sum(_bound(entry) for one in await repository.clips_of(session, clip.owner_id) for entry in one.attempts)
    left = budget["amount_minor"] - spent
    if price.currency == budget["currency"] and price.amount_minor <= left:
        return
    raise BudgetReachedError(
        f"{provider} takes up to {price.amount_minor / 100:.2f} {price.currency} for this part, and of the budget of "
        f"{budget['amount_minor'] / 100:.2f} {budget['currency']} only {max(left, 0) / 100:.2f} is left.",
        fix="Raise the budget, ask for shorter or fewer parts, or name a cheaper provider.",
    )


def _bound(entry: JsonObject) -> int:
    """Return what an attempt has cost, or may still cost."""
    open_ = entry["state"] in UNSETTLED or entry["state"] == "unknown"
    return max(entry["cost_minor"], entry.get("price_minor", 0)) if open_ else entry["cost_minor"]


def _of_round(entry: JsonObject, clip: Clip) -> bool:
    return entry["round"] == clip.round


def _changed(clip: Clip, changes: JsonObject) -> list[JsonObject]:
    # A new list: the column does not see a change inside the old one.
    return [*clip.attempts[:-1], {**clip.attempts[-1], **changes}]


def _cost(cost: Money | None) -> JsonObject:
    return {} if cost is None else {"cost_minor": cost.amount_minor, "currency": cost.currency}


def _total(attempts: Sequence[JsonObject]) -> tuple[int, str]:
    paid = [entry for entry in attempts if entry["cost_minor"]]
    return sum(entry["cost_minor"] for entry in paid), paid[-1]["currency"] if paid else "USD"


def _attempt(entry: JsonObject) -> Attempt:
    return Attempt(
        entry["number"],
        entry["provider"],
        entry["job_key"],
        entry["state"],
        entry["external_id"],
        datetime.fromisoformat(entry["started_at"]),
    )


async def _tell(session: AsyncSession, what: str, clip: Clip, data: dict[str, Any]) -> None:
    about = {"owner_id": clip.owner_id, "position": clip.position}
    await events.emit(session, f"generation.clip.{what}", clip.id, about | data)
