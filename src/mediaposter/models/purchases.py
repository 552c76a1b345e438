"""Buying from a model, once: written down before it is ordered, kept for ever after, never paid twice by itself.

A purchase is known by what decides its result. Whoever asks for the same again gets what is there, for nothing. When
a process dies or the connection breaks between order and answer, nobody knows whether the vendor made it; then it is
said so, and a person decides (`again`). Only where the order is marked `repeatable` (a voice, a cent) it is repeated,
and both orders are counted.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.locks import locked
from mediaposter.models.errors import ModelAnswerError, ModelRefusedError, ModelUnreachableError, PurchaseUnknownError
from mediaposter.models.models import Purchase, PurchaseKind, PurchaseState
from mediaposter.models.prices import Price

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Order:
    """What is to be bought. `request` is all that decides the result; `again` says how a person orders it once more."""

    kind: PurchaseKind
    model: str
    request: JsonObject
    price: Price
    suffix: str
    repeatable: bool = False
    again: str = ""

    @property
    def key(self) -> str:
        """The purchase's name: the same for the same result."""
        told = json.dumps([self.model, self.request], sort_keys=True, ensure_ascii=False)
        return f"{self.kind}-{hashlib.sha256(told.encode()).hexdigest()}"

    @property
    def storage_key(self) -> str:
        """Where its file lies in the storage."""
        digest = self.key.partition("-")[2]
        return f"bought/{digest[:2]}/{digest}{self.suffix}"


@dataclass(frozen=True)
class Delivery:
    """What the vendor told beside the file. `cost_micros` None: it did not say, the price stands."""

    facts: JsonObject = field(default_factory=dict[str, Any])
    cost_micros: int | None = None


@dataclass(frozen=True)
class Bought:
    """A file that was bought. `cost_micros` is what this call cost: nothing where it was there already."""

    key: str
    model: str
    path: Path
    facts: JsonObject
    cost_micros: int


Make = Callable[[Path], Awaitable[Delivery]]


async def buy(ctx: Context, order: Order, make: Make, *, again: bool = False) -> Bought:
    """Return what `order` names, ordered by `make(path)` unless it is there. However many ask at once, one orders.

    Raises what `make` raises, and PurchaseUnknownError when its answer or an earlier one was lost, unless the order is
    repeatable or, for the earlier one, `again` is true.
    """
    async with locked(ctx.database, f"purchase:{order.key}"):
        async with ctx.database.session() as session:
            before = await session.get(Purchase, order.key)
        if await ctx.storage.exists(order.storage_key):
            return await _known(ctx, order, before)
        if before is not None and before.state in (PurchaseState.ARMED, PurchaseState.UNKNOWN):
            # We hold the lock, so nobody is at it: the process that armed it is dead.
            if before.state is PurchaseState.ARMED:
                await _end(ctx, order, PurchaseState.UNKNOWN, cost=order.price.micros)
            if not (again or order.repeatable):
                raise _unknown(order, "an earlier order's answer never came")
        return await _order(ctx, order, make)


async def list_purchases(session: AsyncSession, *, limit: int = 200) -> Sequence[Purchase]:
    """Return what was bought or tried to, the newest first."""
    return (await session.scalars(select(Purchase).order_by(Purchase.created_at.desc()).limit(limit))).all()


async def _known(ctx: Context, order: Order, before: Purchase | None) -> Bought:
    path = await ctx.storage.local_path(order.storage_key)
    if before is not None and before.state is PurchaseState.BOUGHT:
        return Bought(order.key, order.model, path, before.facts or {}, 0)
    # The file is whole, and only that it came was not written: the process died in between.
    facts = json.loads((await ctx.storage.local_path(_facts_key(order))).read_text())
    if before is None:  # files may outlive a database
        await _arm(ctx, order)
    await _end(ctx, order, PurchaseState.BOUGHT, cost=order.price.micros, facts=facts)
    return Bought(order.key, order.model, path, facts, order.price.micros)


