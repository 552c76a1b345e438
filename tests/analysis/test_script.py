"""What was read is known better than it was heard."""

from itertools import pairwise

import pytest

from mediaposter.analysis.script import follow_script
from mediaposter.models.transcription import Segment, Transcript
from mediaposter.models.words import HeardWord

pytestmark = pytest.mark.feature("ARCH-003")
SCRIPT = "Three drops a day. That is all a fern asks for."


def heard(text: str) -> Transcript:
    """A transcript with half a second for each word."""
    words = tuple(
        HeardWord(text=word, start=n / 2, end=n / 2 + 0.4, probability=0.9) for n, word in enumerate(text.split())
    )
    return Transcript(language="en", segments=(Segment(text=text, start=0, end=words[-1].end),), words=words)


def test_misheard_words_become_those_of_the_script() -> None:
    assert follow_script(heard("Free drops a day that is all a foreign ask for"), SCRIPT).text == SCRIPT


def test_each_word_keeps_the_time_at_which_it_was_heard() -> None:
    words = follow_script(heard("Free drops a day that is all a foreign ask for"), SCRIPT).words
    assert [(word.text, word.start) for word in words[:4]] == [
        ("Three", 0.0),
        ("drops", 0.5),
        ("a", 1.0),
        ("day.", 1.5),
    ]
    assert all(one.end <= two.start for one, two in pairwise(words))


def test_sentences_of_the_script_become_the_segments() -> None:
    segments = follow_script(heard("Free drops a day that is all a foreign ask for"), SCRIPT).segments
    assert [(one.text, one.start) for one in segments] == [
        ("Three drops a day.", 0.0),
        ("That is all a fern asks for.", 2.0),
    ]


def test_a_word_that_nobody_heard_stands_between_its_neighbours() -> None:
    words = follow_script(heard("Three drops day that is all a fern asks for"), SCRIPT).words
    missing = words[2]
    assert (missing.text, missing.start, missing.end) == ("a", 0.9, 1.0)


def test_what_was_heard_beyond_the_script_is_left_out() -> None:
    assert follow_script(heard("Three drops a day um that is all a fern asks for"), SCRIPT).text == SCRIPT


def test_other_speech_stays_as_it_was_heard() -> None:
    other = heard("Today we are building a robot that waters the plants of our house")
    assert follow_script(other, SCRIPT) is other


@pytest.mark.parametrize("script", ["", "  ", "..."])
def test_an_empty_script_changes_nothing(script: str) -> None:
    spoken = heard("Three drops a day")
    assert follow_script(spoken, script) is spoken
