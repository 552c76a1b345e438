"""Run ffmpeg: an argument list and no shell, watched, bounded in time, and never left behind.

Every input is held to local files and pipes. The binary comes with the imageio-ffmpeg wheel, or from
`IMAGEIO_FFMPEG_EXE`. Cancelling the task kills ffmpeg's whole process group; so does the death of this process.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import imageio_ffmpeg

from mediaposter.core.errors import NotConfiguredError
from mediaposter.media.errors import DiskFullError, FfmpegError, FfmpegTimeoutError
from mediaposter.media.reaper import REAPER
from mediaposter.media.sniff import STILLS, demuxer_of

Progress = Callable[[float], None]
SAFE_PROTOCOLS = "file,pipe"
_TAIL = 64 * 1024  # bytes of stderr that are kept: enough for the summary of any measuring filter
_LONGEST = 4 * 3600.0
_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")
_FOR_VALUE = re.compile(r"[\\': ]")
_FOR_GRAPH = re.compile(r"[\\'\[\],; ]")
# A process that reads hostile media needs none of our secrets.
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
)


@dataclass(frozen=True)
class FfmpegResult:
    """A run that ended well: what it wrote to its standard output, the end of what it said, and how long it took."""

    stdout: bytes
    stderr: str
    seconds: float


def executable() -> Path:
    """Return the ffmpeg binary: IMAGEIO_FFMPEG_EXE, else the one of the wheel. Raises NotConfiguredError."""
    fix = "Install ffmpeg 7 or newer with libx264 and libass, and set IMAGEIO_FFMPEG_EXE to its path."
    if override := os.environ.get("IMAGEIO_FFMPEG_EXE"):
        found = shutil.which(override)
        if found is None:
            detail = f"IMAGEIO_FFMPEG_EXE names {override}, which is no program that can be run."
            raise NotConfiguredError("IMAGEIO_FFMPEG_EXE", detail, fix=fix)
        return Path(found)
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        detail = "There is no ffmpeg binary for this machine in the installed packages."
        raise NotConfiguredError("IMAGEIO_FFMPEG_EXE", detail, fix=fix) from error


def input_args(path: Path, *options: str) -> list[str]:
    """Return the arguments that open `path` by the demuxer of its first bytes, with input `options` before.

    Raises MediaError for a playlist, text or an empty file: ffmpeg is never left to guess.
    """
    return [*options, "-f", demuxer_of(path), "-i", source(path)]


def source(path: Path) -> str:
    """Return `path` as ffmpeg's `-i` takes it: whatever its name holds, it is a file and no option or address."""
    return f"file:{path.absolute()}"


def filter_value(text: str) -> str:
    """Return `text` quoted as the value of a filter's option, such as a path in `subtitles=`."""
    # Read twice: once as a part of the graph, then as a value among options (ffmpeg-filters, "Notes on escaping").
    return _FOR_GRAPH.sub(r"\\\g<0>", _FOR_VALUE.sub(r"\\\g<0>", text))


async def version() -> str:
    """Return the version of ffmpeg and where it lies. Raises NotConfiguredError, FfmpegError."""
    result = await capture(["-version"], timeout=30)
    return f"{result.stdout.decode().split(' Copyright')[0].removeprefix('ffmpeg version ')} ({executable()})"


def generated_args(graph: str) -> list[str]:
    """Return the arguments of an input that a filter graph of ours makes (colours, silence, test pictures)."""
    return ["-f", "lavfi", "-i", graph]


async def run(
    args: Sequence[str],
    *,
    duration: float | None = None,
    on_progress: Progress | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - it stops a process, which a cancelled scope alone would not
    threads: int = 0,
) -> FfmpegResult:
    """Run ffmpeg with `args` (inputs, options, and the output last) and return when it has ended well.

    `duration` is the output's length in seconds: `on_progress` then gets the share done, 0 to 1. `timeout` is in
    seconds; without it, a minute for each second of output and at most four hours. `threads` limits the encoder;
    0 lets ffmpeg decide. Raises FfmpegError with the end of stderr, FfmpegTimeoutError, DiskFullError. An existing
    output is overwritten; a half-written one is the caller's to remove.
    """
    return await _run(args, duration, on_progress, timeout, threads, capture_output=False)


