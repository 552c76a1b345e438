"""Stored media over HTTP: whole, in ranges, or not again when the asker has it."""

from fastapi import Request, Response
from fastapi.responses import FileResponse

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.models import Asset


async def file_response(
    ctx: Context, request: Request, asset: Asset, *, media_type: str, cache: str, filename: str | None = None
) -> Response:
    """Return the answer with the bytes of `asset`: 200, 206 for a range, 304, 416; GET and HEAD.

    `filename` is what a browser would save it as. Raises MediaMissingError, SourceChangedError, NotFoundError.
    """
    tag = f'"{asset.sha256[:32]}"'
    headers = {
        "Cache-Control": cache,
        "ETag": tag,
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Content-Security-Policy": "default-src 'none'",
    }
    if matches(request, tag):
        return Response(status_code=304, headers=headers)
    path = await media.local_path(asset, storage=ctx.storage)
    return FileResponse(
        path, media_type=media_type, headers=headers, filename=filename, content_disposition_type="inline"
    )


def matches(request: Request, tag: str) -> bool:
    """Say whether the asker has the bytes of this tag already (`If-None-Match`)."""
    asked = request.headers.get("if-none-match", "")
    return asked == "*" or tag in [one.strip().removeprefix("W/") for one in asked.split(",")]
