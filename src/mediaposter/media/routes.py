"""Media over HTTP. Parse, call the service, answer."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from mediaposter.core import context
from mediaposter.core.errors import InvalidInputError
from mediaposter.media import service, thumbnails, uploads
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
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
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


@router.post(
    "/uploads",
    status_code=status.HTTP_201_CREATED,
    summary="Take a media file in: its bytes are the body",
    openapi_extra=_BODY,
    responses={200: {"model": AssetRead, "description": "The library had these bytes before: the same asset."}},
)
async def upload(
    request: Request,
    response: Response,
    x_file_name: Annotated[
        str, Header(description="What the file is called, percent-encoded UTF-8; only its last part is used.")
    ] = "",
    content_length: Annotated[int | None, Header(include_in_schema=False)] = None,
) -> AssetRead:
    """Not a form: the file itself, with its own Content-Type. A run uses it as `asset:ID` among its clips or images.

    Larger than MEDIAPOSTER_MEDIA_MAX_BYTES answers 413 while it comes, what is no media 422, a full disk 507.
    """
    ctx = context.current()
    try:
        received = await uploads.receive(
            ctx,
            request.stream(),
            name=x_file_name,
            content_type=request.headers.get("content-type", ""),
            announced=content_length,
        )
    except ClientDisconnect as error:
        raise InvalidInputError("The sender stopped before the whole file had come.", fix="Send it again.") from error
    if received.existing:
        response.status_code = status.HTTP_200_OK
    return AssetRead.of(received.asset)


@router.head("/assets/{asset_id}/file", include_in_schema=False)
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
