"""Recognising a text of ours among an account's posts: platforms trim, escape and shorten what they are given."""

import html

import regex

_TAG = regex.compile(r"<[^>]+>")
_BREAK = regex.compile(r"<br\s*/?>|</p>", regex.IGNORECASE)
_URL = regex.compile(r"(?:https?://|www\.)\S+|\b\S+\.\S+/\S*")
_SPACE = regex.compile(r"\s+")
_INVISIBLE = regex.compile(r"[\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]")


def same_text(ours: str, theirs: str) -> bool:
    """Say whether two texts are the same post: whatever their spaces, entities, markup and links' spelling are."""
    return bool(plain(ours)) and plain(ours) == plain(theirs)


def plain(text: str) -> str:
    """Return a text for comparison: no markup, one space at most, every link as one mark, case kept."""
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return _SPACE.sub(" ", _URL.sub("<link>", _INVISIBLE.sub("", text))).strip()
