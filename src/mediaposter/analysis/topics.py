"""Topics of a text: the phrases that stand in its middle, by RAKE and, where MiniLM is installed, by meaning.

RAKE (Rose et al. 2010): candidates are runs of words between stop words and punctuation; a word scores by how long the
runs are in which it stands. MiniLM then prefers candidates near the whole text and unlike those already chosen.
"""

# ruff: noqa: RUF001 - typographic quotes and dashes are the subject of this file

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import regex

from mediaposter.analysis.sentences import split_sentences, words_of
from mediaposter.analysis.stopwords import is_verb, stopwords
from mediaposter.models import embedding

_RUN = regex.compile(r"[^\p{L}\p{N}'’\- ]+")
_WORDS_MAX = 3
_CANDIDATES_MAX = 60
_ALIKE = 0.75  # cosine; above it two phrases say the same
_FAR = 0.2  # cosine to the whole text; below it a phrase is about something else
_FAR_ALONE = 0.3  # the same for a single word, which is an adjective or a chance noun more often than a topic


@lru_cache(maxsize=8)
def find_topics(text: str, *, language: str = "en", most: int = 8) -> tuple[str, ...]:
    """Return up to `most` topics of `text`, the most central first, in lower case but for names.

    Takes about 10 ms per sentence and candidate: call it in a thread.
    """
    scores = _candidates(text, language)
    if not scores:
        return ()
    phrases = sorted(scores, key=lambda phrase: (-scores[phrase], phrase))[:_CANDIDATES_MAX]
    if not embedding.installed():
        return tuple(_unlike(phrases)[:most])
    return _by_meaning(text, phrases, scores, most)


def _by_meaning(text: str, phrases: list[str], scores: dict[str, float], most: int) -> tuple[str, ...]:
    sentences = split_sentences(text)[:200]
    vectors = embedding.embed([*sentences, *phrases])
    middle = vectors[: len(sentences)].mean(axis=0)
    middle /= np.linalg.norm(middle) or 1
    of_phrases = vectors[len(sentences) :]
    near = of_phrases @ middle
    highest = max(scores.values())
    value = {i: float(near[i]) + 0.25 * scores[phrases[i]] / highest for i in range(len(phrases))}
    chosen: list[int] = []
    for index in sorted(value, key=lambda i: (-value[i], phrases[i])):
        words = set(_stems(phrases[index]))
        alike = any(
            float(of_phrases[index] @ of_phrases[other]) > _ALIKE
            or words <= set(_stems(phrases[other]))
            or set(_stems(phrases[other])) <= words
            for other in chosen
        )
        if near[index] >= (_FAR if " " in phrases[index] else _FAR_ALONE) and not alike:
            chosen.append(index)
        if len(chosen) == most:
            break
    return tuple(phrases[index] for index in chosen)


def _candidates(text: str, language: str) -> dict[str, float]:
    stops = stopwords(language)
    runs: list[tuple[str, ...]] = []
    spelling: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for sentence in split_sentences(text):
        for stretch in _RUN.split(sentence):
            for run in _split_at(words_of(stretch), stops, language):
                for part in _parts(run):
                    key = tuple(word.lower() for word in part)
                    runs.append(key)
                    spelling[key][" ".join(_plain(part, sentence))] += 1
    frequency: Counter[str] = Counter(word for run in runs for word in run)
    degree: Counter[str] = Counter()
    for run in runs:
        for word in run:
            degree[word] += len(run)
    counts = Counter(runs)
    return {
        spelling[run].most_common(1)[0][0]: sum(degree[word] / frequency[word] for word in run) * count**0.5
        for run, count in counts.items()
    }


def _split_at(words: Sequence[str], stops: frozenset[str], language: str) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    plain = [word.lower().replace("’", "'") for word in words]
    for index, word in enumerate(plain):
        before, after = plain[index - 1] if index else "", plain[index + 1] if index + 1 < len(plain) else ""
        empty = word in stops or len(word) < 3 or word.isdigit() or word.endswith(("ly", "n't"))
        if empty or is_verb(word, before, after, language):
            runs.append([])
        else:
            runs[-1].append(words[index])
    # A long run is a list or a slip of the tongue; its end holds the noun, in English at least.
    return [run[-_WORDS_MAX:] for run in runs if run]


def _parts(run: Sequence[str]) -> list[list[str]]:
    """Return a run and, of one of three words, its pairs and words too: "coffee tastes bitter" is about coffee."""
    lengths = (len(run),) if len(run) < _WORDS_MAX else range(1, _WORDS_MAX + 1)
    return [list(run[at : at + size]) for size in lengths for at in range(len(run) - size + 1)]


def _plain(run: Sequence[str], sentence: str) -> list[str]:
    """Lower-case a word unless it is a name: a capital in the middle of a sentence, or inside the word."""
    first = next(iter(words_of(sentence)), "")
    return [
        word if any(c.isupper() for c in word[1:]) or (word[:1].isupper() and word != first) else word.lower()
        for word in run
    ]


def _unlike(phrases: Sequence[str]) -> list[str]:
    chosen: list[str] = []
    for phrase in phrases:
        words = set(_stems(phrase))
        if not any(words & set(_stems(other)) for other in chosen):
            chosen.append(phrase)
    return chosen


def _stems(phrase: str) -> list[str]:
    return [word.lower().removesuffix("'s").removesuffix("s") for word in phrase.split()]
