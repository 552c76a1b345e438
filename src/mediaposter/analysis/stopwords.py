"""Word lists, kept as plain text beside this file: what keywords, hashtags and titles must not be made of."""

from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("words")


@lru_cache
def words(name: str) -> frozenset[str]:
    """Return the words of the list `name`, such as `stop.en`; no words where there is no such list."""
    file = _FOLDER / f"{name}.txt"
    return frozenset(file.read_text(encoding="utf-8").split()) if file.exists() else frozenset()


def stopwords(language: str) -> frozenset[str]:
    """Return the stop words of a two-letter language, the English ones where we have no list of it."""
    return words(f"stop.{language[:2].lower()}") or words("stop.en")


def is_verb(word: str, before: str, after: str, language: str) -> bool:
    """Say whether an English `word` between two others is more likely what is done than what it is done with."""
    if language[:2].lower() != "en":
        return False
    if word in words("verbs.en") or _stem(word) in words("verbs.en"):
        return True
    if before in {"and", "or", "that", "which", "who"}:
        # "that waters plants", "and waters only when": a plural would hardly stand here.
        return word.endswith("s") and (before not in {"and", "or"} or after in words("stop.en"))
    return before in words("before-verbs.en")


def _stem(word: str) -> str:
    if not word.endswith("ing") or len(word) < 6:
        return word
    stem = word[:-3]
    if stem[-1:] == stem[-2:-1]:
        return stem[:-1]
    return stem if stem in words("verbs.en") else f"{stem}e"
