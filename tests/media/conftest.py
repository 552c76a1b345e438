"""Tiny media files, made once for each test process by ffmpeg."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mediaposter.media import ffmpeg
from mediaposter.media.limits import MediaLimits

Clip = Callable[..., Path]


def run_ffmpeg(*args: str | Path) -> None:
    subprocess.run(
        [str(ffmpeg.executable()), "-v", "error", "-nostdin", "-y", *map(str, args)], check=True, capture_output=True
    )


@pytest.fixture(scope="session")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def clip(media_folder: Path) -> Clip:
    """Make a clip of the given shape, or return the one that was made already."""

    def make(
        name: str = "plain.mp4",
        *,
        size: str = "180x320",
        fps: str = "30",
        seconds: float = 1.0,
        color: str = "",
        tone: int = 440,
        volume: float = 0.125,
        sound: bool = True,
        picture: str = "",
        codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-pix_fmt", "yuv420p"),
        audio: tuple[str, ...] = ("-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2"),
        extra: tuple[str, ...] = (),
    ) -> Path:
        path = media_folder / name
        if path.exists():
            return path
        source = f"color=c={color}:s={size}:r={fps}" if color else f"testsrc2=s={size}:r={fps}"
        args = ["-f", "lavfi", "-i", f"{source}{',' + picture if picture else ''}"]
        if sound:
            args += ["-f", "lavfi", "-i", f"sine=f={tone}:r=48000,volume={volume * 8}"]
        draft = path.with_name(f"draft-{name}")
        run_ffmpeg(*args, "-t", str(seconds), *codec, *(audio if sound else ()), *extra, draft)
        draft.rename(path)
        return path

    return make


@pytest.fixture
def limits() -> MediaLimits:
    return MediaLimits()