async def capture(
    args: Sequence[str],
    *,
    timeout: float | None = None,  # noqa: ASYNC109
    duration: float | None = None,
) -> FfmpegResult:
    """Run ffmpeg with `args` whose output is `-` (raw frames, samples or nothing) and return what it wrote and said.

    Filters that measure (ebur128, scdet, silencedetect) speak in `stderr`, of which the last 64 KiB are kept; send
    longer listings to the output, as `metadata=print:file=-` does. Raises what `run` raises.
    """
    return await _run(args, duration, None, timeout, 0, capture_output=True)


async def _run(
    args: Sequence[str],
    duration: float | None,
    on_progress: Progress | None,
    timeout: float | None,  # noqa: ASYNC109
    threads: int,
    *,
    capture_output: bool,
) -> FfmpegResult:
    limit = timeout if timeout is not None else min(_LONGEST, 120 + 60 * duration) if duration else _LONGEST
    command = [str(executable()), "-nostdin", "-hide_banner", "-nostats", "-y"]
    if not capture_output:
        command += ["-loglevel", "info", "-progress", "pipe:1", "-stats_period", "0.25"]
    command += _guarded(args[:-1])
    command += ["-threads", str(threads)] if threads else []
    command.append(args[-1])
    began = perf_counter()
    async with _process(command) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        reader = process.stdout.read() if capture_output else _follow(process.stdout, duration, on_progress)
        try:
            async with asyncio.timeout(limit):
                stdout, tail = await asyncio.gather(reader, _tail(process.stderr))
                code = await process.wait()
        except TimeoutError as error:
            raise FfmpegTimeoutError(
                f"ffmpeg was stopped after {limit:.0f} s without having finished.",
                fix="Try again when the machine is less busy, or with a shorter or smaller file.",
            ) from error
    stderr = tail.decode("utf-8", "replace")
    if code != 0:
        raise _error(code, stderr, args[-1])
    return FfmpegResult(stdout or b"", stderr, perf_counter() - began)


@asynccontextmanager
async def _process(command: Sequence[str]) -> AsyncGenerator[Process]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    REAPER.prepare()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True, env=environment, limit=1 << 20
    )
    REAPER.entrust(process.pid)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        # A second cancel must not leave a process that nobody waits for.
        await asyncio.shield(process.wait())
        REAPER.release(process.pid)


def _guarded(args: Sequence[str]) -> list[str]:
    """Hold each input to local files, and to the demuxer of its first bytes where the caller names none.

    ffmpeg has no option that holds for all inputs, and its own guess may end in a playlist that opens other files.
    """
    guarded: list[str] = []
    options: set[str] = set()
    for place, arg in enumerate(args):
        if arg == "-i" and place + 1 < len(args):
            guarded += ["-protocol_whitelist", SAFE_PROTOCOLS]
            if "-f" not in options:
                guarded += _demuxer(args[place + 1], looped="-loop" in options)
            options = set()
        options.add(arg)
        guarded.append(arg)
    return guarded


def _demuxer(url: str, *, looped: bool) -> list[str]:
    path = Path(url.removeprefix("file:"))
    if url == "-" or (":" in url and not path.exists()):
        return []  # the whitelist has the last word on it
    demuxer = demuxer_of(path)
    # Only image2 can show a still for longer; told that its name is no pattern, it too opens one file.
    return ["-f", "image2", "-pattern_type", "none"] if looped and demuxer in STILLS else ["-f", demuxer]


async def _follow(stdout: asyncio.StreamReader, duration: float | None, on_progress: Progress | None) -> None:
    while line := await stdout.readline():
        name, _, value = line.decode("ascii", "replace").strip().partition("=")
        if on_progress is None or not duration:
            continue
        if name == "out_time_us" and value.lstrip("-").isdigit():
            on_progress(min(1.0, max(0.0, int(value) / 1e6 / duration)))
        elif name == "progress" and value == "end":
            on_progress(1.0)


async def _tail(stderr: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stderr.read(1 << 16):
        kept = (kept + chunk)[-_TAIL:]
    return kept


def _error(code: int, stderr: str, output: str) -> Exception:
    if _FULL.search(stderr) or code == -signal.SIGXFSZ:
        return DiskFullError(Path(output.removeprefix("file:")).parent)
    said = [line for line in stderr.splitlines() if line.strip()][-6:]
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return FfmpegError(f"ffmpeg {how}: {' | '.join(said) or 'it said nothing'}", stderr=stderr)
