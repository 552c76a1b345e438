"""Fixtures of the generation room: tiny clips, a vendor, and the tests' own providers installed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import ffmpeg
from tests.engine import engine
from tests.generation.vendor_provider import URL
from tests.servers.clip_vendor import ClipVendor

__all__ = ["engine"]
PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture(scope="session")
def tiny_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second, 180x320, with sound."""
    path = tmp_path_factory.mktemp("clips") / "tiny.mp4"
    sources = ["-f", "lavfi", "-i", "testsrc=s=180x320:r=12:d=1", "-f", "lavfi", "-i", "sine=d=1:r=48000"]
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"]
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-y", *sources, *coding, str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture(scope="session")
def tiny_picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "tiny.png"
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=320x240:d=1"]
    subprocess.run([*command, "-frames:v", "1", str(path)], check=True)
    return path


@pytest.fixture
def vendor(tiny_video: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClipVendor]:
    """The vendor's server, running, and its providers installed beside ours."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    with ClipVendor(tiny_video).running() as server:
        monkeypatch.setenv(URL, server.url)
        yield server


def card(prompt: str = "Plants need light", **changes: object) -> ClipRequest:
    """A silent card of one second, as small as they come."""
    small = {"prompt": prompt, "width": 180, "height": 320, "fps": 12, "voice": "none", "seconds": 1}
    return ClipRequest.parse(small | changes)
