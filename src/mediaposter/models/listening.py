"""Sound made ready for a transcriber that is asked over the network: small, and in pieces that end in a silence."""

import re
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mediaposter.media import ffmpeg
from mediaposter.media.errors import FfmpegError, MediaError
from mediaposter.models.errors import TranscriptionError

RATE = 16_000  # Hz: what speech models listen at
LONGEST = 1_200.0  # seconds of one piece; gpt-4o-transcribe takes 1,500, and 25 MB of this sound are two hours
_SEARCH = 60.0  # seconds before the end of a piece in which a silence is looked for
_BITS = "32k"  # a second: clear for speech in Opus
_SILENCE = re.compile(r"lavfi\.silence_(start|end)=(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Piece:
    """A stretch of the sound: where it begins and how long it is, in seconds, and its file (Ogg Opus)."""

    start: float
    seconds: float
    file: Path


async def whole_sound(media: Path, into: Path) -> float:
    """Write the sound of `media` to the WAV file `into`, its times kept, and return its length in seconds.

    0.0 without a file where `media` has no sound. Raises TranscriptionError for what cannot be read.
    """
    # Sound that begins late is led in by silence, so that a moment in it is a moment of the media.
    chain = f"aresample={RATE}:async=1:first_pts=0"
    try:
        await ffmpeg.run(
            [
                *ffmpeg.input_args(media),
                *("-map", "0:a:0?", "-vn", "-af", chain, "-ac", "1", "-c:a", "pcm_s16le", "-f", "wav", str(into)),
            ]
        )
    except FfmpegError as error:
        if "does not contain any stream" in str(error):
            return 0.0
        raise _unreadable(media, error) from error
    except MediaError as error:
        raise _unreadable(media, error) from error
    with wave.open(str(into), "rb") as file:
        return file.getnframes() / RATE


async def pieces(sound: Path, seconds: float, folder: Path, *, longest: float = LONGEST) -> AsyncIterator[Piece]:
    """Yield the WAV file `sound` in pieces of at most `longest` seconds, cut in silences where there are any."""
    cuts = [0.0, seconds] if seconds <= longest else cut_points(await silences(sound), seconds, longest)
    for number, (start, end) in enumerate(pairwise(cuts)):
        file = folder / f"piece{number}.ogg"
        await ffmpeg.run(
            [
                *("-ss", f"{start:.3f}", "-t", f"{end - start:.3f}", *ffmpeg.input_args(sound)),
                *("-c:a", "libopus", "-b:a", _BITS, "-application", "voip", "-f", "ogg", str(file)),
            ]
        )
        yield Piece(start, end - start, file)
        file.unlink(missing_ok=True)


async def silences(sound: Path) -> list[tuple[float, float]]:
    """Return the silences of half a second and more, in seconds."""
    said = await ffmpeg.capture(
        [*ffmpeg.input_args(sound), "-af", "silencedetect=n=-35dB:d=0.5,ametadata=print:file=-", "-f", "null", "-"]
    )
    found = [(name, float(value)) for name, value in _SILENCE.findall(said.stdout.decode())]
    spans: list[tuple[float, float]] = []
    for (first, start), (last, end) in pairwise(found):
        if (first, last) == ("start", "end"):
            spans.append((start, end))
    return spans


def cut_points(quiet: Sequence[tuple[float, float]], seconds: float, longest: float) -> list[float]:
    """Return where to cut: 0, then in the last silence before each piece would be too long, and the end."""
    cuts = [0.0]
    while seconds - cuts[-1] > longest:
        limit = cuts[-1] + longest
        middles = [(start + end) / 2 for start, end in quiet]
        near = [middle for middle in middles if max(cuts[-1] + 1.0, limit - _SEARCH) <= middle <= limit]
        cuts.append(max(near, default=limit))
    return [*cuts, seconds]


def _unreadable(media: Path, error: Exception) -> TranscriptionError:
    return TranscriptionError(
        f"The speech of {media.name} could not be transcribed: {error}",
        fix="Check that the file plays and has sound, or run without speech to text.",
    )
