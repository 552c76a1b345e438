"""Media over HTTP. Parse, call the service, answer."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from mediaposter.core import context
from mediaposter.media import service, thumbnails
from mediaposter.media.facts import AssetKind, MediaFacts
from mediaposter.media.schemas import AssetRead

router = APIRouter(prefix="/api/media", tags=["media"])

_TYPES = {
    "mov,mp4,m4a,3gp,3g2,mj2": {"video": "video/mp4", "audio": "audio/mp4", "image": "image/heic"},
    "matroska,webm": {"video": "video/webm", "audio": "audio/webm"},
    "avi": {"video": "video/x-msvideo"},
    "mpegts": {"video": "video/mp2t"},
    "mp3": {"audio": "audio/mpeg"},
    "wav": {"audio": "audio/wav"},
    "flac": {"audio": "audio/flac"},
    "ogg": {"audio": "audio/ogg", "video": "video/ogg"},
    "aac": {"audio": "audio/aac"},
    "jpeg_pipe": {"image": "image/jpeg"},
    "png_pipe": {"image": "image/png"},
    "webp_pipe": {"image": "image/webp"},
    "gif": {"image": "image/gif", "video": "image/gif"},
}
# Bytes come from anywhere; a browser that opens them must not take them for a page of ours.
_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; media-src 'self'"}


@router.get("/assets", summary="List the media files that the library knows, newest first")
async def list_assets(
    kind: Annotated[AssetKind | None, Query(description="Only this kind.")] = None,
    origin: Annotated[
        str | None, Query(description="Only those brought by this one, such as user, cards, stitch.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(description="The id of the last asset of the page before.")] = None,
) -> list[AssetRead]:
    """Return assets with their facts."""
    async with context.current().database.session() as session:
        found = await service.list_assets(session, kind=kind, origin=origin, before=before, limit=limit)
        return [AssetRead.of(asset) for asset in found]


@router.get("/assets/{asset_id}", summary="Show one media file")
async def show(asset_id: str) -> AssetRead:
    """Return the asset with its facts."""
    async with context.current().database.session() as session:
        return AssetRead.of(await service.get_asset(session, asset_id))


@router.get("/assets/{asset_id}/file", summary="The bytes of a media file; Range requests are answered")
async def file(asset_id: str) -> FileResponse:
    """Stream the file, whole or the asked-for ranges."""
    ctx = context.current()
    async with ctx.database.session() as session:
        asset = await service.get_asset(session, asset_id)
    path = await service.local_path(asset, storage=ctx.storage)
    return FileResponse(path, media_type=media_type(asset.media_facts), headers=_HEADERS)


@router.get("/assets/{asset_id}/thumbnail", summary="A still picture of a video or image, as JPEG")
async def thumbnail(asset_id: str) -> FileResponse:
    """Make the picture on the first request, and answer it from the storage from then on."""
    ctx = context.current()
    async with ctx.database.session() as session:
        asset = await service.get_asset(session, asset_id)
    picture = await thumbnails.thumbnail_of(ctx, asset)
    path = await service.local_path(picture, storage=ctx.storage)
    return FileResponse(path, media_type="image/jpeg", headers=_HEADERS)


def media_type(facts: MediaFacts) -> str:
    """Return the MIME type of a file with these facts."""
    return _TYPES.get(facts.container, {}).get(facts.kind, "application/octet-stream")
