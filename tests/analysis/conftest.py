"""Tiny real films for the analysis, made once by ffmpeg."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mediaposter.media.facts import MediaFacts
from mediaposter.media.ffmpeg import executable
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe

Make = Callable[..., Path]


def ffmpeg(*args: str) -> None:
    subprocess.run([str(executable()), "-v", "error", "-y", *args], check=True)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def facts_of(path: Path) -> MediaFacts:
    return probe(path, MediaLimits())


@pytest.fixture(scope="session")
def film(films: Path) -> Path:
    """Six seconds: red, a moving test picture from 2.0, blue from 4.4; a loud tone with two silent seconds in it.

    Key frames lie two seconds apart whatever the picture does, so the second cut is between two of them.
    """
    file = films / "film.mp4"
    graph = (
        "color=0x901010:s=180x320:r=25:d=2[a];testsrc2=s=180x320:r=25:d=2.4[b];color=0x101090:s=180x320:r=25:d=1.6[c];"
        "[a][b][c]concat=n=3:v=1,format=yuv420p[v];"
        "sine=f=440:r=48000:d=6,volume=6dB,volume=0:enable='between(t,3,5)'[s]"
    )
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-sc_threshold", "0", "-c:a", "aac", "-t", "6"]
    ffmpeg("-filter_complex", graph, "-map", "[v]", "-map", "[s]", *encode, str(file))
    return file


@pytest.fixture(scope="session")
def long_film(films: Path) -> Path:
    """A film too long to be looked at in full: cuts at 9.4 and 22.6, key frames every two seconds, the last at 22."""
    file = films / "long.mp4"
    graph = (
        "color=red:s=90x160:r=25:d=9.4[a];testsrc2=s=90x160:r=25:d=13.2[b];color=blue:s=90x160:r=25:d=1.4[c];"
        "[a][b][c]concat=n=3:v=1,format=yuv420p[v]"
    )
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-sc_threshold", "0"]
    ffmpeg("-filter_complex", graph, "-map", "[v]", *encode, str(file))
    return file


@pytest.fixture(scope="session")
def mute_film(films: Path) -> Path:
    """One second of one colour without sound."""
    file = films / "mute.mp4"
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        "color=0x204080:s=320x180:r=25:d=1",
        "-pix_fmt",
        "yuv420p",
        "-preset",
        "ultrafast",
        str(file),
    )
    return file


@pytest.fixture(scope="session")
def tone(films: Path) -> Path:
    """Two seconds of sound without a picture."""
    file = films / "tone.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=1000:r=48000:d=2", str(file))
    return file
