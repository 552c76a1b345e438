"""ElevenLabs over its REST API. Its own SDK is 2.5 MB of generated code for the one call that is made here.

`POST /v1/text-to-speech/{voice_id}/with-timestamps` (https://elevenlabs.io/docs/api-reference/text-to-speech, read on
2026-11-23): sound in base64, and the start and end of each character in seconds.
"""

import base64
import binascii
from typing import Any, cast

import httpx

from mediaposter.models import faults
from mediaposter.models.access import Access

# The vendor's default, in every plan; uncompressed sound needs a dearer one.
_FORMAT = "mp3_44100_128"


async def speak(access: Access, voice: str, text: str) -> tuple[bytes, dict[str, Any]]:
    """Return the sound (MP3) and the alignment `{characters, character_start_times_seconds, ...}` of the given text.

    Raises ModelErrors.
    """
    async with httpx.AsyncClient(timeout=access.seconds, trust_env=False) as client:
        with faults.our_errors(access):
            response = await client.post(
                f"{access.base_url}/v1/text-to-speech/{voice}/with-timestamps",
                params={"output_format": _FORMAT},
                headers={"xi-api-key": access.secret},
                json={"text": text, "model_id": access.model},
            )
    faults.check(access, response)
    try:
        answer = cast("dict[str, Any]", response.json())
        return base64.b64decode(answer["audio_base64"], validate=True), answer.get("alignment") or {}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise faults.unreadable(access, "something that is no speech") from error
