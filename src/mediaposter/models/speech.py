"""What a voice is and what it gives: sound at one rate, trimmed, with the time of each word."""

import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from mediaposter.core.errors import InvalidInputError, UpstreamError
from mediaposter.models.prices import Price
from mediaposter.models.words import TimedWord

LOCAL = "local"
SAMPLE_RATE = 48_000
_SILENCE = 0.006  # amplitude, of 1, below which sound counts as silence: -44 dB
_LEAD, _TAIL = 0.04, 0.12  # seconds of silence left before the first and after the last sound


class Timing(StrEnum):
    """Where the times of the words come from."""

    TOLD = "told"  # by the voice itself
    HEARD = "heard"  # by the local Whisper, in the finished sound
    SPREAD = "spread"  # by the pauses of the sound: an estimate


@dataclass(frozen=True)
class Speech:
    """A spoken text: its length in seconds, and the words, one for each in the text.

    `model` is who spoke; `cost_micros` what this call cost, in millionths of a US dollar.
    """

    duration: float
    sample_rate: int
    words: list[TimedWord]
    model: str = LOCAL
    timing: Timing = Timing.TOLD
    cost_micros: int = 0


class VoiceError(UpstreamError):
    """The voice's process failed or gave no sound."""

    code = "VOICE_FAILED"
    title = "The voice could not speak"


class Voice(Protocol):
    """Something that speaks. `language` is a code such as en-us, empty where it speaks many.

    `identity` tells everything that decides its sound: two texts spoken by one identity sound alike.
    """

    @property
    def name(self) -> str: ...

    @property
    def language(self) -> str: ...

    @property
    def identity(self) -> str: ...

    def price(self, text: str) -> Price:
        """Return what speaking `text` costs at most."""
        ...

    async def speak(self, text: str, into: Path, *, speed: float = 1.0) -> Speech:
        """Speak `text` into the WAV file `into`: 48 kHz, one channel, silence trimmed. `speed` 2 is twice as fast."""
        ...


def check_text(text: str, longest: int) -> None:
    """Raise InvalidInputError for a text without words, or with more than `longest` characters."""
    if not any(character.isalnum() for character in text):
        raise InvalidInputError("There is nothing to speak in the text.", fix="Give a text with words in it.")
    if len(text) > longest:
        raise InvalidInputError(
            f"The text has {len(text)} characters; the voice takes {longest} at once.", fix="Split the text."
        )


def finish(draft: Path, into: Path, words: Sequence[TimedWord]) -> tuple[float, list[TimedWord]]:
    """Trim the silence at both ends of a WAV file, bring it to 48 kHz, and move the words with it.

    Returns the length in seconds and the words. Raises VoiceError for silence. Blocks.
    """
    with wave.open(str(draft), "rb") as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENCE * 32767)
    if not len(loud):
        raise VoiceError("The voice gave no sound for this text.", fix="Give a text with words in it.")
    first = max(0, int(loud[0]) - int(_LEAD * rate))
    last = min(len(samples), int(loud[-1]) + int(_TAIL * rate))
    resampled = np.concatenate([*_resample(samples[first:last], rate)])
    with wave.open(str(into), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(resampled.tobytes())
    duration = len(resampled) / SAMPLE_RATE
    shift = first / rate
    moved = [
        TimedWord(
            text=word.text,
            start=min(round(max(word.start - shift, 0.0), 4), duration),
            end=min(round(max(word.end - shift, 0.0), 4), duration),
        )
        for word in words
    ]
    return duration, moved


def _resample(samples: np.ndarray, rate: int) -> Iterable[np.ndarray]:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    for piece in (frame, None):
        for part in resampler.resample(piece):
            yield part.to_ndarray().reshape(-1)
