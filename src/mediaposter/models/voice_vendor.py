"""Voices of OpenAI (or a server that speaks its API) and of ElevenLabs.

What was spoken once is kept: the same words by the same voice are never paid for again, at any pace, since the pace is
made here from the sound that was bought.
"""

import asyncio
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from mediaposter.core import context
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.db import JsonObject
from mediaposter.core.settings import Settings
from mediaposter.media import ffmpeg
from mediaposter.models import elevenlabs, faults, whisper_weights
from mediaposter.models.access import Access, reach, split_spec
from mediaposter.models.errors import ModelIdError
from mediaposter.models.models import PurchaseKind
from mediaposter.models.patience import patiently
from mediaposter.models.prices import FREE, Price, speech_price
from mediaposter.models.purchases import Delivery, Order, buy
from mediaposter.models.speech import SAMPLE_RATE, Speech, Timing, check_text, finish
from mediaposter.models.transcription import LocalWhisper
from mediaposter.models.word_times import by_ear, by_letters, by_pauses
from mediaposter.models.words import TimedWord

VENDORS = ("openai", "elevenlabs")
EXAMPLE = "openai:gpt-4o-mini-tts/coral or elevenlabs:eleven_multilingual_v2/JBFqnCBsd6RMkjVDRZzb"
_LONGEST = {"openai": 4096, "elevenlabs": 5000}  # characters of a request; ElevenLabs' smallest, that of eleven_v3


def vendor_voice(settings: Settings, spec: str, *, clock: Clock = utc_now) -> "VendorVoice":
    """Return the voice `vendor:model/voice`. Raises NotConfiguredError, ModelIdError and ModelRetiredError."""
    vendor, rest = split_spec(spec, VENDORS, example=f"local, {EXAMPLE}")
    model, _, name = rest.rpartition("/")
    if not model or not name:
        raise ModelIdError(
            f"{spec!r} names no voice: it must be vendor:model/voice.", fix=f"Write for example {EXAMPLE}."
        )
    access = reach(settings, spec, vendor, model, field="voice", base_url=settings.voice_base_url, clock=clock)
    return VendorVoice(access, name, settings)


class VendorVoice:
    """A vendor's voice. It speaks many languages, by the text."""

    language = ""

    def __init__(self, access: Access, voice: str, settings: Settings) -> None:
        self.access = access
        self.name = access.spec
        self._voice = voice
        self._settings = settings

    @property
    def identity(self) -> str:
        """The voice, its address where it is not the vendor's own, its pace, and where its words' times come from."""
        address = "" if self.access.own else f"@{self.access.base_url}"
        return f"{self.name}{address}@{self._settings.voice_speed:g}+{self._timing()}"

    def price(self, text: str) -> Price:
        """Return the list price; a server of your own counts as free."""
        return speech_price(self.access.vendor, self.access.model, text) if self.access.own else FREE

    async def speak(self, text: str, into: Path, *, speed: float = 1.0) -> Speech:
        """Speak `text` into `into`. See Voice.speak. Needs the process's context, where purchases are written.

        Raises InvalidInputError for a text it cannot take, and ModelErrors.
        """
        check_text(text, _LONGEST[self.access.vendor])
        order = self._order(text)
        bought = await patiently(lambda: buy(context.current(), order, lambda path: self._say(text, path)), self.name)
        pace = speed * self._settings.voice_speed
        draft = into.with_name(f".{into.name}.wav")
        try:
            words, timing = await self._timed(text, bought.path, bought.facts)
            await _at_pace(bought.path, draft, pace)
            paced = [TimedWord(text=word.text, start=word.start / pace, end=word.end / pace) for word in words]
            seconds, moved = await asyncio.to_thread(finish, draft, into, paced)
        finally:
            draft.unlink(missing_ok=True)
        return Speech(seconds, SAMPLE_RATE, moved, self.name, timing, bought.cost_micros)

    def _order(self, text: str) -> Order:
        address = "" if self.access.own else self.access.base_url
        return Order(
            PurchaseKind.SPEECH,
            self.name,
            {"text": text, "address": address},
            self.price(text),
            suffix=".mp3" if self.access.vendor == "elevenlabs" else ".wav",
            repeatable=True,  # a lost answer costs about a cent, and a run that waits for a person costs more
        )

    async def _say(self, text: str, into: Path) -> Delivery:
        sound, facts = await self._ask(text)
        into.write_bytes(sound)
        try:
            await asyncio.to_thread(_samples, into)
        except (FFmpegError, ValueError) as error:
            raise faults.unreadable(self.access, "something that is no sound") from error
        return Delivery(facts)

    async def _ask(self, text: str) -> tuple[bytes, JsonObject]:
        if self.access.vendor == "elevenlabs":
            sound, alignment = await elevenlabs.speak(self.access, self._voice, text)
            return sound, {"alignment": alignment}
        sdk = await asyncio.to_thread(_load_sdk)
        return await sdk.speak(self.access, self._voice, text), {}

    async def _timed(self, text: str, sound: Path, facts: JsonObject) -> tuple[list[TimedWord], Timing]:
        alignment = facts.get("alignment") or {}
        if alignment.get("characters"):
            starts = alignment["character_start_times_seconds"]
            return by_letters(text, alignment["characters"], starts, alignment["character_end_times_seconds"]), (
                Timing.TOLD
            )
        samples = await asyncio.to_thread(_samples, sound)
        if self._timing() == Timing.SPREAD:
            return await asyncio.to_thread(by_pauses, text, samples, SAMPLE_RATE), Timing.SPREAD
        heard = await LocalWhisper(self._settings.home).transcribe(sound)
        return by_ear(text, heard.words, len(samples) / SAMPLE_RATE), Timing.HEARD

    def _timing(self) -> Timing:
        if self.access.vendor == "elevenlabs":
            return Timing.TOLD
        hears = whisper_weights.installed() and importlib.util.find_spec("av") is not None
        return Timing.HEARD if hears else Timing.SPREAD


async def _at_pace(sound: Path, into: Path, pace: float) -> None:
    """Write `sound` as one channel of 48 kHz, `pace` times as fast at the same pitch."""
    chain = f"atempo={pace:.4f}," if abs(pace - 1) > 0.001 else ""
    await ffmpeg.run(
        [
            *ffmpeg.input_args(sound),
            *("-map", "0:a:0", "-af", f"{chain}aresample={SAMPLE_RATE}", "-ac", "1", "-c:a", "pcm_s16le"),
            *("-f", "wav", str(into)),
        ],
        timeout=120,
    )


def _samples(sound: Path) -> NDArray[np.int16]:
    """Decode `sound` to one channel of 48 kHz. Raises FFmpegError or ValueError for what is none. Blocks."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    parts: list[Any] = []
    with av.open(f"file:{sound.absolute()}", options={"protocol_whitelist": "file"}) as container:
        if not container.streams.audio:
            raise ValueError("no sound in it")
        for frame in (*container.decode(container.streams.audio[0]), None):
            parts += [part.to_ndarray().reshape(-1) for part in resampler.resample(frame)]
    return _joined(parts)


def _joined(parts: Sequence[NDArray[np.int16]]) -> NDArray[np.int16]:
    if not parts:
        raise ValueError("no sound in it")
    return np.concatenate(parts)


def _load_sdk() -> Any:
    from mediaposter.models import openai_media  # noqa: PLC0415 - the SDK takes a second to load

    return openai_media
