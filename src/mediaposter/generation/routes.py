"""Generation over HTTP. Parse, call the service, answer."""

from typing import Annotated

from fastapi import APIRouter, Body

from mediaposter.core import context
from mediaposter.generation import service
from mediaposter.generation.views import BatchRead, ClipRead, MultiPartRequest, ProviderRead, RetryRequest

router = APIRouter(prefix="/api/generation", tags=["generation"])


@router.get("/providers", summary="The installed providers of clips, and what each still needs")
async def providers() -> list[ProviderRead]:
    """List providers with their capabilities."""
    return [ProviderRead.of(status) for status in service.list_providers()]


@router.get("/clips/{clip_id}", summary="One clip: its state, its tries, its cost")
async def show_clip(clip_id: str) -> ClipRead:
    """Show a clip."""
    async with context.current().database.session() as session:
        return ClipRead.of(await service.get_clip(session, clip_id))


@router.post("/clips/{clip_id}/retry", status_code=202, summary="Make a failed, cancelled or unknown clip after all")
async def retry_clip(clip_id: str, wish: Annotated[RetryRequest | None, Body()] = None) -> ClipRead:
    """Plan the clip anew, or follow the job that was found at the provider."""
    ctx = context.current()
    async with ctx.database.session() as session:
        external_id = wish.external_id if wish else None
        return ClipRead.of(await service.retry_clip(session, clip_id, external_id=external_id, clock=ctx.clock))


@router.post("/multi-part", status_code=202, summary="Make clips from prompts, side by side, and join them")
async def multi_part(wish: MultiPartRequest) -> BatchRead:
    """Queue the clips and answer at once with where to look."""
    ctx = context.current()
    async with ctx.database.session() as session:
        batch = await service.generate_multi_part(
            session,
            prompts=wish.prompts,
            chain=wish.provider,
            stitch=wish.stitch,
            brand=wish.brand,
            aspect=wish.aspect,
            seconds=wish.seconds,
            voice=wish.voice,
            background=wish.background,
            images=wish.images,
            notes=wish.notes,
            cta=wish.cta,
            clock=ctx.clock,
        )
        return BatchRead.of(batch, list(await service.clips_of(session, batch.id)))


@router.get("/multi-part/{batch_id}", summary="A batch of clips and the master they became")
async def show_batch(batch_id: str) -> BatchRead:
    """Show a batch."""
    async with context.current().database.session() as session:
        batch = await service.get_batch(session, batch_id)
        return BatchRead.of(batch, list(await service.clips_of(session, batch_id)))
