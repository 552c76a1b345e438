"""What a test sees in a file: colours of frames, loudness, running processes."""

import re
import subprocess
from pathlib import Path

import av
import numpy as np

from mediaposter.media import ffmpeg

_USUAL = r"\s|ffmpeg version|Input #|Output #|Stream mapping|Press |frame=|video:|size=|\[out#0/null .*video:|$"


def colour_at(path: Path, seconds: float) -> tuple[int, int, int]:
    """The mean colour of the middle of the frame shown at `seconds`."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= seconds - 0.001:
                pixels = frame.to_ndarray(format="rgb24")
                height, width, _ = pixels.shape
                middle = pixels[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
                red, green, blue = (int(value) for value in middle.reshape(-1, 3).mean(axis=0))
                return red, green, blue
    raise AssertionError(f"{path} has no frame at {seconds} s")


def name_of(colour: tuple[int, int, int]) -> str:
    """red, green, blue, white, black or grey: the nearest of them."""
    known = {
        "red": (255, 0, 0),
        "green": (0, 128, 0),
        "blue": (0, 0, 255),
        "white": (255, 255, 255),
        "black": (0, 0, 0),
        "grey": (128, 128, 128),
    }
    return min(known, key=lambda name: sum((a - b) ** 2 for a, b in zip(known[name], colour, strict=True)))


def levels_at(path: Path, start: float, end: float) -> float:
    """The root mean square of the sound between two moments, 0 to 1."""
    with av.open(str(path)) as container:
        chunks = [
            frame.to_ndarray().astype(np.float64)
            for frame in container.decode(audio=0)
            if frame.time is not None and start <= frame.time < end
        ]
    return float(np.sqrt(np.mean(np.concatenate(chunks, axis=1) ** 2)))


def decodes_cleanly(path: Path) -> str:
    """What ffmpeg complains of when it decodes `path`, and whether it had to begin anew: nothing, if all is well."""
    result = subprocess.run(
        [str(ffmpeg.executable()), "-v", "info", "-nostats", "-nostdin", "-i", path, "-f", "null", "-"],
        check=True,
        capture_output=True,
        text=True,
    )
    # On the level `info`, ffmpeg prints what it found and wrote, indented or at known beginnings.
    lines = [line for line in result.stderr.splitlines() if not re.match(_USUAL, line)]
    return "\n".join(lines)


def picture_times(path: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0) if frame.time is not None]
