"""Stitching against moviepy, against a plain full re-encode, and against copying the bytes. Ratios hold within one run.

    make bench                                       installs moviepy, runs every benchmark
    .venv/bin/python bench/bench_stitch.py --quick   parts of 4 s instead of 12 s

Three parts of 1080x1920 at 30 fps and 12.5 Mb/s. "Sound at its level" is what a generator gives that levels its parts;
"sound to be levelled" is 6 dB too quiet, so a new sound track is encoded. The odd part is 720p at 24 fps without sound.
"""

import argparse
import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from mediaposter.media import ffmpeg, loudness
from mediaposter.media.stitch import StitchResult, StitchTarget, stitch

WIDTH, HEIGHT, FPS = 1080, 1920, 30
LEVEL = -14.0
_MOVIEPY = """
import sys
from moviepy import VideoFileClip, concatenate_videoclips
*parts, into = sys.argv[1:]
clips = [VideoFileClip(part) for part in parts]
concatenate_videoclips(clips).write_videofile(
    into, codec="libx264", audio_codec="aac", preset="veryfast", threads=2, fps=30, logger=None
)
"""


def run(*args: str | Path) -> None:
    subprocess.run([str(ffmpeg.executable()), "-v", "error", "-nostdin", "-y", *map(str, args)], check=True)


def make_picture(into: Path, seconds: float, number: int, *, size: tuple[int, int], fps: int) -> Path:
    source = f"mandelbrot=s={size[0] // 2}x{size[1] // 2}:r={fps}:start_scale={number}.5"
    look = f"scale={size[0]}:{size[1]},noise=alls=4:allf=t,format=yuv420p"
    rate = (
        "-b:v",
        "12500k",
        "-maxrate",
        "14M",
        "-bufsize",
        "20M",
        "-g",
        str(2 * fps),
        "-video_track_timescale",
        "90000",
    )
    run(
        "-f",
        "lavfi",
        "-i",
        source,
        "-t",
        str(seconds),
        "-vf",
        look,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        *rate,
        into,
    )
    return into


def add_sound(picture: Path, into: Path, seconds: float, number: int, level: float) -> Path:
    noise = ("-f", "lavfi", "-i", f"anoisesrc=c=pink:r=48000:a=0.05:seed={number}:d={seconds}")
    gain = 0.0
    for _ in range(4):  # the limiter and the encoder take some of the level away again
        chain = f"volume={gain:.2f}dB,alimiter=limit=0.6:level=false"
        run("-i", picture, *noise, "-c:v", "copy", "-af", chain, "-ac", "2", "-c:a", "aac", "-b:a", "160k", into)
        gain += level - (loudness.measure([into]).integrated or level)
    return into


def copy_and_sync(parts: Sequence[Path], into: Path) -> None:
    with into.open("wb") as out:
        for part in parts:
            with part.open("rb") as file:
                while block := file.read(1 << 20):
                    out.write(block)
        out.flush()
        os.fsync(out.fileno())


def encode_all(parts: Sequence[Path], into: Path, *, mute: int | None = None) -> None:
    args = [arg for part in parts for arg in ("-i", str(part))]
    chains: list[str] = []
    for place in range(len(parts)):
        fit = (
            f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=decrease,pad={WIDTH}:{HEIGHT}:-1:-1,setsar=1,fps={FPS}"
        )
        chains.append(f"[{place}:v]{fit},format=yuv420p[v{place}]")
        silence = f"anullsrc=r=48000:cl=stereo,atrim=end=12[a{place}]"
        chains.append(silence if place == mute else f"[{place}:a]anull[a{place}]")
    labels = "".join(f"[v{place}][a{place}]" for place in range(len(parts)))
    graph = ";".join([*chains, f"{labels}concat=n={len(parts)}:v=1:a=1[v][a]"])
    encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac", "-b:a", "160k")
    run(*args, "-filter_complex", graph, "-map", "[v]", "-map", "[a]", *encoder, "-movflags", "+faststart", into)


def ours(parts: Sequence[Path], into: Path, level: float | None) -> StitchResult:
    return asyncio.run(stitch(parts, into, target=StitchTarget(WIDTH, HEIGHT, FPS, loudness=level)))


def concat_copy(parts: Sequence[Path], into: Path) -> None:
    script = into.with_suffix(".ffconcat")
    script.write_text("ffconcat version 1.0\n" + "".join(f"file '{part}'\n" for part in parts))
    run("-f", "concat", "-safe", "0", "-i", script, "-c", "copy", "-movflags", "+faststart", into)
    with into.open("rb") as file:
        os.fsync(file.fileno())


Times = tuple[float, float]  # seconds on the clock, seconds of processor time with that of child processes


