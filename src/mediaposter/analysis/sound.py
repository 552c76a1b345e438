"""What is to be heard: loudness after EBU R 128 and silences, in one pass at about 180 times real time."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mediaposter.analysis.picture import filter_value
from mediaposter.analysis.schemas import Loudness, Span
from mediaposter.media import ffmpeg

Progress = Callable[[float], None]
_SILENT_BELOW = -45  # dBFS; room tone of a quiet recording lies around -60, breath above -40
_SILENT_FOR = 0.5  # seconds
_SUMMARY = re.compile(r"(?P<name>I|LRA|Peak):\s+(?P<value>-?(?:[\d.]+|inf|nan))\s+(?:LUFS|LU|dBFS)")
_SILENCE = re.compile(r"^lavfi\.silence_(?P<edge>start|end)=(?P<value>[-\d.]+)")
_GATE = -70.0  # LUFS: the absolute gate of BS.1770; what ebur128 reports when nothing passes it


@dataclass(frozen=True)
class Sound:
    """Loudness and silences of a stretch."""

    loudness: Loudness
    silences: tuple[Span, ...]


async def listen(
    path: Path, duration: float, scratch: Path, *, only_first: float | None = None, on_progress: Progress | None = None
) -> Sound:
    """Measure the first audio stream of `path`, or its first `only_first` seconds. Raises MediaError, FfmpegError."""
    marks = scratch / f"silence-{only_first or 'all'}.txt"
    chain = (
        f"silencedetect=noise={_SILENT_BELOW}dB:d={_SILENT_FOR},"
        f"ametadata=mode=print:file={filter_value(marks)},ebur128=peak=true:framelog=quiet"
    )
    limit = ("-t", f"{only_first:.3f}") if only_first else ()
    result = await ffmpeg.run(
        [*ffmpeg.input_args(path, *limit), "-map", "0:a:0", "-vn", "-af", chain, "-f", "null", "-"],
        duration=only_first or duration,
        on_progress=on_progress,
    )
    return Sound(read_summary(result.stderr), read_silences(marks, only_first or duration))


def read_summary(log: str) -> Loudness:
    """Read the summary that ebur128 writes at its end."""
    found = {match["name"]: float(match["value"]) for match in _SUMMARY.finditer(log[log.rfind("Summary:") :])}
    integrated, peak = found.get("I"), found.get("Peak")
    if integrated is None or integrated <= _GATE or not math.isfinite(integrated):
        return Loudness(integrated=None, range=None, true_peak=_finite(peak))
    return Loudness(integrated=integrated, range=_finite(found.get("LRA")), true_peak=_finite(peak))


def read_silences(marks: Path, duration: float) -> tuple[Span, ...]:
    """Read what silencedetect wrote; a silence that lasts to the end has no end of its own."""
    spans: list[Span] = []
    start: float | None = None
    for line in marks.read_text().splitlines() if marks.exists() else ():
        match = _SILENCE.match(line)
        if match and match["edge"] == "start":
            start = max(0.0, float(match["value"]))
        elif match and start is not None:
            spans.append(Span(start=round(start, 3), end=round(float(match["value"]), 3)))
            start = None
    if start is not None and start < duration:
        spans.append(Span(start=round(start, 3), end=round(duration, 3)))
    return tuple(spans)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
