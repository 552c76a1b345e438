"""Reads the first three seconds: what they hold, measured, and what speaks for and against them, by rules in words.

The rules are a reading aid and not a prediction: they say what can be measured, and nothing here claims to know how
many viewers stay. Where a rule has a limit, its source stands next to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mediaposter.analysis.picture import Frames
from mediaposter.analysis.schemas import Hook, HookVerdict, Loudness
from mediaposter.models.transcription import Transcript
from mediaposter.models.words import TimedWord

SECONDS = 3.0
_SPEECH_BY = 1.0  # seconds; a third of the opening gone without a word
# English conversation runs at about 150 words a minute (National Center for Voice and Speech); the two limits around it
# are ours, chosen so that ordinary speech is praised and only what strikes a listener is not.
_SLOW, _FAST = 110, 250
# Mean change between neighbouring frames in percent, measured on our test films: a frozen picture 0.0, a still one with
# a small clock running in it 0.1 to 0.3, a slow drift over grain about 1.
_STILL = 0.05
_LIVELY = 0.8
_QUIET = -24.0  # LUFS: 10 LU below the -14 that the large platforms play at
_OPENERS = ("hi", "hey", "hello", "welcome", "so today", "in this video", "what's up", "good morning")


@dataclass(frozen=True)
class _Point:
    good: bool
    words: str


def read_hook(
    *,
    seconds: float,
    transcript: Transcript | None,
    frames: Frames | None,
    loudness: Loudness | None,
) -> Hook:
    """Return the reading of the first `seconds` (three, or the whole of something shorter)."""
    words = [word for word in (transcript.words if transcript else ()) if word.start < seconds]
    motion = _motion(frames)
    cuts = len(frames.cuts) if frames else 0
    loud = loudness.integrated if loudness else None
    points = [
        *_speech_points(words, transcript is not None and transcript.timed),
        *_picture_points(motion, cuts),
        *_sound_points(loudness),
    ]
    return Hook(
        seconds=round(seconds, 3),
        words=" ".join(word.text for word in words),
        pace=_pace(words),
        speech_starts=words[0].start if words else None,
        motion=None if motion is None else round(motion, 2),
        loudness=loud,
        cuts=cuts,
        verdict=_verdict(points),
        reasons=tuple(point.words for point in points),
    )


def _speech_points(words: Sequence[TimedWord], heard: bool) -> list[_Point]:
    if not heard:
        return []
    if not words:
        return [_Point(False, "Nobody speaks in the first three seconds.")]
    points: list[_Point] = []
    start = words[0].start
    if start <= _SPEECH_BY:
        points.append(_Point(True, "The first word comes within a second."))
    else:
        points.append(_Point(False, f"The first word comes only after {start:.1f} seconds."))
    said = " ".join(word.text for word in words)
    if said.lower().startswith(_OPENERS):
        points.append(_Point(False, "It opens with a greeting instead of the point."))
    elif "?" in said or said.lower().startswith(("how", "why", "what", "who", "when", "did you", "do you", "have you")):
        points.append(_Point(True, "It opens with a question."))
    if any(character.isdigit() for character in said):
        points.append(_Point(True, "It names a number."))
    pace = _pace(words)
    if pace is not None and pace < _SLOW:
        points.append(_Point(False, f"Speech is slow, {pace:.0f} words a minute."))
    elif pace is not None and pace > _FAST:
        points.append(_Point(False, f"Speech is hard to follow, {pace:.0f} words a minute."))
    elif pace is not None:
        points.append(_Point(True, f"Speech has an easy pace, {pace:.0f} words a minute."))
    return points


def _picture_points(motion: float | None, cuts: int) -> list[_Point]:
    if motion is None:
        return []
    if cuts:
        return [_Point(True, f"The picture cuts {'once' if cuts == 1 else f'{cuts} times'} in three seconds.")]
    if motion < _STILL:
        return [_Point(False, "The picture stands almost still.")]
    if motion >= _LIVELY:
        return [_Point(True, "The picture moves.")]
    return []


def _sound_points(loudness: Loudness | None) -> list[_Point]:
    if loudness is None:
        return [_Point(False, "There is no sound.")]
    if loudness.integrated is None:
        return [_Point(False, "The opening is silent.")]
    if loudness.integrated < _QUIET:
        return [_Point(False, f"The opening is quiet, {loudness.integrated:.0f} LUFS.")]
    return [_Point(True, f"The opening is loud enough, {loudness.integrated:.0f} LUFS.")]


def _verdict(points: Sequence[_Point]) -> HookVerdict:
    good, bad = sum(point.good for point in points), sum(not point.good for point in points)
    if good >= 2 and bad == 0:
        return HookVerdict.STRONG
    return HookVerdict.WEAK if bad > good else HookVerdict.FAIR


def _pace(words: Sequence[TimedWord]) -> float | None:
    # Under three words a minute's pace is a guess: the pause after the last word decides it.
    if len(words) < 3:
        return None
    spoken = words[-1].end - words[0].start
    return round(len(words) / spoken * 60, 0) if spoken > 0 else None


def _motion(frames: Frames | None) -> float | None:
    if frames is None or len(frames.change) < 2:
        return None
    # A cut is no motion: its frame would outweigh all others.
    moving = [value for time, value in zip(frames.times, frames.change, strict=True) if time not in frames.cuts][1:]
    return sum(moving) / len(moving) if moving else 0.0
