"""The operations of media. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.media.facts import AssetKind
from mediaposter.media.schemas import AssetRead


def list_assets(
    *, kind: AssetKind | None = None, origin: str | None = None, limit: int = 50, before: str | None = None
) -> Call[list[AssetRead]]:
    """List the media files that the library knows, newest first.

    Return assets with their facts.

    - `kind`: Only this kind.
    - `origin`: Only those brought by this one, such as user, cards, stitch.
    - `before`: The id of the last asset of the page before.
    """
    return Call(
        "GET",
        "/api/media/assets",
        list[AssetRead],
        query={"kind": kind, "origin": origin, "limit": limit, "before": before},
    )


def show(asset_id: str) -> Call[AssetRead]:
    """Show one media file.

    Return the asset with its facts.
    """
    return Call("GET", "/api/media/assets/{asset_id}", AssetRead, values={"asset_id": asset_id})


def file(asset_id: str) -> Call[bytes]:
    """The bytes of a media file; Range requests are answered.

    Stream the file, whole or the asked-for ranges.
    """
    return Call("GET", "/api/media/assets/{asset_id}/file", bytes, values={"asset_id": asset_id})


def thumbnail(asset_id: str) -> Call[bytes]:
    """A still picture of a video or image, as JPEG.

    Make the picture on the first request, and answer it from the storage from then on.
    """
    return Call("GET", "/api/media/assets/{asset_id}/thumbnail", bytes, values={"asset_id": asset_id})
