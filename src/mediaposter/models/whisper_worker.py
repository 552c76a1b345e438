"""The process that runs Whisper: `python -m mediaposter.models.whisper_worker MODEL_FOLDER MEDIA_FILE THREADS`.

Writes one JSON object per line: {"progress": 0..1}, then {"transcript": {...}} or {"error": "..."}. Ends when its
standard input closes. Speech is found first (Silero VAD, inside faster-whisper), because Whisper invents sentences
for music and silence.
"""

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO

import av
import numpy as np
from av.error import FFmpegError, InvalidDataError
from numpy.typing import NDArray

RATE = 16_000  # Whisper's own sampling rate, Hz
_WINDOW = 600  # seconds decoded at once: 38 MB of samples, however long the file is
_SEAM = 20  # seconds before a window's end in which the quietest moment is looked for, so that no word is cut
Samples = NDArray[np.float32]


def main() -> None:
    """Transcribe the file named on the command line."""
    folder, media, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # Libraries may print: our lines go to a descriptor that only we know, their words to standard error.
    with os.fdopen(os.dup(1), "w", buffering=1) as out:
        os.dup2(2, 1)
        try:
            _say(out, {"transcript": _transcribe(folder, media, threads, out)})
        except (FFmpegError, ValueError, RuntimeError) as error:
            _say(out, {"error": str(error)})


def _transcribe(folder: str, media: str, threads: int, out: TextIO) -> dict[str, Any]:
    from faster_whisper import WhisperModel  # noqa: PLC0415 - the optional package set

    # Never given a path: faster-whisper's own decoder does not work with this PyAV.
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)
    language: str | None = None
    segments: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    for offset, samples, total in _windows(media):
        found, info = model.transcribe(
            samples,
            language=language,
            beam_size=1,
            word_timestamps=True,
            vad_filter=True,
            # Off: after one bad sentence the model would go on in its manner, which is where endless loops come from.
            condition_on_previous_text=False,
        )
        for segment in found:
            if segment.text.strip():
                language = language or info.language
                segments.append(_timed(segment.text, segment.start, segment.end, offset))
                words += [
                    _timed(word.word, word.start, word.end, offset) | {"probability": round(float(word.probability), 3)}
                    for word in segment.words or ()
                    if word.word.strip()
                ]
            _say(out, {"progress": min(1.0, (offset + segment.end) / total)})
        _say(out, {"progress": min(1.0, (offset + len(samples) / RATE) / total)})
    _say(out, {"progress": 1.0})
    return {"language": language or "", "segments": segments, "words": words}


def _windows(media: str) -> Iterator[tuple[float, Samples, float]]:
    """Yield (start in seconds, mono samples, length of the whole in seconds), each cut at a quiet moment."""
    kept = np.zeros(0, np.float32)
    offset = 0.0
    # Only this very file is read, even where it is a list that names others.
    with av.open(f"file:{media}", options={"protocol_whitelist": "file"}) as container:
        if not container.streams.audio:
            return
        stream = container.streams.audio[0]
        total = float(container.duration or 0) / av.time_base or 1.0
        start = float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0
        first = float(container.start_time or 0) / av.time_base
        offset = max(0.0, start - first)
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        parts: list[Samples] = []
        size = 0
        for frame in _frames(container, stream):
            for converted in resampler.resample(frame):
                part = converted.to_ndarray().reshape(-1).astype(np.float32) / np.float32(32768)
                parts.append(part)
                size += len(part)
            if size >= _WINDOW * RATE:
                kept = np.concatenate(parts)
                cut = _quietest(kept)
                yield offset, kept[:cut], total
                offset += cut / RATE
                parts, size = [kept[cut:]], len(kept) - cut
    kept = np.concatenate(parts) if parts else kept
    if len(kept) >= RATE // 10:
        yield offset, kept, total


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield decoded frames, then None to flush the resampler. A damaged packet is skipped, as a player would."""
    for packet in container.demux(stream):
        with contextlib.suppress(InvalidDataError):
            yield from packet.decode()
    yield None


def _quietest(samples: Samples) -> int:
    tail = samples[-_SEAM * RATE :]
    step = RATE // 10
    loudness = (tail[: len(tail) // step * step].reshape(-1, step) ** 2).mean(axis=1)
    return len(samples) - len(tail) + int(loudness.argmin()) * step + step // 2


def _timed(text: str, start: float, end: float, offset: float) -> dict[str, Any]:
    return {"text": text.strip(), "start": round(float(start) + offset, 3), "end": round(float(end) + offset, 3)}


def _say(out: TextIO, message: dict[str, Any]) -> None:
    out.write(json.dumps(message, ensure_ascii=False) + "\n")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
