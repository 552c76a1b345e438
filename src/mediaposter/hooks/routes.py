"""Webhooks over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status

from mediaposter.core import context
from mediaposter.hooks import service
from mediaposter.hooks.models import DeliveryState
from mediaposter.hooks.schemas import (
    DeliveryRead,
    EndpointCreate,
    EndpointRead,
    EndpointUpdate,
    Replayed,
    ReplayRequest,
)

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


@router.post("", status_code=status.HTTP_201_CREATED, summary="Send events to an address")
async def add(request: EndpointCreate) -> EndpointRead:
    """Signed by Standard Webhooks; the secret is in this answer and nowhere else."""
    ctx = context.current()
    async with ctx.database.session() as session:
        made, secret = await service.add_endpoint(session, **request.model_dump(), secrets=ctx.secrets, clock=ctx.clock)
        return EndpointRead.of(made, secret)


@router.get("", summary="List the webhooks, newest first")
async def list_all() -> list[EndpointRead]:
    """Those that were disabled say why."""
    async with context.current().database.session() as session:
        return [EndpointRead.of(one) for one in await service.list_endpoints(session)]


@router.get("/{webhook_id}", summary="Show one webhook")
async def show(webhook_id: str) -> EndpointRead:
    """Without its secret."""
    async with context.current().database.session() as session:
        return EndpointRead.of(await service.get_endpoint(session, webhook_id))


@router.patch("/{webhook_id}", summary="Change a webhook's address, topics or description")
async def update(webhook_id: str, request: EndpointUpdate) -> EndpointRead:
    """What is left out stays, its secret too."""
    async with context.current().database.session() as session:
        return EndpointRead.of(await service.update_endpoint(session, webhook_id, **request.model_dump()))


@router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a webhook")
async def remove(webhook_id: str) -> Response:
    """With its deliveries."""
    async with context.current().database.session() as session:
        await service.remove_endpoint(session, webhook_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/{webhook_id}/enable", summary="Send events to a webhook again")
async def enable(webhook_id: str) -> EndpointRead:
    """From now on; what it missed is sent by a replay."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return EndpointRead.of(await service.enable(session, webhook_id, now=ctx.clock()))


@router.post("/{webhook_id}/disable", summary="Send nothing more to a webhook")
async def disable(webhook_id: str) -> EndpointRead:
    """What waits for it is given up and can be replayed."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return EndpointRead.of(await service.disable(session, webhook_id, reason="By hand.", now=ctx.clock()))


@router.post("/{webhook_id}/rotate", summary="Give a webhook another secret")
async def rotate(webhook_id: str) -> EndpointRead:
    """For a day both sign."""
    ctx = context.current()
    async with ctx.database.session() as session:
        made, secret = await service.rotate_secret(session, webhook_id, secrets=ctx.secrets, clock=ctx.clock)
        return EndpointRead.of(made, secret)


@router.post("/{webhook_id}/test", status_code=status.HTTP_202_ACCEPTED, summary="Send a webhook a test message")
async def test(webhook_id: str) -> DeliveryRead:
    """Its delivery tells whether it has arrived."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return DeliveryRead.model_validate(await service.send_test(session, webhook_id, clock=ctx.clock))


@router.get("/{webhook_id}/deliveries", summary="List a webhook's messages, newest first")
async def deliveries(
    webhook_id: str,
    state: DeliveryState | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: str | None = None,
) -> list[DeliveryRead]:
    """Each with every try and its answer. `before` is the id of the last one of the page before."""
    async with context.current().database.session() as session:
        found = await service.list_deliveries(session, webhook_id, state=state, limit=limit, before=before)
        return [DeliveryRead.model_validate(one) for one in found]


@router.post("/{webhook_id}/replay", status_code=status.HTTP_202_ACCEPTED, summary="Send messages again")
async def replay(webhook_id: str, request: ReplayRequest) -> Replayed:
    """With the same ids and bodies."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return Replayed(replayed=await service.replay(session, webhook_id, **request.model_dump(), clock=ctx.clock))
