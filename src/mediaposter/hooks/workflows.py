"""Durable work of the webhooks: what is due to one endpoint is sent, a few messages at a time."""

import asyncio

from mediaposter.core import context, engine, timeline
from mediaposter.hooks import repository, sending, service

_AT_ONCE = 4  # messages on their way to one endpoint: a slow one holds up nobody but itself
_IN_ONE_GO = 100


@timeline.on(service.SEND)
@engine.workflow("hooks.send")
async def send(entry_id: str) -> int:
    """Send what is due to the endpoint of a row, and return how many messages that was."""
    return await send_due(entry_id)


@engine.step("hooks.send_due", attempts=3)
async def send_due(entry_id: str) -> int:
    """Send until nothing is due. Repeated, it sends what has no answer yet: at least once, under the same id."""
    ctx = context.current()
    async with ctx.database.session() as session:
        endpoint_id = (await timeline.get(session, entry_id)).subject
    gate, sent = asyncio.Semaphore(_AT_ONCE), 0

    async def one(delivery_id: str) -> None:
        async with gate:
            await sending.deliver(ctx, delivery_id)

    while True:
        async with ctx.database.session() as session:
            due = await repository.due_deliveries(session, endpoint_id, now=ctx.clock(), limit=_IN_ONE_GO)
        if not due:
            return sent
        await asyncio.gather(*(one(delivery_id) for delivery_id in due))
        sent += len(due)
