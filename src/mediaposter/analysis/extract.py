"""Picks sentences worth showing out of a transcript and prompts: the central ones, fit to stand alone."""

# ruff: noqa: RUF001 - typographic quotes and dashes are the subject of this file

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import regex

from mediaposter.analysis.sentences import cut_at_word, split_sentences, tidy, without_end, words_of
from mediaposter.analysis.stopwords import stopwords
from mediaposter.models import embedding

_SENTENCES_MAX = 120  # of a long transcript, its beginning: about ten minutes of speech
_TRANSCRIPT_MIN = 8  # words; less is a shout, not a text
_CHARACTERS_MAX = 500  # of one sentence; more is a text without stops
_SAME = 0.93  # cosine; above it two sentences say the same thing
_HEADLINE_MAX = 70  # characters; what search results and phone screens show of a title
_LEANING = regex.compile(
    r"^(?:it|its|it's|they|they're|he|she|this|that|that's|these|those|then|also|first|second|third|finally|next"
    r"|after that"
    r"|everything else|another|both|there|which|because|or|one of them|number (?:one|two|three|four|five|\d+)"
    # Or soon after: "feed it every day", "we built a new one".
    r"|(?:\S+\s+){1,3}(?:it|them|him|her|these|those)|(?:\S+\s+){1,3}(?:an?|the|new|other) (?:\w+ )?one)\b"
    # Or at the very end: "she taught me that".
    r"|\b(?:that|this|them|one)[.!]?$",
    regex.I,
)
_CALLS = regex.compile(
    r"\b(?:links? in|in (?:the|my|our) bio|link below|in the description|(?:in|to) the comments?"
    r"|follow (?:me|us|for|along)"
    r"|subscribe|leave a comment|comment (?:below|if|your|with|and)|swipe (?:up|left|right)"
    r"|(?:tap|click) (?:the|here|on|below)"
    r"|dm me|sign up|like and|share this|thanks for watching|see you (?:in|next|soon|tomorrow)|check out (?:the|my|our)"
    r"|tag a friend|save this)\b|^(?:grab|download|get|join|order|buy) (?:it|the|your|our|my|a copy|now)\b",
    regex.I,
)
_ORDER = regex.compile(
    r"^(?:please\s+)?(?:create|make|generate|produce|render|film|record|write|design|build|show)\s+(?:me\s+|us\s+)?"
    r"(?:an?|the|some|two|three|\d+)?\s*(?:[\w:,\-]+\s+){0,6}?(?:video|clip|reel|short|shorts|film|ad|advert|animation|post|scene|montage|story)s?\s*"
    r"(?:(?:about|on|of|showing|explaining|that shows|that explains|where|with|for|titled)\s+)?",
    regex.I,
)
_DIRECTED = regex.compile(
    r"^(?:show|explain|describe|introduce|present|highlight|demonstrate|mention|talk about)\s+"
    r"(?=(?:the|an?|how|why|what|our|your|my|its|two|three|\d+)\b)",
    regex.I,
)
_ABOUT_THE_FILM = regex.compile(
    r"\bcall[- ]to[- ]action\b|\bcta\b"
    r"|\b(?:text|logo|music|voice-?over|subtitles?|captions?) (?:on|over|appears?|fades?)\b"
    r"|^(?:end|close|finish|open|begin|start|cut|fade) (?:with|on|to|in|out)\b.*"
    r"\b(?:shot|logo|screen|scene|hook|title)\b",
    regex.I,
)
_SHOT = regex.compile(
    r"\b(?:close-?up|wide shot|drone shot|aerial shot|cinematic|4k|8k|b-?roll|slow motion|bokeh"
    r"|camera (?:pans|moves|zooms)"
    r"|establishing shot|hyper-?realistic|depth of field|dolly|tracking shot)\b",
    regex.I,
)
_LATER = regex.compile(r"^(?:if|when|after|before|because|while|since|although|once|as|though|unless)\b", regex.I)
_SEAM = regex.compile(
    r"\s*(?:;|:| –| —| -)\s+|,\s+(?=(?:and|but|so|because|which|while|then)\b)"
    r"|\s+(?=(?:because|while|so that|although)\b)",
    regex.I,
)


@dataclass(frozen=True)
class Sentence:
    """A sentence that may be shown, and where it comes from, such as `transcript sentence 3`."""

    text: str
    origin: str
    order: int
    centrality: float
    leans: bool  # needs the sentence before it to be understood
    calls: bool  # asks the viewer to do something

    @property
    def words(self) -> int:
        return len(words_of(self.text))


