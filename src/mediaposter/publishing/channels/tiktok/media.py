"""Bringing a video to TikTok in pieces."""

from http import HTTPStatus
from typing import Any

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channels.tiktok.api import UPLOADS, ask
from mediaposter.publishing.errors import OutcomeUnknownError
from mediaposter.publishing.materials import Material, chunks

_PIECE = 10_000_000  # bytes; TikTok takes pieces of 5 to 64 MB, and the last one with what is left over


async def begin(account: ChannelAccount, video: Material, info: JsonObject | None) -> JsonObject:
    """Begin an upload and send all of it but the last piece. `info` is told of a post; None is for the inbox."""
    size = _piece_of(video)
    pieces = max(1, video.size // size)
    source = {"source": "FILE_UPLOAD", "video_size": video.size, "chunk_size": size, "total_chunk_count": pieces}
    if info is None:
        begun = await ask(account, "POST", "/v2/post/publish/inbox/video/init/", json={"source_info": source})
    else:
        told = {"post_info": info, "source_info": source}
        begun = await ask(account, "POST", "/v2/post/publish/video/init/", json=told)
    data: Any = begun.body["data"]
    address, start = str(data["upload_url"]), 0
    async for piece in chunks(video, size):
        if start == (pieces - 1) * size:
            break
        headers = _range(video, start, start + len(piece) - 1)
        await UPLOADS.ask("PUT", address, headers=headers, content=piece, timeout=300)
        start += len(piece)
    sealed = context.current().secrets.seal(address)
    return {"publish_id": str(data["publish_id"]), "sealed_address": sealed, "start": start, "size": video.size}


async def end(video: Material, begun: JsonObject, *, timeout: float) -> None:  # noqa: ASYNC109 - of the one request
    """Send the last piece, which makes the post. Raises OutcomeUnknownError when TikTok then waits for more."""
    start = int(begun["start"])
    answer = await UPLOADS.ask(
        "PUT",
        context.current().secrets.open(str(begun["sealed_address"])),
        creating=True,
        timeout=timeout,
        headers=_range(video, start, video.size - 1),
        content=chunks(video, 1 << 20, start=start),
    )
    if answer.status == HTTPStatus.PARTIAL_CONTENT:
        raise OutcomeUnknownError("tiktok says that the upload is not whole yet.", answer=answer.kept())


def _piece_of(video: Material) -> int:
    """Return the size of a piece. What is left over goes with the last one, so a small file is one piece."""
    return video.size if video.size < 2 * _PIECE else _PIECE


def _range(video: Material, first: int, last: int) -> dict[str, str]:
    return {
        "Content-Type": video.mime,
        "Content-Length": str(last - first + 1),
        "Content-Range": f"bytes {first}-{last}/{video.size}",
    }
