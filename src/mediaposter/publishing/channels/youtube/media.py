"""Bringing a video to YouTube in pieces (Resumable Uploads), and its thumbnail."""

from typing import Any, Literal

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channels.youtube.api import PLATFORM as API_PLATFORM
from mediaposter.publishing.channels.youtube.api import ask
from mediaposter.publishing.errors import OutcomeUnknownError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks
from mediaposter.publishing.platform import ErrorRule, Means, Platform

_PIECE = 32 * 256 * 1024  # bytes: 8 MB; every piece but the last is a multiple of 256 KiB
_GO_ON = 308  # YouTube's answer to a piece that is not the last one
_ENDED = (404, 410)
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
    last = (video.size - 1) // _PIECE * _PIECE
    start = 0
    async for piece in chunks(video, _PIECE):
        if start == last:
            break
        answer = await UPLOADS.ask(
            "PUT",
            address,
            fine=(_GO_ON,),
            timeout=300,
            headers=_range(video, start, start + len(piece) - 1),
            content=piece,
        )
        if answer.headers.get("range") != f"bytes=0-{start + len(piece) - 1}":
            raise RetryLaterError("youtube kept only a part of what was sent; the upload begins anew.")
        start += len(piece)
    return {"sealed_address": context.current().secrets.seal(address), "start": last, "size": video.size}


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


def _address(begun: JsonObject) -> str:
    return context.current().secrets.open(str(begun["sealed_address"]))


def _range(video: Material, first: int, last: int) -> dict[str, str]:
    return {
        "Content-Type": video.mime,
        "Content-Length": str(last - first + 1),
        "Content-Range": f"bytes {first}-{last}/{video.size}",
    }
