"""Bringing a video to YouTube in pieces (Resumable Uploads), and its thumbnail."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Literal

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channels.youtube.api import PLATFORM as API_PLATFORM
from mediaposter.publishing.channels.youtube.api import ask
from mediaposter.publishing.errors import OutcomeUnknownError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks
from mediaposter.publishing.platform import Answer, ErrorRule, Means, Platform

_PIECE = 32 * 256 * 1024  # bytes: 8 MB; every piece but the last is a multiple of 256 KiB
_GO_ON = 308  # YouTube's answer to a piece that is not the last one
_ENDED = (404, 410)
_PAUSES = (1, 4, 16)  # seconds before an upload goes on, after each of its faults in a row
_PATIENCE = timedelta(minutes=1)  # what YouTube asks to wait longer for is not waited for here
_THUMBNAIL_MAX = 2_000_000
# The address of an upload is a secret of its own.
UPLOADS = Platform(
    "youtube",
    errors=(
        *(ErrorRule(Means.LATER, status=status, after=5, fix="Nothing: the upload begins anew.") for status in _ENDED),
        *API_PLATFORM.errors,
    ),
    reads=API_PLATFORM.reads,
    secret_urls=True,
)


async def begin(account: ChannelAccount, video: Material, body: JsonObject, *, notify: bool) -> JsonObject:
    """Begin an upload with what is told of the video, and send all of it but the last piece."""
    begun = await ask(
        account,
        "POST",
        "/upload/youtube/v3/videos",
        params={"uploadType": "resumable", "part": "snippet,status", "notifySubscribers": str(notify).lower()},
        headers={"X-Upload-Content-Length": str(video.size), "X-Upload-Content-Type": video.mime},
        json=body,
    )
    address = begun.headers.get("location")
    if not address:
        raise RetryLaterError("youtube gave no address for the upload.")
    start = await _send_but_last(video, address)
    return {"sealed_address": context.current().secrets.seal(address), "start": start, "size": video.size}


async def end(account: ChannelAccount, video: Material, begun: JsonObject, *, timeout: float) -> JsonObject:  # noqa: ASYNC109 - of the one request
    """Send the last piece and return the video. Raises RetryLaterError when YouTube has not got all of it."""
    start = int(begun["start"])
    answer = await UPLOADS.ask(
        "PUT",
        _address(begun),
        creating=True,
        fine=(_GO_ON,),
        timeout=timeout,
        token=str(account.credentials["access_token"]),
        headers=_range(video, start, video.size - 1),
        content=chunks(video, 1 << 20, start=start),
    )
    if answer.status == _GO_ON:
        raise RetryLaterError("youtube kept only a part of what was sent; the upload begins anew.")
    if not answer.body.get("id"):
        raise OutcomeUnknownError("youtube answered without a video.", answer=answer.kept())
    return answer.body


async def ask_session(
    account: ChannelAccount, begun: JsonObject
) -> tuple[Literal["whole", "open", "ended"], dict[str, Any]]:
    """Return whether an upload is whole (and the video it made), waits for more, or has ended without saying."""
    answer = await UPLOADS.ask(
        "PUT",
        _address(begun),
        fine=(_GO_ON, *_ENDED),
        token=str(account.credentials["access_token"]),
        headers={"Content-Length": "0", "Content-Range": f"bytes */{begun['size']}"},
    )
    if answer.status == _GO_ON:
        return "open", {}
    if answer.status in _ENDED or not answer.body.get("id"):
        return "ended", {}
    return "whole", answer.body


async def set_thumbnail(account: ChannelAccount, number: str, picture: Material) -> None:
    """Set a video's thumbnail: at most 2 MB. Channels that have not verified their phone may not."""
    if picture.size > _THUMBNAIL_MAX:
        raise RetryLaterError(f"the picture has {picture.size} bytes, and YouTube takes {_THUMBNAIL_MAX}.")
    await ask(
        account,
        "POST",
        "/upload/youtube/v3/thumbnails/set",
        params={"videoId": number, "uploadType": "media"},
        headers={"Content-Type": picture.mime, "Content-Length": str(picture.size)},
        content=chunks(picture, 1 << 20),
    )


async def _send_but_last(video: Material, address: str) -> int:
    """Send all but the last piece and return where that begins.

    After a fault the upload goes on from where YouTube stands: one that began anew would count against the day's
    uploads. Raises RetryLaterError when it fails several times in a row, or has ended.
    """
    start = furthest = faults = 0
    lost = False
    while video.size - start > _PIECE:
        try:
            start, lost = await (_stands(video, address) if lost else _send_piece(video, address, start)), False
        except RetryLaterError as error:
            ended = (error.answer or {}).get("status") in _ENDED
            if ended or faults == len(_PAUSES) or (error.after is not None and error.after > _PATIENCE):
                raise
            await asyncio.sleep(_PAUSES[faults])
            faults, lost = faults + 1, True
        if start > furthest:
            furthest, faults = start, 0
    return start


async def _send_piece(video: Material, address: str, start: int) -> int:
    """Send one piece and return how many bytes YouTube has then, which may be fewer than were sent."""
    async with aclosing(chunks(video, _PIECE, start=start)) as pieces:
        piece = await anext(pieces)
    headers = _range(video, start, start + len(piece) - 1)
    answer = await UPLOADS.ask("PUT", address, fine=(_GO_ON,), timeout=300, headers=headers, content=piece)
    kept = _kept(answer)
    if kept <= start:
        raise RetryLaterError("youtube kept nothing of the piece that was sent.")
    return kept


async def _stands(video: Material, address: str) -> int:
    """Return how many bytes YouTube has."""
    headers = {"Content-Length": "0", "Content-Range": f"bytes */{video.size}"}
    return _kept(await UPLOADS.ask("PUT", address, fine=(_GO_ON,), headers=headers))


def _kept(answer: Answer) -> int:
    last = answer.headers.get("range", "").rpartition("-")[2]
    return int(last) + 1 if last.isdigit() else 0


def _address(begun: JsonObject) -> str:
    return context.current().secrets.open(str(begun["sealed_address"]))


def _range(video: Material, first: int, last: int) -> dict[str, str]:
    return {
        "Content-Type": video.mime,
        "Content-Length": str(last - first + 1),
        "Content-Range": f"bytes {first}-{last}/{video.size}",
    }
