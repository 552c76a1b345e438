"""Durable work of the webhooks: what is due to one endpoint is sent, a few messages at a time."""

import asyncio
from datetime import timedelta

from mediaposter.core import context, engine, timeline
from mediaposter.core.context import Context
from mediaposter.core.locks import tried
from mediaposter.hooks import repository, sending, service

_AT_ONCE = 4  # messages on their way to one endpoint: a slow one holds up nobody but itself
_IN_ONE_GO = 20
_GOES = 10  # then the next row goes on: others want this place, too
_LOOK_AGAIN = timedelta(seconds=2)


@timeline.on(service.SEND)
@engine.workflow("hooks.send")
async def send(entry_id: str) -> int:
    """Send what is due to the endpoint of a row, and return how many tries that were."""
    return await send_due(entry_id)


@engine.step("hooks.send_due", attempts=6)
async def send_due(entry_id: str) -> int:
    """Send what is due, and put the next try on the timeline: while a message waits, so does a row.

    One sender for each endpoint at a time. Whoever finds another one comes back, so that what was queued after the
    other's last look is sent. Repeated after a death, it sends what has no answer yet, under the same ids.
    """
    ctx = context.current()
    async with ctx.database.session() as session:
        endpoint_id = (await timeline.get(session, entry_id)).subject
    async with tried(ctx.database, f"hooks:{endpoint_id}") as alone:
        sent = await _send_some(ctx, endpoint_id) if alone else 0
    async with ctx.database.session() as session:
        next_at = await repository.next_due(session, endpoint_id)
        if next_at is not None:
            soonest = ctx.clock() + (timedelta(0) if alone else _LOOK_AGAIN)
            await service.schedule_sending(session, endpoint_id, at=max(next_at, soonest))
    return sent


async def _send_some(ctx: Context, endpoint_id: str) -> int:
    gate, sent = asyncio.Semaphore(_AT_ONCE), 0

    async def one(delivery_id: str) -> None:
        async with gate:
            await sending.deliver(ctx, delivery_id)

    for _ in range(_GOES):
        async with ctx.database.session() as session:
            due = await repository.due_deliveries(session, endpoint_id, now=ctx.clock(), limit=_IN_ONE_GO)
        if not due:
            break
        await asyncio.gather(*(one(delivery_id) for delivery_id in due))
        sent += len(due)
    return sent
