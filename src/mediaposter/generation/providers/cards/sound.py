"""The sound of a clip: the voice, levelled to -14 LUFS with peaks below -1 dBTP, or silence in the same format."""

import math
import re
from pathlib import Path

from mediaposter.media import ffmpeg

RATE = 48_000
LOUDNESS = -14.0  # LUFS, integrated (ITU-R BS.1770); what the platforms play at
_CEILING = -2.0  # dBTP before AAC, which adds up to a decibel
_VOICE = "highpass=f=75,acompressor=threshold=0.08:ratio=2.6:attack=6:release=140,treble=g=1.5:f=6000"
_INTEGRATED = re.compile(r"I:\s+(-?\d+(?:\.\d+)?|-?inf|nan) LUFS")


async def level(voice: Path, into: Path, *, lead: float, seconds: float) -> None:
    """Write the stereo track of a clip of `seconds`: `lead` seconds of silence, then the voice, levelled."""
    # Measured as it will be heard: with the silence around it, in stereo, behind the limiter.
    gain = LOUDNESS - await _measure(voice, f"{_VOICE},{_placed(lead, seconds)}")
    for _ in range(3):
        missing = LOUDNESS - await _measure(voice, f"{_chain(gain)},{_placed(lead, seconds)}")
        gain += min(max(missing, -6.0), 6.0)
        if abs(missing) < 0.3:
            break
    filters = f"{_chain(gain)},{_placed(lead, seconds)}"
    await ffmpeg.run(
        [*ffmpeg.input_args(voice), "-af", filters, "-c:a", "pcm_s16le", "-f", "wav", str(into)], timeout=120
    )


def _chain(gain: float) -> str:
    limit = 10 ** (_CEILING / 20)
    return (
        f"{_VOICE},volume={gain:.2f}dB,aresample={RATE * 4},"
        f"alimiter=limit={limit:.4f}:level=false:attack=2:release=60:latency=true,aresample={RATE}"
    )


def _placed(lead: float, seconds: float) -> str:
    end = f"apad=whole_dur={seconds:.4f},atrim=end={seconds:.4f}"
    return f"aformat=channel_layouts=stereo,adelay={round(lead * 1000)}:all=1,{end}"


async def _measure(voice: Path, chain: str) -> float:
    """Return the integrated loudness after `chain`, in LUFS; what cannot be measured counts as right."""
    said = await ffmpeg.capture(
        [*ffmpeg.input_args(voice), "-af", f"{chain},ebur128=framelog=quiet", "-f", "null", "-"], timeout=120
    )
    found = _INTEGRATED.findall(said.stderr)
    loudness = float(found[-1]) if found else math.nan
    # Below the gate of -70 there is nothing to measure: a word too short for a block of 400 ms.
    return loudness if math.isfinite(loudness) and loudness > -60 else LOUDNESS
