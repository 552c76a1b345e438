"""What is to be seen: cuts, clear frames, colours. Decodes key frames, and single seconds where a cut must be exact.

Measured on two cores: key frames of a 1080p file pass at about 40 times real time, all frames at 6. A cut found
between two key frames is then looked for among the frames between them, as far as a small budget of decoding goes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediaposter.analysis.schemas import Scene
from mediaposter.media import ffmpeg

Progress = Callable[[float], None]
Pixels = NDArray[np.uint8]  # (frames, HEIGHT, WIDTH, 3), sRGB
WIDTH, HEIGHT = 32, 18
# scdet's scores, in percent of full scale. In RGB, since in YUV it sees light alone and misses cuts between colours.
_CUT = 8.0  # measured on our films: cuts score 16 to 47, movement within a shot up to 3 between neighbouring frames
# Between key frames, which lie seconds apart, a moving camera scores like a cut; but it keeps the shot's colours. The
# share of the picture whose colour is another (of 64, wherever they stand): worth a look, and a cut without a look.
_OTHER_COLOURS, _SURELY_OTHER = 0.35, 0.6
EXACT_SECONDS = 20.0  # of picture decoded in full to place cuts, at most: about 3 s of work for 1080p
_SHORTEST_SCENE = 0.2  # seconds; two cuts closer than this are a flash
_KEY_FRAMES_MAX = 24
_MARK = re.compile(
    r"^(?:frame:\d+\s+pts:\S+\s+pts_time:(?P<time>[-\d.]+)|lavfi\.scd\.(?P<name>mafd|score)=(?P<value>[-\d.]+))"
)


@dataclass(frozen=True)
class Frames:
    """Decoded frames: times, how much each differs from the one before, and how much more than usual (percent)."""

    times: tuple[float, ...]
    change: tuple[float, ...]
    score: tuple[float, ...]

    @property
    def cuts(self) -> tuple[float, ...]:
        """Times of the frames that begin another shot."""
        return tuple(time for time, score in zip(self.times, self.score, strict=True) if score >= _CUT)

    def until(self, end: float) -> "Frames":
        """Return the frames before `end`."""
        return self.first(sum(time < end for time in self.times))

    def first(self, count: int) -> "Frames":
        """Return the first `count` frames."""
        return Frames(self.times[:count], self.change[:count], self.score[:count])


@dataclass(frozen=True)
class Picture:
    """What the pass over the key frames saw."""

    frames: Frames
    pixels: Pixels


async def scan_key_frames(path: Path, duration: float, scratch: Path, on_progress: Progress) -> Picture:
    """Look at every key frame of `path`. Raises MediaError when it cannot be decoded."""
    marks, raw = scratch / "key.txt", scratch / "key.rgb"
    chain = f"{_small()},{_detect(marks)},scale={WIDTH}:{HEIGHT}:flags=area,format=rgb24"
    source = ffmpeg.input_args(path, "-skip_frame", "nokey")
    await ffmpeg.run(
        [*source, "-map", "0:v:0", "-vf", chain, "-fps_mode", "passthrough", "-f", "rawvideo", f"file:{raw}"],
        duration=duration,
        on_progress=on_progress,
    )
    flat = np.fromfile(raw, np.uint8)
    whole = len(flat) // (HEIGHT * WIDTH * 3)
    pixels = flat[: whole * HEIGHT * WIDTH * 3].reshape(whole, HEIGHT, WIDTH, 3)
    frames = read_marks(marks)
    count = min(len(frames.times), whole)
    return Picture(frames.first(count), pixels[:count])


async def scan_every_frame(path: Path, start: float, seconds: float, scratch: Path) -> Frames:
    """Look at every frame from `start` on for `seconds`: slow, so only for short stretches. Times are of the file."""
    marks = scratch / f"every-{start:.3f}.txt"
    marks.unlink(missing_ok=True)
    reach = ("-ss", f"{start:.3f}", "-t", f"{seconds:.3f}")
    await ffmpeg.run(
        [*ffmpeg.input_args(path, *reach), "-map", "0:v:0", "-vf", f"{_small()},{_detect(marks)}", "-f", "null", "-"],
        duration=seconds,
    )
    return read_marks(marks, offset=start)


async def find_scenes(path: Path, picture: Picture, duration: float, scratch: Path) -> tuple[Scene, ...]:
    """Return the scenes of a long file: each cut between key frames is looked for among the frames between them.

    The doubtful ones first, until the budget of full decoding is used up; what is as good as certain counts without a
    look, at its key frame. What lies behind the last key frame has no later one to be compared with, so it is looked at
    too.
    """
    times = picture.frames.times
    if not times:
        return _as_scenes([(0.0, True)], duration)
    tail = await scan_every_frame(path, times[-1], min(duration - times[-1], EXACT_SECONDS / 2), scratch)
    starts: list[tuple[float, bool]] = [(0.0, True), *((cut, True) for cut in tail.cuts if cut > times[-1])]
    budget = EXACT_SECONDS
    other = _other_colours(picture.pixels)
    for index in sorted(range(1, len(other)), key=lambda index: (other[index] >= _SURELY_OTHER, -other[index])):
        if other[index] < _OTHER_COLOURS and picture.frames.score[index] < _CUT:
            continue
        before, span = times[index - 1], times[index] - times[index - 1] + 0.1
        if span <= budget:
            budget -= span
            found = await scan_every_frame(path, before, span, scratch)
            starts += [(cut, True) for cut in found.cuts if cut > before]
        elif other[index] >= _SURELY_OTHER and picture.frames.change[index] >= _CUT:
            starts.append((times[index], False))
    return _as_scenes(starts, duration)


def _other_colours(pixels: Pixels) -> NDArray[np.float64]:
    """Return, for each frame, the share of it whose colours the frame before does not have; 0 for the first."""
    boxes = (pixels.reshape(len(pixels), -1, 3) >> 6).astype(np.int64) @ np.array([16, 4, 1])
    histograms = np.stack([np.bincount(row, minlength=64) for row in boxes]) / boxes.shape[1]
    steps = np.abs(np.diff(histograms, axis=0)).sum(axis=1) / 2
    return np.concatenate([[0.0], steps])


def scenes_of(frames: Frames, duration: float) -> tuple[Scene, ...]:
    """Return the scenes of a file every frame of which was looked at."""
    return _as_scenes([(0.0, True), *((cut, True) for cut in frames.cuts)], duration)


def _as_scenes(starts: Sequence[tuple[float, bool]], duration: float) -> tuple[Scene, ...]:
    kept: list[tuple[float, bool]] = []
    for start, exact in sorted(starts):
        if start < duration and (not kept or start - kept[-1][0] >= _SHORTEST_SCENE):
            kept.append((start, exact))
    ends = [start for start, _ in kept[1:]] + [duration]
    return tuple(
        Scene(start=round(start, 3), end=round(end, 3), exact=exact)
        for (start, exact), end in zip(kept, ends, strict=True)
    )


def choose_frames(picture: Picture, scenes: Sequence[Scene]) -> tuple[tuple[float, ...], float | None]:
    """Return the clearest key frame of each scene (the longest 24 scenes) and the clearest of all.

    Clear is contrast and colour without being nearly black or white; the first tenth of a second of a scene is left out
    where there is another choice, since a fade may still be running.
    """
    if len(picture.pixels) == 0:
        return (), None
    scores = _clarity(picture.pixels)
    times = np.array(picture.frames.times[: len(scores)])
    longest = sorted(sorted(scenes, key=lambda scene: scene.start - scene.end)[:_KEY_FRAMES_MAX], key=lambda s: s.start)
    chosen: list[int] = []
    for scene in longest:
        inside = np.flatnonzero((times >= scene.start - 0.001) & (times < scene.end - 0.001))
        if len(inside):
            settled = inside[times[inside] >= scene.start + 0.1]
            candidates = settled if len(settled) else inside
            chosen.append(int(candidates[scores[candidates].argmax()]))
    if not chosen:
        chosen = [int(scores.argmax())]
    best = max(chosen, key=lambda index: scores[index])
    return tuple(round(float(times[index]), 3) for index in chosen), round(float(times[best]), 3)


def _clarity(pixels: Pixels) -> NDArray[np.float64]:
    values = pixels.astype(np.float64) / 255
    light = values @ np.array([0.2126, 0.7152, 0.0722])
    colour = values.max(axis=-1) - values.min(axis=-1)
    mean = light.mean(axis=(1, 2))
    readable = np.clip(np.minimum(mean / 0.12, (1 - mean) / 0.06), 0, 1)
    return (light.std(axis=(1, 2)) * 2 + colour.mean(axis=(1, 2))) * readable


def read_marks(file: Path, *, offset: float = 0.0) -> Frames:
    """Read what scdet wrote of each frame; `offset` is added to its times."""
    times: list[float] = []
    change: list[float] = []
    score: list[float] = []
    for line in file.read_text().splitlines() if file.exists() else ():
        match = _MARK.match(line)
        if match is None:
            continue
        if match["time"]:
            times.append(float(match["time"]) + offset)
            change.append(0.0)
            score.append(0.0)
        elif times:
            (change if match["name"] == "mafd" else score)[-1] = float(match["value"])
    return Frames(tuple(times), tuple(change), tuple(score))


def filter_value(path: Path) -> str:
    """Return `path` as a value inside a filter graph: quoted for the filter's options, and again for the graph."""
    option = re.sub(r"([\\':])", r"\\\1", str(path))
    return re.sub(r"([\\'\[\],;])", r"\\\1", option)


def _small() -> str:
    return "scale=160:160:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bilinear,format=rgb24"


def _detect(marks: Path) -> str:
    return f"scdet=t={_CUT:g},metadata=mode=print:file={filter_value(marks)}"
