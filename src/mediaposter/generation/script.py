# ruff: noqa: RUF001 - dashes and quotation marks of many languages are meant
"""From a prompt to the words of a clip: beats that are shown and spoken, one scene each.

Nothing is invented. The writer cuts what it was given into pieces that fit a screen, takes away instructions and labels
("Make a video about ...", "Hook:"), and finds out which pieces are steps of a list. The words stay the caller's own.
"""

from dataclasses import dataclass
from enum import StrEnum

import regex

from mediaposter.core.errors import InvalidInputError
from mediaposter.generation.schemas import ClipRequest

SCENE_WORDS = 12  # the most words that a scene shows at a readable size
_STEP_WORDS = 14


class BeatKind(StrEnum):
    """What a beat is for, which decides how it looks."""

    HOOK = "hook"
    STATEMENT = "statement"
    STEP = "step"
    NUMBER = "number"
    QUOTE = "quote"
    CTA = "cta"


@dataclass(frozen=True)
class Token:
    """A word as it is shown and as it is spoken, and whether it carries the beat."""

    shown: str
    spoken: str
    strong: bool = False


@dataclass(frozen=True)
class Beat:
    """Words that share a scene. Steps know their number."""

    kind: BeatKind
    tokens: tuple[Token, ...]
    number: int = 0

    @property
    def spoken(self) -> str:
        """The words as spoken."""
        return " ".join(token.spoken for token in self.tokens if token.spoken)

    @property
    def text(self) -> str:
        """The words as shown."""
        return " ".join(token.shown for token in self.tokens)


_LABEL = regex.compile(
    r"^(?:(?:hook|setup|tension|conflict|problem|story|middle|resolution|solution|payoff|ending|outro|intro|"
    r"scene|part|prompt|script|clip)(?:\s+(?:\d+|one|two|three)(?:\s*(?:/|of)\s*\d+)?)?\s*[:\-–—]\s+)+",
    regex.IGNORECASE,
)
_CTA_LABEL = regex.compile(r"(?:^|(?<=[.!?…\n]))\s*(?:cta|call to action)\s*[:\-–—]\s*([^\n]+)", regex.IGNORECASE)
_ORDER = regex.compile(
    r"^(?:please\s+)?(?:make|create|generate|write|produce|film|show|give)\s+(?:me\s+|us\s+)?(?:an?\s+|the\s+|some\s+)?"
    r"(?:[\w\-]+\s+){0,4}?(?:video|clip|short|reel|tiktok|post|ad|story|animation|explainer)s?\s+"
    r"(?:about|on|explaining|showing|that\s+(?:explains|shows|says)|of|for|telling)\s+",
    regex.IGNORECASE,
)
_PICTURE = regex.compile(
    r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\u20e3\U000e0020-\U000e007f]"
)
_KEPT_SIGNS = frozenset("©®™#*0123456789")
_CONTROL = regex.compile(r"[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]")
_SENTENCE_END = regex.compile(r"(?<=[.!?…。！？؟]['\"”’)\]]?)\s+(?=[^\p{Ll}\s])|\n+")
_ABBREVIATION = regex.compile(r"(?:^|\s)(?:[A-Z]|Dr|Mr|Mrs|Ms|St|Prof|vs|etc|e\.g|i\.e|No|approx)\.$")
_BULLET = regex.compile(r"^\s*(?:[-*•–—▪●]|\(?\d{1,2}[.)])\s+")
_INLINE_NUMBERS = regex.compile(r"(?:(?<=^)|(?<=[\s:;,.]))\(?([1-9])[.)]\s+(?=\S)")
_ENUMERATION = regex.compile(r"^(?P<lead>[^:]{3,90}):\s+(?P<items>.+?)[.!]?$", regex.DOTALL)
_URL = regex.compile(r"^(?:https?://|www\.)\S+$", regex.IGNORECASE)
_QUOTE = regex.compile(r"^[\"“«„](.{8,})[\"”»“][.!?]?$", regex.DOTALL)
_FIGURE = regex.compile(r"^[$€£]?\d[\d.,]*(?:%|[kKmMx×]|bn)?[.,!?:;]?$")
_CLAUSE = regex.compile(
    r"(?:(?<=[,;:])\s+|\s+[–—]\s+|\s+(?=(?:because|but|so|then|while|until|unless|although|when|which|if)\s))"
)
_JOINING = frozenset(
    {"and", "or", "that", "to", "in", "on", "with", "for", "of", "from", "than", "as", "by", "at", "into"}
)
_STOP_WORDS = """
a an and any are as at be been but by can could do does did for from get got had has have he her here him his how i
if in into is it its just let like make makes many may me more most much my no not now of off on one only or our out
over own she should so some such than that the their them then there these they this those to too under up us very
was we were what when where which while who why will with would you your yours every each about after before because
until again also all always never don't can't won't it's you're they're we're i'm isn't doesn't
instead within without through during between against towards across around behind beyond everything something nothing
someone really actually already another here's that's there's what's
"""
_STOP = frozenset(_STOP_WORDS.split())


