"""Loudness and true peaks: measured right, and levelled by the least that is needed."""

import math
import re
import subprocess
from pathlib import Path

import pytest

from mediaposter.media import ffmpeg, loudness
from mediaposter.media.loudness import Loudness
from tests.media.conftest import run_ffmpeg

pytestmark = pytest.mark.feature("ARCH-002")
SOURCES = {
    "a sine": "sine=f=997:r=48000:d=3,volume=6dB",
    "pink noise": "anoisesrc=c=pink:r=48000:a=0.5:d=3:seed=3",
    "white noise": "anoisesrc=c=white:r=48000:a=0.7:d=3:seed=4",
    "clicks": "aevalsrc='0.9*lt(mod(t,0.4),0.0003)*sin(2*PI*7000*t)':s=48000:d=3",
    "between the samples": "aevalsrc='0.9*sin(2*PI*12000*t+PI/4)':s=48000:d=3",
}


@pytest.fixture(params=list(SOURCES))
def sound(request: pytest.FixtureRequest, media_folder: Path) -> Path:
    path = media_folder / f"{request.param.replace(' ', '-')}.wav"
    if not path.exists():
        run_ffmpeg("-f", "lavfi", "-i", f"{SOURCES[request.param]},aformat=channel_layouts=stereo", path)
    return path


def by_ffmpeg(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak, as ffmpeg's own program says."""
    command = [str(ffmpeg.executable()), "-nostdin", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    integrated = re.findall(r"I: +(-?[\d.]+) LUFS", said)[-1]
    return float(integrated), float(re.findall(r"Peak: +(-?[\d.]+|-inf) dBFS", said)[-1])


def test_it_measures_what_ffmpeg_measures(sound: Path) -> None:
    found = loudness.measure([sound])
    integrated, peak = by_ffmpeg(sound)

    assert found.integrated == pytest.approx(integrated, abs=0.15)
    assert found.true_peak == pytest.approx(peak, abs=0.15)


def test_the_last_moment_counts(media_folder: Path) -> None:
    path = media_folder / "late.wav"
    late = "0.8*gt(t,0.9)*sin(2*PI*997*t)"
    run_ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{late}|{late}':s=48000:d=1", path)

    assert loudness.measure([path]).true_peak == pytest.approx(20 * math.log10(0.8), abs=0.3)


def test_several_files_are_measured_as_one(media_folder: Path) -> None:
    loud, quiet = media_folder / "loud.wav", media_folder / "quiet.wav"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=2,volume=10dB", loud)
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=2", quiet)

    apart = [loudness.measure([path]).integrated or 0 for path in (loud, quiet)]
    both = loudness.measure([loud, quiet]).integrated

    assert both is not None
    assert apart[1] < both < apart[0]


def test_silence_is_not_levelled() -> None:
    plan = loudness.plan(Loudness(None, -math.inf), target=-14, true_peak=-1)

    assert not plan.needed
    assert "silent" in plan.note


@pytest.mark.parametrize(
    ("integrated", "peak", "gain", "limited"),
    [
        (-14.0, -3.0, 0.0, False),
        (-14.4, -1.2, 0.0, False),
        (-14.6, -9.0, 0.6, False),
        (-20.0, -10.0, 6.0, False),
        (-20.0, -6.0, 6.0, True),
        (-8.0, 0.0, -6.0, False),
        (-14.0, 0.5, 0.0, True),
    ],
)
def test_the_least_is_done(integrated: float, peak: float, gain: float, limited: bool) -> None:
    plan = loudness.plan(Loudness(integrated, peak), target=-14, true_peak=-1)

    assert plan.gain_db == pytest.approx(gain)
    assert (plan.ceiling is not None) == limited


def test_limiting_has_an_end() -> None:
    plan = loudness.plan(Loudness(-40.0, -2.0), target=-14, true_peak=-1)

    assert plan.gain_db < 26
    assert "allow no more" in plan.note


@pytest.mark.parametrize("tone", [997, 4000, 12000, 15000])
def test_a_quick_measure_never_says_less_than_the_true_peak(tone: int, media_folder: Path) -> None:
    path = media_folder / f"hidden{tone}.wav"
    # At a quarter of the rate and an eighth of a turn off, every sample misses the crest by as much as can be.
    wave = f"0.5*sin(2*PI*{tone}*t+PI/4)"
    run_ffmpeg("-f", "lavfi", "-i", f"aevalsrc='{wave}|{wave}':s=48000:d=1", path)
    exact, quick = (loudness.measure([path], exact=exact) for exact in (True, False))

    assert exact.true_peak <= quick.true_peak <= exact.true_peak + 3.7
    assert quick.integrated == exact.integrated
