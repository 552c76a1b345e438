"""Cuts running text into sentences and words, and mends what speech and prompts leave rough. Rules only, no model."""

# ruff: noqa: RUF001 - typographic quotes and dashes are the subject of this file

from collections.abc import Callable, Sequence

import regex

from mediaposter.analysis.stopwords import words

Fits = Callable[[str], bool]
_ABBREVIATIONS = ("mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "no", "inc", "approx", "jr", "sr")
_END = regex.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[\p{Lu}\p{N}\p{Lo}])|\s*[\r\n]+\s*|(?<=[。！？])")
_WORD = regex.compile(r"[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*")
_URL = regex.compile(r"(?:https?://|www\.)\S+")
_FILLER = regex.compile(
    r"^(?:(?:and|but|um+|uh+|yeah|okay|ok|so(?! (?:many|much|few|far|good|long)\b))\b,?\s+"
    r"|(?:well|now|like|you know|i mean|alright|right|look|listen),\s+)+",
    regex.I,
)
_GREETING = regex.compile(
    r"^(?:(?:hey|hi|hello|yo|what's up|good (?:morning|afternoon|evening))"
    r"(?:\s+(?:guys|everyone|everybody|folks|friends|there|all|people))?[,.!]*\s+)?"
    r"(?:welcome(?: back)?(?: to (?:the|my|our|another|a new)(?: \w+){1,3}?"
    r"(?=[,.!]|$|\s+(?:today|in this|so|where|i|we)\b))?[,.!]*\s*)?",
    regex.I,
)
_ANNOUNCED = regex.compile(
    r"^(?:today|in (?:this|today's) (?:video|episode|one|clip))?,?\s*(?:i|we)\s*(?:'m|'re|'ll| am| are| will)?\s*"
    r"(?:want to|wanna|going to|gonna|would like to|'d like to)?\s*"
    r"(?:talk(?:ing)?(?: to you)? about|tell(?:ing)? you (?:about)?|explain(?:ing)?|discuss(?:ing)?)\s+"
    r"(?=(?:why|how|what|when|where|who|the|an?|my|our|your|\d+|two|three|four|five)\b)",
    regex.I,
)
_BREATH = regex.compile(
    r",?\s+(?=(?:and|but|because|that means|which means)\s+(?:i|we|you|they|he|she|it|your|my|our|the|if|in|there)\b"
    r"|so\s+(?!that|much|many|far|good|long|it|be)\w+)",
    regex.I,
)
_RUN_ON = 40  # words; nobody reads a sentence of more
# How people mark the parts of a prompt. The marks are for the maker, not for the reader.
_LABEL = regex.compile(
    r"^\s*(?:[-*•#>]+\s*|\d{1,2}[.)]\s+)?(?:(?:hook|intro|opening|part|scene|shot|clip|title|caption|text|tension|problem"
    r"|solution|resolution|outro|cta|call to action|voice ?over|narrator|narration|script|prompt|video)"
    r"\s*\d{0,2}\s*[:\-–—]\s+)+",
    regex.I,
)
_DIRECTION = regex.compile(r"[\[(](?:[^\])]{0,80})[\])]")


def split_sentences(text: str) -> list[str]:
    """Return the sentences of `text`, without blanks around them and without empty ones."""
    parts: list[str] = []
    for piece in _END.split(text):
        cleaned = " ".join((piece or "").split())
        if not cleaned:
            continue
        if parts and _ends_in_abbreviation(parts[-1]):
            parts[-1] += f" {cleaned}"
        else:
            parts.append(cleaned)
    return [clause for part in parts for clause in _clauses(part)]


def _clauses(sentence: str) -> list[str]:
    """Cut what was said in one breath where a speaker would breathe; a sentence of ordinary length stays whole."""
    if len(words_of(sentence)) <= _RUN_ON:
        return [sentence]
    clauses: list[str] = []
    for piece in _BREATH.split(sentence):
        if clauses and (len(words_of(clauses[-1])) < 5 or len(words_of(piece)) < 5):
            clauses[-1] += f" {piece}"
        else:
            clauses.append(piece)
    return clauses


def words_of(text: str) -> list[str]:
    """Return the words of `text` as written, links left out."""
    return _WORD.findall(_URL.sub(" ", text))


def tidy(sentence: str) -> str:
    """Return `sentence` fit to be read: no labels, stage directions, links or fillers; a capital and an end."""
    text = _LABEL.sub("", sentence)
    text = _URL.sub("", _DIRECTION.sub("", text))
    text = " ".join(text.replace("#", "").split()).strip(' -–—•*>"“”')
    text = _FILLER.sub("", text)
    text = _ANNOUNCED.sub("", _FILLER.sub("", _GREETING.sub("", text)))
    text = regex.sub(r"\s+([,.!?;:])", r"\1", text)
    text = regex.sub(r"([,;:])(?=[.!?]|$)", "", text)
    if not text or not regex.search(r"[\p{L}\p{N}]", text):
        return ""
    text = _capitalised(text)
    return text if text[-1] in ".!?…。！？" else f"{text}."


def without_end(sentence: str) -> str:
    """Return `sentence` as a title: without the full stop, but with its question or exclamation mark."""
    return sentence.rstrip(" .…。")


def cut_at_word(text: str, fits: Fits) -> str:
    """Return as much of the start of `text` as fits, whole words only, no word left hanging, with an ellipsis."""
    if fits(text):
        return text
    pieces = text.split(" ")
    low, high = 0, len(pieces)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(_shortened(pieces[:middle])):
            low = middle
        else:
            high = middle - 1
    return _shortened(pieces[:low]) if low else _cut_word(text, fits)


def _shortened(pieces: Sequence[str]) -> str:
    kept = list(pieces)
    while len(kept) > 1 and kept[-1].strip(",;:–—-").lower() in words("dangling.en"):
        kept.pop()
    return " ".join(kept).rstrip(" ,;:–—-.!?…") + "…" if kept else ""


def _cut_word(text: str, fits: Fits) -> str:
    # One word longer than the limit (or a language without blanks): cut between characters as they are seen.
    graphemes: list[str] = regex.findall(r"\X", text)
    low, high = 0, len(graphemes)
    while low < high:
        middle = (low + high + 1) // 2
        if fits("".join(graphemes[:middle]).rstrip() + "…"):
            low = middle
        else:
            high = middle - 1
    return "".join(graphemes[:low]).rstrip() + "…" if low else ""


def _capitalised(text: str) -> str:
    match = regex.search(r"[\p{L}\p{N}]", text)
    if match is None or not match.group().isalpha():
        return text
    # iPhone, eBay: a capital inside the word means that its writer knew better.
    word = _WORD.search(text, match.start())
    if word and any(character.isupper() for character in word.group()[1:]):
        return text
    at = match.start()
    return text[:at] + text[at].upper() + text[at + 1 :]


def _ends_in_abbreviation(text: str) -> bool:
    last = text.rsplit(" ", 1)[-1].lower().rstrip(".")
    return text.endswith(".") and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last != "i"))
