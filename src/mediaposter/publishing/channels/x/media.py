"""Pictures and videos to X: begun, appended in parts, ended, and waited for."""

import asyncio
from typing import Any

from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channels.x.api import ask
from mediaposter.publishing.errors import RejectedError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks

_PIECE = 4 << 20  # bytes; an append takes 5 MB at most


async def upload(account: ChannelAccount, material: Material) -> str:
    """Upload a file in parts and return its media id once X has processed it."""
    begun = {
        "media_type": material.mime,
        "total_bytes": material.size,
        "media_category": "tweet_video" if material.is_video else "tweet_image",
    }
    told: Any = (await ask(account, "POST", "/2/media/upload/initialize", json=begun)).body["data"]
    media_id = str(told["id"])
    number = 0
    async for piece in chunks(material, _PIECE):
        await ask(
            account,
            "POST",
            f"/2/media/upload/{media_id}/append",
            data={"segment_index": str(number)},
            files={"media": (material.filename, piece, "application/octet-stream")},
            timeout=300,
        )
        number += 1
    state: Any = (await ask(account, "POST", f"/2/media/upload/{media_id}/finalize")).body.get("data") or {}
    while (processing := state.get("processing_info")) is not None:
        match processing.get("state"):
            case "succeeded":
                break
            case "failed":
                reason = (processing.get("error") or {}).get("message") or "no reason given"
                raise RejectedError(
                    f"X could not use the file: {reason}.",
                    fix="Use an MP4 with H.264 and AAC of at most 140 seconds, or a JPEG or PNG picture, then retry.",
                    answer={"processing_info": processing},
                )
            case "pending" | "in_progress":
                await asyncio.sleep(max(0.1, float(processing.get("check_after_secs", 5))))
            case other:
                raise RetryLaterError(f"x told an unknown state of the file: {other}.")
        asked = {"command": "STATUS", "media_id": media_id}
        state = (await ask(account, "GET", "/2/media/upload", params=asked)).body.get("data") or {}
    return media_id
