"""Tiny media files, made once for each test process by ffmpeg."""

import contextlib
import ctypes
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediaposter.media import ffmpeg
from mediaposter.media.limits import MediaLimits

Clip = Callable[..., Path]
_IN_OPEN = 0x20


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


class Bait:
    """A file and an address that nobody should touch, and whether somebody did."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._watch = -1
        if sys.platform == "linux":
            libc = ctypes.CDLL(None, use_errno=True)
            self._watch = libc.inotify_init1(os.O_NONBLOCK)
            assert libc.inotify_add_watch(self._watch, os.fsencode(file), _IN_OPEN) >= 0

    @property
    def touched(self) -> list[str]:
        found: list[str] = []
        with contextlib.suppress(BlockingIOError):
            self._listener.accept()[0].close()
            found.append("address")
        with contextlib.suppress(BlockingIOError):
            if self._watch >= 0 and os.read(self._watch, 4096):
                found.append("file")
        return found

    def close(self) -> None:
        self._listener.close()
        if self._watch >= 0:
            os.close(self._watch)


@pytest.fixture
def bait(clip: Clip, tmp_path: Path) -> Iterator[Bait]:
    bait = Bait(Path(shutil.copy(clip("other.mp4", tone=880), tmp_path / "secret.mp4")))
    yield bait
    bait.close()
