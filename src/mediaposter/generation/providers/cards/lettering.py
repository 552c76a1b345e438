"""Measuring type with the real fonts, so that nothing overflows and no letter is missing.

Sizes are in pixels of the em, as in CSS. libass counts otherwise (ascent plus descent of the OS/2 table): `Face.fs`
converts.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import regex
import uharfbuzz

from mediaposter.core.errors import FieldProblem, InvalidInputError

hb: Any = uharfbuzz  # a C extension without type stubs
FONTS = Path(__file__).parents[2] / "fonts"
_FILES = {
    "bricolage": "BricolageGrotesque-ExtraBold.ttf",
    "inter": "InterTight-Black.ttf",
    "archivo": "ArchivoCondensed-Black.ttf",
}
_TEXT_FILE = "InterTight-Bold.ttf"
_FALLBACK_FILES = ("InterTight-Black.ttf", "Rubik-ExtraBold.ttf")
FAMILIES = tuple(_FILES)
_RIGHT_TO_LEFT = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")
_LEFT_TO_RIGHT = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{N}]")
_IGNORED = frozenset("\u2060\u200b\u200c\u200d\ufeff\u00ad")


class Face:
    """One font file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            face = hb.Face(hb.Blob.from_file_path(str(path)))
            os2 = face.reference_table("OS/2").data
            self._above, below = struct.unpack(">HH", os2[74:78])
            self._cap = struct.unpack(">h", os2[88:90])[0] if len(os2) >= 90 else 0
            self.family = str(face.get_name(hb.OTNameIdPredefined.FONT_FAMILY) or "")
        except (OSError, struct.error, ValueError) as error:
            raise _bad_font(path) from error
        self._upem = face.upem
        self._tall = self._above + below
        if not self._tall or not self.family:
            raise _bad_font(path)
        self._font = hb.Font(face)
        self._widths: dict[str, float] = {}

    def has(self, character: str) -> bool:
        """Whether the font draws `character`."""
        return character in _IGNORED or character.isspace() or bool(self._font.get_nominal_glyph(ord(character)))

    def lacks(self, text: str) -> set[str]:
        """Return the characters of `text` that the font cannot draw."""
        return {character for character in text if not self.has(character)}

    def width(self, text: str, px: float = 1.0) -> float:
        """Return the width of `text` at `px` pixels of the em."""
        if text not in self._widths:
            buffer = hb.Buffer()
            buffer.add_str(text)
            buffer.guess_segment_properties()
            hb.shape(self._font, buffer, {"kern": True, "liga": True})
            self._widths[text] = sum(position.x_advance for position in buffer.glyph_positions or []) / self._upem
        return self._widths[text] * px

    def fs(self, px: float) -> float:
        """Return the ASS font size for `px` pixels of the em."""
        return px * self._tall / self._upem

    def ascent(self, px: float) -> float:
        """Return the pixels from the top of libass's line box to the baseline."""
        return px * self._above / self._upem

    def cap(self, px: float) -> float:
        """Return the height of capitals."""
        return px * (self._cap or 0.7 * self._upem) / self._upem


@dataclass(frozen=True)
class Fonts:
    """The faces of a clip: headlines, small text, and those that step in for letters these lack."""

    head: Face
    text: Face
    fallbacks: tuple[Face, ...]

    def face(self, word: str, *, role: str = "head") -> Face:
        """Return the face that draws the whole of `word`."""
        first = self.head if role == "head" else self.text
        for face in (first, *self.fallbacks):
            if not face.lacks(word):
                return face
        return first

    def files(self) -> set[Path]:
        """Return the font files, for libass."""
        return {face.path for face in (self.head, self.text, *self.fallbacks)}

    def check(self, text: str) -> None:
        """Raise InvalidInputError naming the characters that no face can draw, or that are mixed in one word."""
        for word in text.split():
            if self.face(word).lacks(word):
                every = (self.head, *self.fallbacks)
                missing = {c for c in word if all(not face.has(c) for face in every)} or set(word)
                listed = " ".join(sorted(missing)[:12])
                raise InvalidInputError(
                    f"The cards' fonts cannot draw these characters: {listed} (in {word[:40]!r}).",
                    fix="Write the text in Latin, Greek, Cyrillic, Hebrew or Arabic letters, or set brand.font to a "
                    "font file of yours that has them.",
                    errors=[FieldProblem("prompt", f"characters without a glyph: {listed}", "Replace them.")],
                )


