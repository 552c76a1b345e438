"""When each word and each scene comes: the timeline of a clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mediaposter.generation.script import Beat, BeatKind, Token
from mediaposter.models.words import TimedWord

LEAD = 0.12  # seconds before the first word
_TAIL, _TAIL_CTA = 0.6, 1.5  # seconds that the last scene stays after its last word
_TAIL_LEAST = 0.3
_EARLY = 0.2  # how long before its first word a scene is there
_CLOSING_WORDS = 11  # a last statement of at most so many words shares its scene with the call to action
READ_WORD, READ_BEAT = 0.27, 0.55  # seconds to read a word, and to take in a new scene (about 220 words a minute)


class Ground(StrEnum):
    """What lies behind a scene."""

    BASE = "base"
    LOUD = "loud"  # a panel in the accent colour
    PICTURE = "picture"


@dataclass(frozen=True)
class Cue:
    """A word and when it is said, in seconds of the clip."""

    token: Token
    start: float
    end: float


@dataclass(frozen=True)
class Scene:
    """What is on the screen from `start` to `end`. `action` is the call to action that joins the last scene."""

    kind: BeatKind
    cues: tuple[Cue, ...]
    start: float
    end: float
    ground: Ground
    number: int = 0
    numbers: int = 0
    action: tuple[Cue, ...] = ()


def speech_cues(beats: Sequence[Beat], words: Sequence[TimedWord]) -> list[tuple[Cue, ...]]:
    """Match the spoken words to the shown ones. A shown word that is not spoken appears with the one before it."""
    rows: list[tuple[Cue, ...]] = []
    position = 0
    moment = LEAD
    for beat in beats:
        row: list[Cue] = []
        for token in beat.tokens:
            count = len(token.spoken.split())
            said = words[position : position + count]
            position += count
            if said:
                start, end = LEAD + said[0].start, LEAD + said[-1].end
            else:
                start, end = moment, moment
            row.append(Cue(token, start, max(end, start)))
            moment = row[-1].end
        rows.append(tuple(row))
    return rows


def reading_cues(beats: Sequence[Beat], seconds: float | None) -> list[tuple[Cue, ...]]:
    """Give each word the time it takes to read, stretched or squeezed to fill `seconds` when given."""
    plain = sum(READ_BEAT + READ_WORD * len(beat.tokens) for beat in beats)
    tail = _TAIL_CTA if beats[-1].kind is BeatKind.CTA else _TAIL
    scale = 1.0 if seconds is None else min(1.6, max(0.2, (seconds - LEAD - tail) / plain))
    rows: list[tuple[Cue, ...]] = []
    moment = LEAD
    for beat in beats:
        row: list[Cue] = []
        for token in beat.tokens:
            length = READ_WORD * scale * (0.6 + 0.4 * min(len(token.shown), 12) / 6)
            row.append(Cue(token, moment, moment + length * 0.9))
            moment += length
        moment += READ_BEAT * scale
        rows.append(tuple(row))
    return rows


def needed_seconds(rows: Sequence[tuple[Cue, ...]], *, least: bool = False) -> float:
    """Return how long a clip with these words must be; with `least`, at the very least."""
    return rows[-1][-1].end + (_TAIL_LEAST if least else _TAIL)


def plan(
    beats: Sequence[Beat],
    rows: Sequence[tuple[Cue, ...]],
    *,
    seconds: float | None,
    fps: int,
    part: int,
    pictures: bool,
) -> list[Scene]:
    """Return the scenes, without gaps, from 0 to the clip's end, which falls on a frame."""
    has_action = beats[-1].kind is BeatKind.CTA
    total = seconds or rows[-1][-1].end + (_TAIL_CTA if has_action else _TAIL)
    total = max(1, round(total * fps)) / fps
    joined = (
        has_action
        and len(beats) > 1
        and beats[-2].kind in {BeatKind.HOOK, BeatKind.STATEMENT}
        and len(beats[-2].tokens) <= _CLOSING_WORDS
    )
    shown = list(beats[:-1]) if joined else list(beats)
    steps = sum(beat.kind is BeatKind.STEP for beat in beats)
    scenes: list[Scene] = []
    before = Ground.BASE
    for index, beat in enumerate(shown):
        row = rows[index]
        start = 0.0 if index == 0 else _start_of(rows[index - 1], row)
        end = total if index == len(shown) - 1 else _start_of(row, rows[index + 1])
        closing = index == len(shown) - 1 and has_action
        ground = _ground(beat.kind, index, before, part=part, pictures=pictures, closing=closing)
        scenes.append(
            Scene(beat.kind, row, start, end, ground, beat.number, steps, rows[-1] if joined and closing else ())
        )
        before = ground
    return scenes


def _start_of(before: tuple[Cue, ...], row: tuple[Cue, ...]) -> float:
    gap = max(0.0, row[0].start - before[-1].end)
    return max(before[-1].end, row[0].start - max(0.04, min(_EARLY, gap * 0.75)))


def _ground(kind: BeatKind, index: int, before: Ground, *, part: int, pictures: bool, closing: bool) -> Ground:
    """Vary the ground: figures and endings shout, and every second part opens loudly; two loud scenes never meet."""
    calm = Ground.PICTURE if pictures else Ground.BASE
    if before is Ground.LOUD:
        return calm
    if closing or kind is BeatKind.NUMBER:
        return Ground.LOUD
    if index == 0:
        return Ground.LOUD if part % 2 == 0 and not pictures else calm
    if kind is BeatKind.STATEMENT and index % 3 == 2 and not pictures:
        return Ground.LOUD
    return calm
