"""A moment worth stopping at: near a key frame, where the picture is full of detail and holds still.

A key frame begins a shot, so that a wipe, a fade or type that is still arriving is often under way in it.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediaposter.analysis.schemas import Scene
from mediaposter.media import ffmpeg

STILLS_SETTLED = 4  # of a film's key frames: each costs a second or two of full decoding
_WIDTH, _HEIGHT = 96, 96
_REACH = 2.4  # seconds after the key frame; decoding them takes about 0.4 s for 1080p
_PER_SECOND = 5
_A_FRAME = 0.001  # seconds: scenes are told to the millisecond
_BEFORE_THE_CUT = 0.1  # seconds
# A mean change of 2 % of full scale from look to look halves what a frame's detail is worth.
_RESTLESS = 0.02


async def settle(path: Path, moment: float, scenes: Sequence[Scene], scratch: Path) -> float:
    """Return the best moment of `path` within a few seconds after `moment` (seconds) and within its scene."""
    end = next((scene.end for scene in reversed(scenes) if moment >= scene.start - _A_FRAME), moment)
    reach = min(_REACH, end - _BEFORE_THE_CUT - moment)
    if reach < 2 / _PER_SECOND:
        return moment
    looks = await _look(path, moment, reach, scratch)
    if len(looks) < 2:
        return moment
    return round(moment + int(_worth(looks).argmax()) / _PER_SECOND, 3)


async def _look(path: Path, start: float, seconds: float, scratch: Path) -> NDArray[np.float32]:
    raw = scratch / f"still-{start:.3f}.gray"
    reach = ("-ss", f"{start:.3f}", "-t", f"{seconds:.3f}")
    chain = f"fps={_PER_SECOND}:round=up,scale={_WIDTH}:{_HEIGHT}:flags=area,format=gray"
    await ffmpeg.run(
        [*ffmpeg.input_args(path, *reach), "-map", "0:v:0", "-vf", chain, "-f", "rawvideo", f"file:{raw}"],
        duration=seconds,
    )
    flat = await asyncio.to_thread(np.fromfile, raw, np.uint8)
    count = len(flat) // (_WIDTH * _HEIGHT)
    return flat[: count * _WIDTH * _HEIGHT].reshape(count, _HEIGHT, _WIDTH).astype(np.float32) / np.float32(255)


def _worth(looks: NDArray[np.float32]) -> NDArray[np.floating]:
    detail = np.abs(np.diff(looks, axis=1)).mean(axis=(1, 2)) + np.abs(np.diff(looks, axis=2)).mean(axis=(1, 2))
    steps = np.abs(np.diff(looks, axis=0)).mean(axis=(1, 2))
    # The last look has only one neighbour; nobody knows what comes after it.
    restless = np.maximum(np.concatenate([steps[:1], steps]), np.concatenate([steps, steps[-1:]]))
    return detail / (1 + restless / _RESTLESS)
