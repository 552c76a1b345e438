"""OpenAI's voices, transcripts and pictures by its own SDK. Import it only to call it: that takes a second.

Speaks to any server with the same API by its base URL. Retrying is ours: the SDK's own would buy twice.
"""

import base64
import binascii
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import openai
from openai import AsyncOpenAI

from mediaposter.models import faults
from mediaposter.models.access import Access


async def speak(access: Access, voice: str, text: str) -> bytes:
    """Return `text`, spoken, as a WAV file. Raises ModelErrors."""
    async with _client(access) as client:
        answer = await client.audio.speech.create(input=text, model=access.model, voice=voice, response_format="wav")
        return answer.content


async def transcribe(access: Access, sound: Path, *, timed: bool) -> dict[str, Any]:
    """Return the transcript of `sound` as the API gives it; `timed` asks for the times of words and segments.

    Raises ModelErrors.
    """
    async with _client(access) as client:
        with sound.open("rb") as file:
            if timed:
                verbose = await client.audio.transcriptions.create(
                    file=file,
                    model=access.model,
                    response_format="verbose_json",
                    timestamp_granularities=["word", "segment"],
                )
                return _object(access, verbose)
            plain = await client.audio.transcriptions.create(file=file, model=access.model, response_format="json")
            return _object(access, plain)


async def draw(
    access: Access, prompt: str, *, size: str, quality: Literal["low", "medium", "high"]
) -> tuple[bytes, dict[str, int] | None]:
    """Return a picture (PNG) and the tokens it took, where the answer tells them. Raises ModelErrors."""
    async with _client(access) as client:
        answer = await client.images.generate(
            prompt=prompt, model=access.model, size=size, quality=quality, n=1, output_format="png"
        )
    # A web page comes as its text.
    data = ((answer.data if hasattr(answer, "data") else None) or [None])[0]
    try:
        picture = base64.b64decode(data.b64_json or "", validate=True) if data is not None else b""
    except binascii.Error:
        picture = b""
    if not picture:
        raise faults.unreadable(access, "something that is no picture")
    usage = answer.usage
    if usage is None:
        return picture, None
    return picture, {"text_tokens": usage.input_tokens_details.text_tokens, "image_tokens": usage.output_tokens}


def _object(access: Access, answer: Any) -> dict[str, Any]:
    if not hasattr(answer, "to_dict"):  # a web page comes as its text
        raise faults.unreadable(access, "something that is no transcript")
    return answer.to_dict()


@asynccontextmanager
async def _client(access: Access) -> AsyncGenerator[AsyncOpenAI]:
    """Open a client and turn the SDK's errors into ours."""
    # The SDK wants some key even for a server that needs none.
    key = access.secret or "none"
    async with AsyncOpenAI(api_key=key, base_url=access.base_url, timeout=access.seconds, max_retries=0) as client:
        try:
            yield client
        except openai.APITimeoutError as error:
            raise faults.timed_out(access) from error
        except openai.APIConnectionError as error:
            # The SDK tells a refused connection from a broken one only by what it was raised from.
            asked = type(error.__cause__).__name__ != "ConnectError"
            raise faults.unreachable(access, faults.short(str(error.__cause__ or error)), asked=asked) from error
        except openai.APIStatusError as error:
            said, code = faults.words_of(error.response.content)
            raise faults.status_error(
                access,
                error.status_code,
                said or error.message,
                code=code,
                retry_after=faults.seconds_of(error.response.headers),
            ) from error
        except openai.OpenAIError as error:
            raise faults.unreadable(access, f"something unreadable ({faults.short(str(error))})") from error
