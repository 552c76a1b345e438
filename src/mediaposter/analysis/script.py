"""A transcript put right by the script that was read: who wrote the words knows them better than who heard them."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import regex

from mediaposter.analysis.sentences import split_sentences
from mediaposter.models.transcription import Segment, Transcript
from mediaposter.models.words import HeardWord

_READ = 0.6  # share of words that agree where a script was read; of unlike texts about a tenth does
_NOT_LETTERS = regex.compile(r"[^\p{L}\p{N}]+")


def follow_script(transcript: Transcript, script: str) -> Transcript:
    """Return `transcript` with the words of `script` at the times where they were heard.

    Unchanged when something else was said. A misheard word gives its time to the word that it stands for, a word that
    nobody heard stands in the gap between its neighbours, and what was heard beyond the script is left out.
    """
    said = [word for sentence in split_sentences(script) for word in sentence.split()]
    heard = transcript.words
    matcher = SequenceMatcher(
        None, [_bare(word.text) for word in heard], [_bare(word) for word in said], autojunk=False
    )
    if not said or not heard or matcher.ratio() < _READ:
        return transcript
    words: list[HeardWord] = []
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag == "equal":
            pairs = zip(heard[first:last], said[begin:end], strict=True)
            words += [word.model_copy(update={"text": text}) for word, text in pairs]
        elif tag != "delete":
            words += _spread(said[begin:end], *_span(heard, first, last))
    return transcript.model_copy(update={"words": tuple(words), "segments": tuple(_segments(script, words))})


def _bare(word: str) -> str:
    return _NOT_LETTERS.sub("", word).casefold()


def _span(heard: Sequence[HeardWord], first: int, last: int) -> tuple[float, float, float]:
    """Return start, end and probability of the heard words, or of the gap where there are none."""
    if first < last:
        return heard[first].start, heard[last - 1].end, min(word.probability for word in heard[first:last])
    start = heard[first - 1].end if first else heard[0].start
    end = heard[first].start if first < len(heard) else start
    return start, max(start, end), 0.0


def _spread(texts: Sequence[str], start: float, end: float, probability: float) -> Iterator[HeardWord]:
    letter = (end - start) / sum(len(text) for text in texts)
    for text in texts:
        stop = start + len(text) * letter
        yield HeardWord(text=text, start=round(start, 3), end=round(stop, 3), probability=probability)
        start = stop


def _segments(script: str, words: Sequence[HeardWord]) -> Iterator[Segment]:
    place = 0
    for sentence in split_sentences(script):
        own = words[place : place + len(sentence.split())]
        place += len(own)
        if own:
            yield Segment(text=" ".join(word.text for word in own), start=own[0].start, end=own[-1].end)
