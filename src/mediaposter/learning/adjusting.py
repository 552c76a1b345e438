"""What people say to learning: pin, exclude, revert, and take any of it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import ConflictError, InvalidInputError
from mediaposter.core.ids import new_id
from mediaposter.learning import repository, service
from mediaposter.learning.errors import NoSuchAdjustmentError
from mediaposter.learning.models import Adjustment, AdjustmentKind
from mediaposter.publishing import service as publishing


async def pin(
    session: AsyncSession,
    *,
    dimension: str,
    value: str,
    account_id: str | None = None,
    reason: str | None = None,
    clock: Clock = utc_now,
) -> Adjustment:
    """Choose this value and no other of its dimension, until the pin is undone. Raises NotFoundError."""
    said = _Said(AdjustmentKind.PIN, dimension=dimension, value=value, account_id=account_id, reason=reason)
    return await _say(session, said, now=clock())


async def exclude(
    session: AsyncSession,
    *,
    dimension: str,
    value: str,
    account_id: str | None = None,
    reason: str | None = None,
    clock: Clock = utc_now,
) -> Adjustment:
    """Never choose this value, until the exclusion is undone. The hold-out keeps to it too. Raises NotFoundError."""
    said = _Said(AdjustmentKind.EXCLUDE, dimension=dimension, value=value, account_id=account_id, reason=reason)
    return await _say(session, said, now=clock())


async def revert(
    session: AsyncSession, *, to: str | datetime, reason: str | None = None, clock: Clock = utc_now
) -> Adjustment:
    """Learn as if nothing had been seen or said since a decision (its id) or a moment. What comes after now counts.

    Scores stay where they are: undoing the revert brings them all back. Raises NoSuchDecisionError, InvalidInputError.
    """
    now = clock()
    since = to if isinstance(to, datetime) else (await service.get_decision(session, to)).created_at
    if since.tzinfo is None:
        raise InvalidInputError("The moment has no time zone.", fix="Give it with one: 2026-11-20T08:00:00Z.")
    if since > now:
        raise InvalidInputError("That moment is yet to come.", fix="Give a moment in the past, or a decision's id.")
    return await _say(session, _Said(AdjustmentKind.REVERT, since=since, reason=reason), now=now)


async def undo(session: AsyncSession, adjustment_id: str, *, clock: Clock = utc_now) -> Adjustment:
    """Take back a pin, an exclusion or a revert. Raises NoSuchAdjustmentError, ConflictError."""
    adjustment = await repository.get_adjustment(session, adjustment_id)
    if adjustment is None:
        raise NoSuchAdjustmentError(
            f"There is no adjustment {adjustment_id}.", fix="List them with `mediaposter learning adjustments`."
        )
    if adjustment.undone_at is not None:
        raise ConflictError("It was undone already.", fix="Say it again if it should count once more.")
    adjustment.undone_at = clock()
    await session.flush()
    await events.emit(session, "learning.adjustment.undone", adjustment.id, {"kind": adjustment.kind.value})
    return adjustment


async def list_adjustments(session: AsyncSession) -> list[Adjustment]:
    """Return what people said, oldest first, what was undone too."""
    return await repository.list_adjustments(session)


@dataclass(frozen=True)
class _Said:
    kind: AdjustmentKind
    dimension: str | None = None
    value: str | None = None
    account_id: str | None = None
    since: datetime | None = None
    reason: str | None = None


async def _say(session: AsyncSession, said: _Said, *, now: datetime) -> Adjustment:
    if said.account_id is not None:
        await publishing.get_account(session, said.account_id)  # a typing error would otherwise count for nobody
    adjustment = Adjustment(id=new_id("adjust"), created_at=now, **vars(said))
    session.add(adjustment)
    await session.flush()
    data = {
        "kind": said.kind.value,
        "dimension": said.dimension,
        "value": said.value,
        "account_id": said.account_id,
        "since": said.since.isoformat() if said.since else None,
    }
    await events.emit(session, "learning.adjustment.made", adjustment.id, data)
    return adjustment