async def _order(ctx: Context, order: Order, make: Make) -> Bought:
    await _arm(ctx, order)
    draft = ctx.storage.scratch(order.suffix)
    try:
        delivery = await make(draft)
        facts = draft.with_suffix(".json")
        facts.write_text(json.dumps(delivery.facts))
        if await ctx.storage.exists(_facts_key(order)):
            await ctx.storage.delete(_facts_key(order))  # of an earlier order that came only half
        await ctx.storage.put(_facts_key(order), facts)
        await ctx.storage.put(order.storage_key, draft)
    except BaseException as error:
        state, cost = _meaning(error, order)
        await asyncio.shield(_end(ctx, order, state, cost=cost, error=error))
        _log.warning("models.not_bought", model=order.model, key=order.key, state=state, error=repr(error))
        if state is PurchaseState.UNKNOWN and isinstance(error, Exception) and not order.repeatable:
            raise _unknown(order, str(error) or type(error).__name__) from error
        raise
    finally:
        draft.unlink(missing_ok=True)
    cost = order.price.micros if delivery.cost_micros is None else delivery.cost_micros
    await _end(ctx, order, PurchaseState.BOUGHT, cost=cost, facts=delivery.facts)
    return Bought(order.key, order.model, await ctx.storage.local_path(order.storage_key), delivery.facts, cost)


def _meaning(error: BaseException, order: Order) -> tuple[PurchaseState, int]:
    """Return what a failed order has come to, and what it may have cost."""
    if isinstance(error, ModelUnreachableError):
        return (PurchaseState.UNKNOWN, order.price.micros) if error.asked else (PurchaseState.REFUSED, 0)
    if isinstance(error, ModelAnswerError) or (isinstance(error, ModelRefusedError) and error.billed):
        return PurchaseState.REFUSED, order.price.micros  # it answered, and may bill what cannot be used
    if isinstance(error, MediaPosterError):
        return PurchaseState.REFUSED, 0
    return PurchaseState.UNKNOWN, order.price.micros


def _unknown(order: Order, why: str) -> PurchaseUnknownError:
    return PurchaseUnknownError(
        f"Nobody knows whether {order.model} made this: {why.rstrip('.')}. It was not ordered again: that could be "
        f"paid twice ({order.price}).",
        fix=f"Look into your account at the vendor. {order.again}".rstrip(),
    )


async def _arm(ctx: Context, order: Order) -> None:
    async with ctx.database.session() as session:
        row = await session.get(Purchase, order.key)
        attempt: JsonObject = {
            "state": PurchaseState.ARMED.value,
            "price_micros": order.price.micros,
            "cost_micros": 0,
            "error": None,
            "started_at": ctx.clock().isoformat(),
            "ended_at": None,
        }
        if row is None:
            row = Purchase(
                key=order.key,
                kind=order.kind,
                model=order.model,
                request=order.request,
                attempts=[],
                cost_micros=0,
                currency="USD",
                created_at=ctx.clock(),
            )
            session.add(row)
        row.attempts = [*row.attempts, attempt]
        row.state = PurchaseState.ARMED
        row.error = None
        row.ended_at = None


async def _end(
    ctx: Context,
    order: Order,
    state: PurchaseState,
    *,
    cost: int,
    facts: JsonObject | None = None,
    error: BaseException | None = None,
) -> None:
    async with ctx.database.session() as session:
        row = await _row(session, order)
        now = ctx.clock()
        problem = None if error is None else {"code": getattr(error, "code", "INTERNAL_ERROR"), "detail": str(error)}
        last = {
            **row.attempts[-1],
            "state": state.value,
            "cost_micros": cost,
            "error": problem,
            "ended_at": now.isoformat(),
        }
        row.attempts = [*row.attempts[:-1], last]
        row.state = state
        row.cost_micros = sum(attempt["cost_micros"] for attempt in row.attempts)
        row.error = problem
        row.ended_at = now
        if state is PurchaseState.BOUGHT:
            row.storage_key = order.storage_key
            row.facts = facts


async def _row(session: AsyncSession, order: Order) -> Purchase:
    row = await session.get(Purchase, order.key, with_for_update=True, populate_existing=True)
    assert row is not None
    return row


def _facts_key(order: Order) -> str:
    return f"{order.storage_key}.json"