def write_script(request: ClipRequest) -> tuple[Beat, ...]:
    """Return the beats of `request`, in order. The last part of a story ends with its call to action.

    Raises InvalidInputError when nothing readable is left of the text.
    """
    text, asked = _take_cta(_clean(request.script or request.prompt))
    if not request.script:
        text = _without_orders(text)
    cta = (_clean(request.cta) if request.last else "") or asked
    beats: list[Beat] = []
    for paragraph in _paragraphs(text):
        beats += _beats_of(paragraph, first=not beats, steps=sum(beat.kind is BeatKind.STEP for beat in beats))
    if cta:
        beats.append(_beat(BeatKind.CTA, cta))
    if not any(any(character.isalnum() for character in beat.text) for beat in beats):
        raise InvalidInputError(
            "There are no words to show in the prompt.", fix="Write what the clip is about in words, not only in signs."
        )
    return tuple(beats)


def spoken_text(beats: tuple[Beat, ...]) -> str:
    """Return what the voice says: each beat closed by a mark, so that it breathes there."""
    return " ".join(_closed(beat.spoken) for beat in beats if beat.spoken)


def shown_text(beats: tuple[Beat, ...]) -> str:
    """Return what is to be read: each beat closed by a mark."""
    return " ".join(_closed(beat.text) for beat in beats)


def _closed(text: str) -> str:
    return text if text[-1] in ".!?…,;:" else f"{text}."


def _clean(text: str) -> str:
    text = "".join(
        character if character in _KEPT_SIGNS or not _PICTURE.match(character) else " " for character in text
    )
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = _CONTROL.sub(lambda match: "\n" if match.group() in "\n\u2028\u2029" else "", text)
    return regex.sub(r"[ \u00a0]+", " ", regex.sub(r" *\n *", "\n", text)).strip()


def _take_cta(text: str) -> tuple[str, str]:
    found = _CTA_LABEL.search(text)
    if not found:
        return text, ""
    return (text[: found.start()] + "\n" + text[found.end() :]).strip(), found.group(1).strip(" .")


def _without_orders(text: str) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        bare = _ORDER.sub("", _LABEL.sub("", line))
        lines.append(bare[:1].upper() + bare[1:] if bare != line or not lines else bare)
    return "\n".join(lines)


def _paragraphs(text: str) -> list[tuple[str, bool]]:
    """Return (text, is a list item) for each sentence or item."""
    pieces: list[tuple[str, bool]] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        numbers = [match.group(1) for match in _INLINE_NUMBERS.finditer(line)]
        if len(numbers) >= 2 and numbers == [str(n) for n in range(1, len(numbers) + 1)]:
            lead, *items = _INLINE_NUMBERS.split(line)
            if lead.strip(" :,"):
                pieces += [(sentence, False) for sentence in _sentences(lead.strip(" ,"))]
            pieces += [(item.strip(" ,;"), True) for item in items[1::2] if item.strip(" ,;")]
            continue
        if _BULLET.match(line):
            pieces.append((_BULLET.sub("", line).strip(), True))
            continue
        for sentence in _sentences(line):
            pieces += _enumeration(sentence)
    return pieces


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(text):
        if not piece or not piece.strip():
            continue
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] = f"{sentences[-1]} {piece.strip()}"
        else:
            sentences.append(piece.strip())
    return sentences


