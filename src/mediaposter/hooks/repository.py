"""Every query of the webhooks room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.hooks.models import Delivery, DeliveryState, Endpoint


async def get_endpoint(session: AsyncSession, endpoint_id: str, *, lock: bool = False) -> Endpoint | None:
    return await session.get(Endpoint, endpoint_id, with_for_update=lock or None, populate_existing=lock)


async def list_endpoints(session: AsyncSession, *, enabled: bool = False) -> list[Endpoint]:
    """Return the endpoints, newest first; only the enabled ones if wanted."""
    query = select(Endpoint).order_by(Endpoint.id.desc())
    if enabled:
        query = query.where(Endpoint.disabled_at.is_(None))
    return list((await session.execute(query)).scalars())


async def delete_endpoint(session: AsyncSession, endpoint_id: str) -> None:
    await session.execute(delete(Endpoint).where(Endpoint.id == endpoint_id))


async def insert_delivery(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a delivery. False when the endpoint has one of this event."""
    made = insert(Delivery).values(values).on_conflict_do_nothing().returning(Delivery.id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def get_delivery(session: AsyncSession, delivery_id: str, *, lock: bool = False) -> Delivery | None:
    return await session.get(Delivery, delivery_id, with_for_update=lock or None, populate_existing=lock)


async def list_deliveries(
    session: AsyncSession, endpoint_id: str, *, state: DeliveryState | None, limit: int, before: str | None
) -> list[Delivery]:
    """Return an endpoint's deliveries, newest first."""
    query = select(Delivery).where(Delivery.endpoint_id == endpoint_id).order_by(Delivery.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Delivery.state == state)
    if before is not None:
        query = query.where(Delivery.id < before)
    return list((await session.execute(query)).scalars())


async def to_replay(session: AsyncSession, endpoint_id: str, *, since: datetime, failed_only: bool) -> Sequence[str]:
    """Return the deliveries of an endpoint that are to be sent again, oldest first."""
    states = (DeliveryState.FAILED,) if failed_only else (DeliveryState.FAILED, DeliveryState.DELIVERED)
    query = (
        select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.created_at >= since, Delivery.state.in_(states))
        .order_by(Delivery.sequence)
    )
    return (await session.execute(query)).scalars().all()


async def due_deliveries(session: AsyncSession, endpoint_id: str, *, now: datetime, limit: int) -> list[str]:
    """Return what is to be sent to an endpoint now, in the order of the events."""
    query = (
        select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now)
        .order_by(Delivery.sequence, Delivery.id)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def next_due(session: AsyncSession, endpoint_id: str) -> datetime | None:
    """Return when something is to be sent to an endpoint next; None for a disabled one."""
    query = (
        select(Delivery.next_at)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(
            Delivery.endpoint_id == endpoint_id,
            Delivery.state == DeliveryState.PENDING,
            Endpoint.disabled_at.is_(None),
        )
        .order_by(Delivery.next_at)
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def give_up(session: AsyncSession, endpoint_id: str) -> None:
    """Mark what waits for an endpoint as failed."""
    query = update(Delivery).where(Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.PENDING)
    await session.execute(query.values(state=DeliveryState.FAILED))


async def delete_before(session: AsyncSession, before: datetime) -> int:
    """Delete what ended before a moment."""
    query = delete(Delivery).where(Delivery.created_at < before, Delivery.state != DeliveryState.PENDING)
    return len((await session.execute(query.returning(Delivery.id))).all())
