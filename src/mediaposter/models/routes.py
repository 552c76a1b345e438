"""Pictures over HTTP. Parse, call the service, answer."""

from typing import Annotated

from fastapi import APIRouter, Query

from mediaposter.core import context
from mediaposter.media.schemas import AssetRead
from mediaposter.models import drawing
from mediaposter.models.images import Picture, image_model
from mediaposter.models.purchases import list_purchases
from mediaposter.models.schemas import DrawnRead, DrawRequest, PurchaseRead

router = APIRouter(prefix="/api", tags=["images"])


@router.post("/images", summary="Draw a picture by the image model, once")
async def draw(wish: DrawRequest) -> DrawnRead:
    """Draw it and wait, up to a few minutes; the same prompt, size and model cost nothing a second time."""
    ctx = context.current()
    model = image_model(ctx.settings, wish.model, clock=ctx.clock)
    picture = Picture(wish.prompt, wish.width, wish.height, wish.variation)
    quoted = await drawing.quote(ctx, model, picture)
    if wish.dry_run:
        return DrawnRead.of(quoted, asset=None, cost_micros=None)
    asset, cost = await drawing.draw(ctx, model, picture, again=wish.again)
    return DrawnRead.of(quoted, asset=AssetRead.of(asset), cost_micros=cost)


@router.get("/purchases", summary="What models were paid for, the newest first")
async def purchases(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[PurchaseRead]:
    """List pictures and speech with their cost and state; `unknown` is an order whose answer was lost."""
    async with context.current().database.session() as session:
        return [PurchaseRead.of(row) for row in await list_purchases(session, limit=limit)]
