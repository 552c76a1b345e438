"""Running ffmpeg: progress, time limits, cancel, and nothing left when its owner dies."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediaposter.core.errors import NotConfiguredError
from mediaposter.media import ffmpeg
from mediaposter.media.errors import DiskFullError, FfmpegError, FfmpegTimeoutError
from tests.media.conftest import Clip

pytestmark = pytest.mark.feature("ARCH-002")
ENDLESS = ["-re", *ffmpeg.generated_args("color=c=red:s=16x16:r=10"), "-f", "null", "-"]


def children() -> set[int]:
    """Process ids of every ffmpeg that descends from this test process."""
    result = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], check=True, capture_output=True, text=True)
    rows = [line.split(None, 2) for line in result.stdout.splitlines()]
    return {int(pid) for pid, parent, name in rows if int(parent) == os.getpid() and "ffmpeg" in name}


async def test_progress_is_told(clip: Clip, tmp_path: Path) -> None:
    seen: list[float] = []

    await ffmpeg.run(["-i", str(clip()), str(tmp_path / "o.mp4")], duration=1.0, on_progress=seen.append)

    assert seen[-1] == 1.0
    assert all(0 <= share <= 1 for share in seen)


async def test_an_error_carries_what_ffmpeg_said(clip: Clip, tmp_path: Path) -> None:
    with pytest.raises(FfmpegError, match="No such filter") as caught:
        await ffmpeg.run(["-i", str(clip()), "-vf", "nosuchfilter", str(tmp_path / "o.mp4")])

    assert "nosuchfilter" in caught.value.stderr


async def test_a_time_limit_stops_it() -> None:
    with pytest.raises(FfmpegTimeoutError):
        await ffmpeg.run(ENDLESS, timeout=0.5)

    assert children() == set()


async def test_a_cancel_stops_it() -> None:
    task = asyncio.create_task(ffmpeg.run(ENDLESS))
    while not children():
        await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert children() == set()


async def test_a_full_disk_is_told(clip: Clip) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    with pytest.raises(DiskFullError):
        await ffmpeg.run(["-i", str(clip()), "-f", "mpegts", "file:/dev/full"])


async def test_output_can_be_captured(clip: Clip) -> None:
    result = await ffmpeg.capture(
        ["-i", str(clip()), "-frames:v", "1", "-vf", "scale=2:2", "-pix_fmt", "gray", "-f", "rawvideo", "-"]
    )

    assert len(result.stdout) == 4


async def test_a_picture_can_be_looped(tmp_path: Path) -> None:
    picture = tmp_path / "100%03d.png"
    await ffmpeg.run(
        [
            *ffmpeg.generated_args("color=c=red:s=16x16"),
            "-frames:v",
            "1",
            "-f",
            "image2",
            "-update",
            "1",
            f"file:{picture}",
        ]
    )

    await ffmpeg.run(["-loop", "1", "-t", "0.5", "-i", str(picture), str(tmp_path / "o.mp4")])

    assert (tmp_path / "o.mp4").stat().st_size > 0


async def test_ffmpeg_does_not_see_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    task = asyncio.create_task(ffmpeg.run(ENDLESS))
    while not (found := children()):
        await asyncio.sleep(0.01)
    environment = Path(f"/proc/{found.pop()}/environ")
    seen = environment.read_bytes() if environment.exists() else b""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert b"sk-secret" not in seen


@pytest.mark.chaos
def test_ffmpeg_dies_with_its_owner(tmp_path: Path) -> None:
    """The owner is killed with -9 and has no say in it."""
    owner = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio\n"
            "from mediaposter.media import ffmpeg\n"
            "source = ffmpeg.generated_args('color=c=red:s=16x16:r=10')\n"
            "asyncio.run(ffmpeg.run(['-re', *source, '-progress', 'marks', '-f', 'null', '-']))\n",
        ],
        cwd=tmp_path,
    )
    marks = tmp_path / "marks"
    deadline = time.monotonic() + 30
    while not marks.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.1)  # between its start and its being watched lies the writing of one line
    ours = _descendants(owner.pid)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    while _alive(ours) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert ours
    assert _alive(ours) == set()


def _descendants(root: int) -> set[int]:
    result = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True)
    parents = [(int(pid), int(parent)) for pid, parent in (line.split() for line in result.stdout.splitlines())]
    found, before = {root}, 0
    while len(found) > before:
        before = len(found)
        found |= {pid for pid, parent in parents if parent in found}
    return found - {root}


def _alive(pids: set[int]) -> set[int]:
    result = subprocess.run(["ps", "-eo", "pid=,stat="], check=True, capture_output=True, text=True)
    living = {int(line.split()[0]) for line in result.stdout.splitlines() if not line.split()[1].startswith("Z")}
    return pids & living


def test_another_binary_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "ffmpeg"
    own.touch(mode=0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(own))

    assert ffmpeg.executable() == own


async def test_a_binary_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nothing"))

    with pytest.raises(NotConfiguredError, match="nothing"):
        await ffmpeg.run(ENDLESS)


@pytest.mark.parametrize("name", ["plain", "it's", "a:b", "a,b[c];d", "back\\slash", "100% %d", " spaced "])
async def test_a_filter_value_may_be_any_path(name: str, tmp_path: Path, clip: Clip) -> None:
    marks = tmp_path / name
    chain = f"signalstats,metadata=mode=print:file={ffmpeg.filter_value(str(marks))}"

    await ffmpeg.run(["-i", str(clip()), "-vf", chain, "-f", "null", "-"])

    assert "YAVG" in marks.read_text()