def timed(work: Callable[[Path], object], folder: Path, *, times: int) -> Times:
    """The medians of `times` runs, each into a new file."""
    seconds: list[float] = []
    processor: list[float] = []
    for _ in range(times):
        into = folder / "out.mp4"
        into.unlink(missing_ok=True)
        began, before = perf_counter(), os.times()
        work(into)
        seconds.append(perf_counter() - began)
        processor.append(sum(os.times()[:4]) - sum(before[:4]))
    return median(seconds), median(processor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="parts of 4 s instead of 12 s")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of a part")
    options = parser.parse_args()
    seconds = 4.0 if options.quick else options.seconds
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="bench-stitch-") as name:
        folder = Path(name)
        with console.status("Making the parts ..."):
            size = (WIDTH, HEIGHT)
            pictures = [make_picture(folder / f"v{n}.mp4", seconds, n, size=size, fps=FPS) for n in (1, 2, 3)]
            level = [add_sound(p, folder / f"p{n}.mp4", seconds, n, LEVEL) for n, p in enumerate(pictures, 1)]
            quiet = [add_sound(p, folder / f"q{n}.mp4", seconds, n, LEVEL - 6) for n, p in enumerate(pictures, 1)]
            odd = make_picture(folder / "odd.mp4", seconds, 2, size=(720, 1280), fps=24)
        mixed = [level[0], odd, level[2]]
        megabytes = sum(part.stat().st_size for part in level) / 1e6
        assert ours(level, folder / "o1.mp4", LEVEL).sound_copied
        assert ours(quiet, folder / "o2.mp4", LEVEL).copied == [0, 1, 2]
        assert ours(mixed, folder / "o3.mp4", LEVEL).encoded == [1]
        rows: list[tuple[str, Times]] = []

        def measure(what: str, work: Callable[[Path], object], times: int) -> Times:
            with console.status(f"{what} ..."):
                rows.append((what, timed(work, folder, times=times)))
            return rows[-1][1]

        # The quick ones take turns, so that what else the machine does hits all of them alike.
        quick: dict[str, Callable[[Path], object]] = {
            "copy the bytes, sync": lambda into: copy_and_sync(level, into),
            "stitch, loudness off": lambda into: ours(level, into, None),
            "stitch, sound at its level": lambda into: ours(level, into, LEVEL),
            "stitch, sound to be levelled": lambda into: ours(quiet, into, LEVEL),
            "ffmpeg concat demuxer, sync (no checks)": lambda into: concat_copy(level, into),
        }
        found: dict[str, list[Times]] = {what: [] for what in quick}
        with console.status("Matching parts ..."):
            for _ in range(9):
                for what, work in quick.items():
                    found[what].append(timed(work, folder, times=1))
        rows.extend(
            (what, (median(clock for clock, _ in values), median(cpu for _, cpu in values)))
            for what, values in found.items()
        )
        base = rows[0][1][0]
        alone = measure("measuring the loudness alone", lambda _: loudness.measure(level), 5)
        odd_part = measure("stitch, one odd part of three", lambda into: ours(mixed, into, LEVEL), 2)
        odd_all = measure("encode all, one odd part (ffmpeg)", lambda into: encode_all(mixed, into, mute=1), 1)
        full = measure("encode all, matching parts (ffmpeg)", lambda into: encode_all(level, into), 1)
        moviepy = None
        if importlib.util.find_spec("moviepy") is not None:
            command = [sys.executable, "-c", _MOVIEPY, *map(str, level)]
            moviepy = measure("moviepy", lambda into: subprocess.run([*command, str(into)], check=True), 1)

    table = Table(title=f"Three parts of {seconds:g} s, {WIDTH}x{HEIGHT}, {megabytes:.1f} MB in all")
    for heading in ("what", "seconds", "x copying the bytes", "processor seconds"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for what, (clock, cpu) in rows:
        table.add_row(what, f"{clock:.3f}", f"{clock / base:.1f}", f"{cpu:.3f}")
    console.print(table)
    times = {what: clock for what, (clock, _) in rows}
    verdicts = [
        ("stitch without loudness / copying the bytes", times["stitch, loudness off"] / base, "<=", 4.0),
        ("stitch, sound at its level / copying the bytes", times["stitch, sound at its level"] / base, "<=", 4.0),
        ("stitch, sound to be levelled / copying the bytes", times["stitch, sound to be levelled"] / base, "", 0.0),
        ("loudness measured alone / copying the bytes", alone[0] / base, "", 0.0),
        ("one odd part / encoding all of them", odd_part[0] / odd_all[0], "<=", 0.2),
        ("the same in processor time", odd_part[1] / odd_all[1], "<=", 0.2),
        ("encoding all / stitch, sound at its level", full[0] / times["stitch, sound at its level"], "", 0.0),
    ]
    if moviepy is None:
        console.print("moviepy is not installed: `make bench` installs it.")
    else:
        for name in ("sound at its level", "sound to be levelled"):
            verdicts.append((f"moviepy / stitch, {name}", moviepy[0] / times[f"stitch, {name}"], ">=", 100.0))
    for what, ratio, sign, bound in verdicts:
        met = {"<=": ratio <= bound, ">=": ratio >= bound}.get(sign)
        aim = "" if met is None else f"aim {sign} {bound:g}: {'met' if met else 'NOT met'}"
        console.print(f"{what:52} {ratio:8.2f}   {aim}", highlight=False)


if __name__ == "__main__":
    main()
