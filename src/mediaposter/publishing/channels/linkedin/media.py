"""Pictures and videos to LinkedIn: begun, put to the addresses that it gives, ended, and waited for."""

import asyncio
from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channels.linkedin.api import PLATFORM, LinkedInSettings, ask, encoded
from mediaposter.publishing.errors import RejectedError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks

_PIECE = 1 << 20
_BYTES = {"Content-Type": "application/octet-stream"}


async def upload_image(account: ChannelAccount, picture: Material) -> str:
    """Upload a picture and return its URN once it may be posted."""
    begun: Any = await _begin(account, "images", {"owner": account.external_id})
    headers = {"Content-Type": picture.mime, "Content-Length": str(picture.size)}
    await PLATFORM.ask(
        "PUT",
        str(begun["uploadUrl"]),
        token=str(account.credentials["access_token"]),
        headers=headers,
        content=chunks(picture, _PIECE),
        timeout=600,
    )
    urn = str(begun["image"])
    await _wait(account, "images", urn)
    return urn


async def upload_video(account: ChannelAccount, video: Material, cover: Material | None) -> str:
    """Upload a video in the parts that LinkedIn names, with its cover, and return its URN once it may be posted."""
    asked = {
        "owner": account.external_id,
        "fileSizeBytes": video.size,
        "uploadCaptions": False,
        "uploadThumbnail": cover is not None,
    }
    begun: Any = await _begin(account, "videos", asked)
    parts: list[str] = []
    for part in begun["uploadInstructions"]:
        piece = await asyncio.to_thread(_read, video, int(part["firstByte"]), int(part["lastByte"]))
        answer = await PLATFORM.ask("PUT", str(part["uploadUrl"]), headers=_BYTES, content=piece, timeout=600)
        parts.append(answer.headers["etag"])
    if cover is not None:
        headers = {**_BYTES, "media-type-family": "STILLIMAGE", "Content-Length": str(cover.size)}
        await PLATFORM.ask("PUT", str(begun["thumbnailUploadUrl"]), headers=headers, content=chunks(cover, _PIECE))
    urn = str(begun["video"])
    ended = {"video": urn, "uploadToken": begun.get("uploadToken", ""), "uploadedPartIds": parts}
    await ask(
        account.credentials,
        "POST",
        "/rest/videos?action=finalizeUpload",
        json={"finalizeUploadRequest": ended},
    )
    await _wait(account, "videos", urn)
    return urn


async def _begin(account: ChannelAccount, kind: str, asked: JsonObject) -> Any:
    body = {"initializeUploadRequest": asked}
    return (await ask(account.credentials, "POST", f"/rest/{kind}?action=initializeUpload", json=body)).body["value"]


async def _wait(account: ChannelAccount, kind: str, urn: str) -> None:
    """Wait until a picture or video is processed. Not every app may read its state: then a while has to do."""
    settings = LinkedInSettings()
    while True:
        answer = await ask(account.credentials, "GET", f"/rest/{kind}/{encoded(urn)}", fine=(403, 404))
        if answer.status != 200:
            await asyncio.sleep(settings.grace)
            return
        match answer.body.get("status"):
            case "AVAILABLE":
                return
            case "PROCESSING_FAILED":
                reason = answer.body.get("processingFailureReason") or "no reason given"
                raise RejectedError(
                    f"LinkedIn could not use the file: {reason}.",
                    fix="Use an MP4 with H.264 of 3 seconds to 30 minutes, or a JPEG or PNG picture, then retry.",
                    answer={"status": "PROCESSING_FAILED", "reason": reason},
                )
            case "WAITING_UPLOAD" | "PROCESSING":
                await asyncio.sleep(settings.processing_poll)
            case other:
                raise RetryLaterError(f"linkedin told an unknown state of the file: {other}.")


def _read(video: Material, first: int, last: int) -> bytes:
    with video.path.open("rb") as file:
        file.seek(first)
        return file.read(last - first + 1)