def fonts_of(name: str) -> Fonts:
    """Return the fonts for a brand's `font`: a family of ours, or a file. Raises InvalidInputError."""
    chosen = name.strip()
    key = chosen.lower().split(" ")[0] if chosen else "bricolage"
    if key in _FILES:
        head = _face(FONTS / _FILES[key])
    elif chosen.lower().endswith((".ttf", ".otf")):
        path = Path(chosen).expanduser()
        if not path.is_file():
            raise InvalidInputError(
                f"There is no font file {chosen}.",
                fix=f"Give the path of a .ttf or .otf file, or one of {', '.join(FAMILIES)}.",
                errors=[FieldProblem("brand.font", "must be a file that exists", "Correct the path.")],
            )
        head = Face(path)
    else:
        raise InvalidInputError(
            f"There is no font {chosen!r} here.",
            fix=f"Use one of {', '.join(FAMILIES)}, or the path of a .ttf or .otf file.",
            errors=[FieldProblem("brand.font", f"must be one of {', '.join(FAMILIES)} or a file", "Choose one.")],
        )
    return Fonts(head, _face(FONTS / _TEXT_FILE), tuple(_face(FONTS / name) for name in _FALLBACK_FILES))


@lru_cache(maxsize=16)
def _face(path: Path) -> Face:
    return Face(path)


def _bad_font(path: Path) -> InvalidInputError:
    return InvalidInputError(
        f"{path.name} is not a font that can be used.",
        fix="Give a static TrueType or OpenType file (.ttf or .otf).",
        errors=[FieldProblem("brand.font", "must be a TrueType or OpenType font", "Choose another file.")],
    )


def right_to_left(text: str) -> bool:
    """Whether `text` is written from right to left: by its first strong letter."""
    for character in text:
        if _RIGHT_TO_LEFT.match(character):
            return True
        if character.isalpha() and _LEFT_TO_RIGHT.match(character):
            return False
    return False


def visual_order(words: Sequence[str], *, rtl: bool) -> list[int]:
    """Return the indices of `words` from left to right on the screen. Runs of the other direction keep their order."""
    order = list(range(len(words)))
    if not rtl:
        return order
    runs: list[list[int]] = []
    for index in order:
        leftward = bool(_RIGHT_TO_LEFT.search(words[index])) or not _LEFT_TO_RIGHT.search(words[index])
        if runs and not leftward and not _RIGHT_TO_LEFT.search(words[runs[-1][-1]]):
            runs[-1].append(index)
        else:
            runs.append([index])
    return [index for run in reversed(runs) for index in run]


def break_long(words: Sequence[str], widths: Sequence[float], most: float) -> list[tuple[int, str]]:
    """Return (index of the word, piece) with every word wider than `most` cut into pieces with hyphens."""
    pieces: list[tuple[int, str]] = []
    for index, (word, width) in enumerate(zip(words, widths, strict=True)):
        if width <= most or len(word) < 4:
            pieces.append((index, word))
            continue
        parts = int(width // (most * 0.92)) + 1
        size = -(-len(word) // parts)
        cut = [word[start : start + size] for start in range(0, len(word), size)]
        if len(cut) > 1 and len(cut[-1]) < 3:
            cut[-2:] = [cut[-2] + cut[-1]]
        joined = word.isalpha()
        pieces += [(index, piece + ("-" if joined and piece is not cut[-1] else "")) for piece in cut]
    return pieces


def wrap(widths: Sequence[float], space: float, most: float) -> list[list[int]] | None:
    """Break words into the fewest lines no wider than `most`, evenly filled. None when a word alone is too wide."""
    count = len(widths)
    if any(width > most + 0.01 for width in widths):
        return None
    lines_needed = _greedy_lines(widths, space, most)
    best: list[tuple[float, int]] = [(0.0, 0)] * (count + 1)
    for end in range(count - 1, -1, -1):
        best[end] = (float("inf"), count)
        width = -space
        for stop in range(end, count):
            width += space + widths[stop]
            if width > most + 0.01:
                break
            slack = (most - width) / most
            cost = slack * slack + 0.6 + best[stop + 1][0]
            if cost < best[end][0]:
                best[end] = (cost, stop + 1)
    lines: list[list[int]] = []
    start = 0
    while start < count:
        stop = best[start][1]
        lines.append(list(range(start, stop)))
        start = stop
    return lines if len(lines) <= lines_needed + 1 else None


def _greedy_lines(widths: Sequence[float], space: float, most: float) -> int:
    lines, width = 1, -space
    for word in widths:
        if width + space + word > most + 0.01:
            lines, width = lines + 1, word
        else:
            width += space + word
    return lines