def _enumeration(sentence: str) -> list[tuple[str, bool]]:
    """Split "three ways: a, b and c" into its lead and its items; anything else stays whole."""
    match = _ENUMERATION.match(sentence)
    if match and "," in match["items"]:
        items = [
            item for item in regex.split(r",\s*(?:(?:and|or|then)\s+)?|\s+and\s+(?=[^,]+$)", match["items"]) if item
        ]
        if 3 <= len(items) <= 7 and all(1 <= len(item.split()) <= 9 for item in items):
            return [(f"{match['lead']}:", False), *((item.strip(), True) for item in items)]
    return [(sentence, False)]


def _beats_of(piece: tuple[str, bool], *, first: bool, steps: int) -> list[Beat]:
    text, is_item = piece
    if is_item:
        text = text[:1].upper() + text[1:]
        head, *rest = _fit(text, _STEP_WORDS)
        return [_beat(BeatKind.STEP, head, number=steps + 1), *(_beat(BeatKind.STATEMENT, more) for more in rest)]
    quote = _QUOTE.match(text)
    if quote and len(quote.group(1).split()) <= SCENE_WORDS * 2:
        return [_beat(BeatKind.QUOTE, part) for part in _fit(quote.group(1), SCENE_WORDS + 4)]
    beats: list[Beat] = []
    for part in _fit(text, SCENE_WORDS):
        kind = BeatKind.HOOK if first and not beats else BeatKind.STATEMENT
        if kind is BeatKind.STATEMENT and sum(bool(_FIGURE.match(word)) for word in part.split()) == 1:
            kind = BeatKind.NUMBER
        beats.append(_beat(kind, part))
    return beats


def _fit(text: str, most: int) -> list[str]:
    """Cut a sentence at its clauses, then evenly, so that no piece has more than `most` words."""
    if len(text.split()) <= most:
        return [text]
    pieces: list[str] = []
    for clause in (part for part in _CLAUSE.split(text) if part and part.strip()):
        together = f"{pieces[-1]} {clause}" if pieces else clause
        few = bool(pieces) and min(len(pieces[-1].split()), len(clause.split())) < 3
        if pieces and len(together.split()) <= (most if not few else most + 1):
            pieces[-1] = together
        else:
            pieces.append(clause.strip())
    return [part for piece in pieces for part in _halved(piece.split(), most)]


def _halved(words: list[str], most: int) -> list[str]:
    """Cut words into even pieces, rather before a joining word than after it."""
    parts = -(-len(words) // most)
    if parts == 1:
        return [" ".join(words)]
    size = -(-len(words) // parts)
    near = [size, size - 1, size + 1, size - 2, size + 2]
    cut = next((place for place in near if place <= most and words[place].lower() in _JOINING), size)
    return [" ".join(words[:cut]), *_halved(words[cut:], most)]


def _beat(kind: BeatKind, text: str, *, number: int = 0) -> Beat:
    words = text.split()
    marked = {i for i, word in enumerate(words) if regex.match(r"^\*[^*]+\*[.,!?:;]?$", word)}
    words = [word.replace("*", "") if i in marked else word for i, word in enumerate(words)]
    strong = marked or _strong(words)
    return Beat(
        kind, tuple(Token(word, _spoken(word), i in strong) for i, word in enumerate(words) if word), number=number
    )


def _strong(words: list[str]) -> set[int]:
    """Pick the words that carry the sentence: figures, capitals, then the longest that mean something."""
    weights: list[tuple[float, int]] = []
    for index, word in enumerate(words):
        bare = regex.sub(r"^\W+|\W+$", "", word)
        if not bare or _URL.match(word):
            continue
        if _FIGURE.match(word):
            weights.append((100.0, index))
        elif bare.lower() not in _STOP and len(bare) > 2:
            capitals = 20.0 if bare.isupper() and any(not other.isupper() for other in words) else 0.0
            weights.append((len(bare) + capitals + 0.1 * index, index))
    weights.sort(reverse=True)
    return {index for _, index in weights[: 1 if len(words) <= 7 else 2]}


def _spoken(word: str) -> str:
    """Return what the voice reads for `word`: no code, no brackets, no addresses."""
    if _URL.match(word):
        return "the link" + (word[-1] if word[-1] in ".,!?" else "")
    if not any(character.isalnum() for character in word):
        return {"&": "and", "+": "plus", "=": "equals"}.get(word, "")
    return " ".join(regex.sub(r"[^\p{L}\p{M}\p{N}'’.,!?…:;%$€£&+@-]+", " ", word).split())