@lru_cache(maxsize=8)  # the accounts of a run are written for one after the other, from the same words
def pool(prompts: tuple[str, ...], transcript: str, language: str = "en") -> tuple[Sentence, ...]:
    """Return the sentences of the transcript, or of the prompts where little is said, in their order, without repeats.

    Takes about 10 ms a sentence where MiniLM is installed: call it in a thread.
    """
    found = [
        (cut_at_word(text, lambda part: len(part) <= _CHARACTERS_MAX), origin)
        for text, origin in _joined(_sentences(prompts, transcript))
    ]
    if not found:
        return ()
    alike = _similarities([text for text, _ in found], language)
    centrality = (alike.sum(axis=1) - 1) / max(1, len(found) - 1)
    kept: list[int] = []
    for index in range(len(found)):
        if all(alike[index, other] < _SAME for other in kept):
            kept.append(index)
    return tuple(
        Sentence(
            text=found[index][0],
            origin=found[index][1],
            order=order,
            centrality=float(centrality[index]),
            leans=bool(_LEANING.search(found[index][0])),
            calls=bool(_CALLS.search(found[index][0])),
        )
        for order, index in enumerate(kept)
    )


def _sentences(prompts: Sequence[str], transcript: str) -> list[tuple[str, str]]:
    spoken = [
        (tidied, f"transcript sentence {number}")
        for number, sentence in enumerate(split_sentences(transcript)[:_SENTENCES_MAX], start=1)
        if (tidied := tidy(sentence))
    ]
    if sum(len(words_of(text)) for text, _ in spoken) >= _TRANSCRIPT_MIN:
        return spoken
    return (_written(prompts) or _raw(prompts))[:_SENTENCES_MAX] + spoken


def _joined(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Make one line of mere keywords ("morning routine", "5 am club"), which are no sentences each."""
    if len(found) < 2 or any(len(words_of(text)) > 3 for text, _ in found):
        return found
    texts = [without_end(text) for text, _ in found]
    lowered = [text if text[:2].isupper() else text[:1].lower() + text[1:] for text in texts[1:]]
    return [(", ".join([texts[0], *lowered]) + ".", ", ".join(origin for _, origin in found))]


def _written(prompts: Sequence[str]) -> list[tuple[str, str]]:
    """Return what prompts say to viewers: orders to the maker of the video are left out or reduced to their subject."""
    ordered = any(_ORDER.match(tidy(prompt)) or _ABOUT_THE_FILM.search(prompt) for prompt in prompts)
    found: list[tuple[str, str]] = []
    for number, prompt in enumerate(prompts, start=1):
        for part, sentence in enumerate(split_sentences(prompt), start=1):
            if _SHOT.search(sentence) or _ABOUT_THE_FILM.search(sentence):
                continue
            text = _ORDER.sub("", tidy(sentence))
            text = tidy(_DIRECTED.sub("", text) if ordered else text)
            if text:
                found.append((text, f"prompt {number} sentence {part}"))
    return found


def _raw(prompts: Sequence[str]) -> list[tuple[str, str]]:
    return [(text, f"prompt {number}") for number, prompt in enumerate(prompts, start=1) if (text := tidy(prompt))]


def _similarities(texts: Sequence[str], language: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    if embedding.installed():
        vectors = embedding.embed(texts)
        return vectors @ vectors.T
    # Without the sentence model: shared words, as LexRank does.
    stops = stopwords(language)
    bags = [{word.lower() for word in words_of(text)} - stops for text in texts]
    alike = [[len(a & b) / ((len(a) * len(b)) ** 0.5 or 1) if a and b else 0.0 for b in bags] for a in bags]
    matrix = np.array(alike, np.float32)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def rank_titles(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Return the sentences that can stand as a title, the best first; all of them where none can."""
    scored = sorted(sentences, key=lambda sentence: (-_title_score(sentence), sentence.order))
    good = [s for s in scored if not s.calls and not s.leans and s.words >= 3]
    return good or [s for s in scored if not s.calls] or scored


def _title_score(sentence: Sentence) -> float:
    text = sentence.text
    score = sentence.centrality
    score += 0.08 if text.endswith("?") else 0.0
    score += 0.06 if any(character.isdigit() for character in text) else 0.0
    score += 0.15 / (1 + sentence.order)  # makers open with what it is about
    score -= 0.15 if len(headline(text)) > _HEADLINE_MAX else 0.0
    score -= 0.1 if sentence.words < 4 else 0.0
    return score - (0.1 if _LATER.match(text) else 0.0)


def headline(text: str) -> str:
    """Return `text` as a title: without its full stop and, where it is long, up to a seam before which it is whole."""
    whole = without_end(text)
    if len(whole) <= _HEADLINE_MAX or _LATER.match(whole):
        return whole
    cut = whole
    for seam in _SEAM.finditer(whole):
        start = whole[: seam.start()].rstrip(" ,;:–—-")
        if len(start) <= _HEADLINE_MAX and len(words_of(start)) >= 5:
            cut = start
    return cut
