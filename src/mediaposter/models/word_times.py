"""When each word is said, where the voice itself does not tell: by the letters' times, by ear, or by the pauses."""

import difflib
from collections.abc import Mapping, Sequence

import numpy as np
import regex
from numpy.typing import NDArray

from mediaposter.models.words import TimedWord

Span = tuple[float, float]
_NOT_LETTERS = regex.compile(r"[^\p{L}\p{N}]+")
_CLOSES = (".", "!", "?", "…", ",", ";", ":")
_STEP = 0.01  # seconds of sound looked at as one
_QUIET = 0.02  # of the loudest step; below it nobody speaks: -34 dB
_PAUSE = 0.12  # seconds; shorter silences stand inside words
_READ = 6.0  # letters of the word that a digit or a sign is read as
# Seconds by which Whisper hears words early: the median was 0.09 to 0.13 in five texts spoken by Piper, which knows its
# own times. With it words are 0.05 to 0.08 off, without it 0.11 to 0.15.
_EARLY = 0.1
_NEAR = 0.18  # share of the speech by which a pause may be off from where the text has its mark


def by_letters(text: str, letters: Sequence[str], starts: Sequence[float], ends: Sequence[float]) -> list[TimedWord]:
    """Return the words of `text` by the times of its letters, as ElevenLabs gives them (seconds).

    The letters may differ from the text in what was left out or added: the two rows are matched.
    """
    words = text.split()
    owners = [index for index, word in enumerate(words) for _ in word]
    heard = [(letter, start, end) for letter, start, end in zip(letters, starts, ends, strict=False) if letter.strip()]
    found: dict[int, Span] = {}
    matcher = difflib.SequenceMatcher(None, "".join(words), "".join(letter[0] for letter, _, _ in heard), False)
    for block in matcher.get_matching_blocks():
        for step in range(block.size):
            _, start, end = heard[block.b + step]
            first = found.get(owners[block.a + step])
            found[owners[block.a + step]] = (first[0] if first else start, end)
    return fill(words, found, max(ends, default=0.0))


def by_ear(text: str, heard: Sequence[TimedWord], seconds: float) -> list[TimedWord]:
    """Return the words of `text` at the times of those that were heard; the unheard ones stand between them."""
    words = text.split()
    heard = [word.model_copy(update={"start": word.start + _EARLY, "end": word.end + _EARLY}) for word in heard]
    matcher = difflib.SequenceMatcher(
        None, [_bare(word) for word in words], [_bare(word.text) for word in heard], autojunk=False
    )
    found: dict[int, Span] = {}
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            found |= {
                first + step: (heard[begin + step].start, heard[begin + step].end) for step in range(last - first)
            }
        elif tag == "replace":
            # "2026" was heard as three words: the stretch is theirs together.
            span = heard[begin].start, heard[end - 1].end
            found |= dict(zip(range(first, last), _shared(words[first:last], *span), strict=True))
    return fill(words, found, seconds)


def by_pauses(text: str, samples: NDArray[np.int16], rate: int) -> list[TimedWord]:
    """Return the words of `text` spread over the sound: its marks on the pauses, the words between by their length.

    An estimate, 0.05 to 0.35 seconds off on the mean in five texts: the most in a long sentence without marks or with
    figures in it.
    """
    words = text.split()
    seconds = len(samples) / rate
    stretches = _speech(samples, rate) or [(0.0, seconds)]
    spoken = sum(end - start for start, end in stretches)
    weights = [_weight(word) for word in words]
    total = sum(weights) or 1.0
    gaps: list[float] = []  # seconds of speech before each pause
    for start, end in stretches[:-1]:
        gaps.append((gaps[-1] if gaps else 0.0) + end - start)
    # Phrases end at a mark; each boundary takes the pause nearest to where it should come, if one is near.
    phrases: list[tuple[int, int, float]] = []  # first word, one past the last, seconds of speech at its end
    begin, before = 0, 0.0
    for index, word in enumerate(words):
        if index == len(words) - 1:
            phrases.append((begin, index + 1, spoken))
        elif word.endswith(_CLOSES):
            wish = sum(weights[: index + 1]) / total * spoken
            near = [gap for gap in gaps if gap > before and abs(gap - wish) < _NEAR * spoken]
            if near:
                before = min(near, key=lambda gap: abs(gap - wish))
                phrases.append((begin, index + 1, before))
                begin = index + 1
    found: dict[int, Span] = {}
    moment = 0.0
    for first, last, end in phrases:
        shares = _shared(words[first:last], moment, end)
        for index, (start, stop) in zip(range(first, last), shares, strict=True):
            found[index] = (_in_sound(stretches, start, late=True), _in_sound(stretches, stop, late=False))
        moment = end
    return fill(words, found, seconds)


def fill(words: Sequence[str], found: Mapping[int, Span], seconds: float) -> list[TimedWord]:
    """Return one time for each word, in order and never backwards: those not in `found` share the gap they stand in."""
    spans: list[Span] = []
    index, moment = 0, 0.0
    while index < len(words):
        if index in found:
            start = min(max(found[index][0], moment), seconds)
            moment = min(max(found[index][1], start), seconds)
            spans.append((start, moment))
            index += 1
            continue
        stop = next((other for other in range(index, len(words)) if other in found), len(words))
        until = found[stop][0] if stop in found else seconds
        shares = _shared(words[index:stop], moment, max(moment, min(until, seconds)))
        spans += shares
        moment = shares[-1][1]
        index = stop
    return [
        TimedWord(text=word, start=round(start, 4), end=round(end, 4))
        for word, (start, end) in zip(words, spans, strict=True)
    ]


def _shared(words: Sequence[str], start: float, end: float) -> list[Span]:
    weights = [_weight(word) for word in words]
    unit = (end - start) / (sum(weights) or 1.0)
    spans: list[Span] = []
    for weight in weights:
        spans.append((start, start + weight * unit))
        start = spans[-1][1]
    return spans


def _weight(word: str) -> float:
    """Return how long a word takes beside others: its letters, a digit or sign for the word that it is read as."""
    return 1.0 + sum(_READ if letter.isdigit() or letter in "$€£%&+" else 1.0 for letter in word if _is_read(letter))


def _is_read(letter: str) -> bool:
    return letter.isalnum() or letter in "$€£%&+"


def _speech(samples: NDArray[np.int16], rate: int) -> list[Span]:
    """Return the stretches of sound between pauses, in seconds."""
    step = max(1, round(_STEP * rate))
    rows = samples[: len(samples) // step * step].reshape(-1, step).astype(np.float32)
    if not len(rows):
        return []
    loud = np.sqrt((rows**2).mean(axis=1))
    speaks = np.flatnonzero(loud > _QUIET * loud.max())
    if not len(speaks) or loud.max() == 0:
        return []
    breaks = np.flatnonzero(np.diff(speaks) * _STEP > _PAUSE)
    firsts = [speaks[0], *speaks[breaks + 1]]
    lasts = [*speaks[breaks], speaks[-1]]
    return [(float(first) * _STEP, float(last + 1) * _STEP) for first, last in zip(firsts, lasts, strict=True)]


def _in_sound(stretches: Sequence[Span], spoken: float, *, late: bool) -> float:
    """Return the moment by which so many seconds were spoken; on a pause its end when `late`, else its beginning."""
    for start, end in stretches:
        length = end - start
        if spoken < length - 1e-6 or (not late and spoken <= length + 1e-6):
            return start + spoken
        spoken -= length
    return stretches[-1][1]


def _bare(word: str) -> str:
    return _NOT_LETTERS.sub("", word).casefold()
