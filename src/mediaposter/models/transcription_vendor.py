"""Speech to text by OpenAI, or by a server of your own that speaks its API (speaches, whisper.cpp, LocalAI).

Only some models tell when a word was said. The others give their text, piece by piece, and the transcript says so:
nothing is made up in the place of times.
"""

import asyncio
import math
import tempfile
from pathlib import Path
from typing import Any

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.settings import Settings
from mediaposter.models import faults, listening
from mediaposter.models.access import Access, reach, split_spec
from mediaposter.models.patience import patiently
from mediaposter.models.prices import FREE, transcript_price
from mediaposter.models.transcription import Progress, Segment, Transcript
from mediaposter.models.words import HeardWord

EXAMPLE = "local, none, or openai:gpt-transcribe"
# Of OpenAI's own models, those that answer in verbose_json, which alone has times (openai 3.54.0,
# types/audio/transcription_create_params.py). A server of your own is asked for times whatever it serves.
_TIMED = ("whisper-1",)
# Seconds of a piece where the model tells no times: the text of a piece then stands at most so far from where it is.
_PLAIN_PIECE = 60.0
# Whisper names languages in words; the ones that OpenAI lists as supported.
_LANGUAGES = {
    "afrikaans": "af", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be", "bosnian": "bs",
    "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da",
    "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french": "fr", "galician": "gl",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is",
    "indonesian": "id", "italian": "it", "japanese": "ja", "kannada": "kn", "kazakh": "kk", "korean": "ko",
    "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "marathi": "mr", "maori": "mi",
    "nepali": "ne", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro",
    "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swahili": "sw",
    "swedish": "sv", "tagalog": "tl", "tamil": "ta", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur",
    "vietnamese": "vi", "welsh": "cy",
}  # fmt: skip


def vendor_transcriber(settings: Settings, spec: str, *, clock: Clock = utc_now) -> "VendorTranscriber":
    """Return the transcriber `openai:model`. Raises NotConfiguredError, ModelIdError and ModelRetiredError."""
    vendor, model = split_spec(spec, ("openai",), example=EXAMPLE)
    base_url = settings.transcription_base_url
    return VendorTranscriber(
        reach(settings, spec, vendor, model, field="transcription", base_url=base_url, clock=clock)
    )


class VendorTranscriber:
    """A model of OpenAI's API. `timed`: it tells when each word is said."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.name = access.spec
        self.timed = not access.own or access.model in _TIMED

    async def transcribe(self, path: Path, *, on_progress: Progress | None = None) -> Transcript:
        """Return what is said in `path`. See Transcriber.transcribe. Raises ModelErrors too."""
        with tempfile.TemporaryDirectory(prefix="mediaposter-speech-") as name:
            folder = Path(name)
            sound = folder / "sound.wav"
            seconds = await listening.whole_sound(path, sound)
            heard = _Heard(timed=self.timed)
            longest = listening.LONGEST if self.timed else _PLAIN_PIECE
            if seconds >= 0.1:
                async for piece in listening.pieces(sound, seconds, folder, longest=longest):
                    heard.take(await patiently(lambda file=piece.file: self._ask(file), self.name), piece)
                    if on_progress is not None:
                        on_progress(min(1.0, (piece.start + piece.seconds) / seconds))
        cost = transcript_price(self._access.model, seconds) if self._access.own else FREE
        return heard.transcript(self.name, cost.micros)

    async def _ask(self, file: Path) -> dict[str, Any]:
        sdk = await asyncio.to_thread(_load_sdk)
        answer: dict[str, Any] = await sdk.transcribe(self._access, file, timed=self.timed)
        if not isinstance(answer.get("text"), str):
            raise faults.unreadable(self._access, "something that is no transcript")
        return answer


class _Heard:
    """What was heard so far, piece after piece."""

    def __init__(self, *, timed: bool) -> None:
        self._timed = timed
        self._language = ""
        self._segments: list[Segment] = []
        self._words: list[HeardWord] = []

    def take(self, answer: dict[str, Any], piece: listening.Piece) -> None:
        """Add the answer for a piece."""
        text = answer["text"].strip()
        if not text:
            return
        self._language = self._language or _language_of(answer)
        found = [
            Segment(text=one["text"].strip(), start=_at(one["start"], piece), end=_at(one["end"], piece))
            for one in answer.get("segments") or ()
            if one["text"].strip()
        ]
        whole = Segment(text=text, start=_at(0.0, piece), end=_at(piece.seconds, piece))
        self._segments += found or [whole]
        self._words += [
            HeardWord(
                text=one["word"].strip(),
                start=_at(one["start"], piece),
                end=_at(one["end"], piece),
                probability=_sureness(answer, one["start"]),
            )
            for one in answer.get("words") or ()
            if one["word"].strip()
        ]

    def transcript(self, model: str, cost_micros: int) -> Transcript:
        """Return all of it."""
        return Transcript(
            language=self._language,
            segments=tuple(self._segments),
            words=tuple(self._words),
            model=model,
            timed=bool(self._words) or not self._segments,
            cost_micros=cost_micros,
        )


def _at(moment: float, piece: listening.Piece) -> float:
    return round(piece.start + min(max(float(moment), 0.0), piece.seconds), 3)


def _sureness(answer: dict[str, Any], moment: float) -> float:
    """Return how sure the model was of the segment in which a word stands; it tells nothing of single words."""
    for segment in answer.get("segments") or ():
        if segment["start"] <= moment <= segment["end"] and segment.get("avg_logprob") is not None:
            return round(min(1.0, math.exp(segment["avg_logprob"])), 3)
    return 0.0


def _language_of(answer: dict[str, Any]) -> str:
    languages = answer.get("languages") or ()
    named = str(languages[0].get("code", "") if languages else answer.get("language") or "").lower()
    return _LANGUAGES.get(named, named[:2] if len(named.partition("-")[0]) == 2 else "")


def _load_sdk() -> Any:
    from mediaposter.models import openai_media  # noqa: PLC0415 - the SDK takes a second to load

    return openai_media
