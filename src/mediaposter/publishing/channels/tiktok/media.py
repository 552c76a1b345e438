"""Bringing a video to TikTok in pieces."""

import asyncio
from http import HTTPStatus
from typing import Any

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channels.tiktok.api import UPLOADS, ask
from mediaposter.publishing.errors import OutcomeUnknownError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks

_ENDED = (403, 404, 416)  # answers after which only a new upload helps
_PAUSES = (1, 4, 16)  # seconds before a piece is sent again
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
        await _send_piece(address, headers, piece)
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


async def _send_piece(address: str, headers: dict[str, str], piece: bytes) -> None:
    """Send a piece that is not the last one, again after a fault: TikTok limits how many uploads are begun."""
    for pause in (*_PAUSES, None):
        try:
            await UPLOADS.ask("PUT", address, headers=headers, content=piece, timeout=300)
        except RetryLaterError as error:
            if pause is None or (error.answer or {}).get("status") in _ENDED:
                raise
            await asyncio.sleep(pause)
        else:
            return


def _piece_of(video: Material) -> int:
    """Return the size of a piece. What is left over goes with the last one, so a small file is one piece."""
    return video.size if video.size < 2 * _PIECE else _PIECE


def _range(video: Material, first: int, last: int) -> dict[str, str]:
    return {
        "Content-Type": video.mime,
        "Content-Length": str(last - first + 1),
        "Content-Range": f"bytes {first}-{last}/{video.size}",
    }
