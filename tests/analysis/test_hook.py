"""The reading of the opening: each rule in words, and the verdict out of them."""

import pytest

from mediaposter.analysis.hook import read_hook
from mediaposter.analysis.picture import Frames
from mediaposter.analysis.schemas import Hook, HookVerdict, Loudness
from mediaposter.models.transcription import Segment, Transcript
from mediaposter.models.words import HeardWord

pytestmark = pytest.mark.feature("ARCH-003")
MOVING = Frames(times=tuple(i / 25 for i in range(75)), change=(2.0,) * 75, score=(0.0,) * 75)
STILL = Frames(times=MOVING.times, change=(0.0,) * 75, score=(0.0,) * 75)
LOUD = Loudness(integrated=-14, range=3, true_peak=-1)


def said(text: str, *, start: float = 0.1, step: float = 0.4) -> Transcript:
    words = tuple(
        HeardWord(text=word, start=start + i * step, end=start + i * step + step * 0.9, probability=1)
        for i, word in enumerate(text.split())
    )
    return Transcript(language="en", words=words, segments=(Segment(text=text, start=0, end=9),))


def read(
    transcript: Transcript | None = None, frames: Frames | None = MOVING, loudness: Loudness | None = LOUD
) -> Hook:
    return read_hook(seconds=3.0, transcript=transcript, frames=frames, loudness=loudness)


def test_quick_speech_over_a_moving_picture_is_strong() -> None:
    assert read(said("Why does your coffee taste bitter every morning?")).verdict is HookVerdict.STRONG


def test_silence_over_a_still_picture_is_weak() -> None:
    assert read(None, STILL, Loudness(integrated=None, range=None, true_peak=None)).verdict is HookVerdict.WEAK


def test_a_late_first_word_is_held_against_it() -> None:
    assert "The first word comes only after 1.5 seconds." in read(said("Here we go", start=1.5)).reasons


def test_a_greeting_is_held_against_it() -> None:
    assert "It opens with a greeting instead of the point." in read(said("Hey guys welcome back to us")).reasons


def test_a_question_is_named() -> None:
    assert "It opens with a question." in read(said("Have you ever burned your bread?")).reasons


def test_the_pace_is_words_per_minute_of_speech() -> None:
    assert read(said("one two three four five", step=0.5)).pace == pytest.approx(122, abs=2)


def test_two_words_have_no_pace() -> None:
    assert read(said("Well hello")).pace is None


def test_only_words_of_the_opening_count() -> None:
    assert read(said("one two three four", step=1.0)).words == "one two three"


def test_no_words_heard_is_said_only_when_somebody_listened() -> None:
    reasons = read(None).reasons
    assert not any("speaks" in reason for reason in reasons)


def test_a_cut_is_not_counted_as_motion() -> None:
    jump = (*(0.0,) * 40, 90.0, *(0.0,) * 34)
    cut = Frames(times=MOVING.times, change=jump, score=jump)
    hook = read(None, cut)
    assert (hook.motion, hook.cuts) == (0.0, 1)


def test_without_a_picture_there_is_no_motion() -> None:
    assert read(said("Only sound here today"), None).motion is None


def test_a_transcript_without_times_says_nothing_of_the_opening() -> None:
    untimed = Transcript(language="", segments=(Segment(text="Hello there", start=0, end=9),), timed=False)
    assert not any("speak" in reason or "word" in reason for reason in read(untimed).reasons)
