"""Setting type: where each word stands, so that a block fills its box and nothing leaves it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from mediaposter.generation.providers.cards.lettering import Face, Fonts, break_long, right_to_left, visual_order, wrap
from mediaposter.generation.providers.cards.scenes import Cue

_SPACE = 0.24  # width of the blank between two words, in ems
_SHRINK = 0.965
_STACK_WORDS = 12  # beyond this many words a stack is not tried


@dataclass(frozen=True)
class Box:
    """A place on the design canvas, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Placed:
    """A word, or a piece of a long one, with the left end of its baseline."""

    cue: Cue
    text: str
    face: Face
    px: float
    x: float
    baseline: float
    width: float

    @property
    def top(self) -> float:
        """The top of libass's line box, which a mark is placed by."""
        return self.baseline - self.face.ascent(self.px)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of libass's line box."""
        return self.x + self.width / 2, self.top + self.face.fs(self.px) / 2


@dataclass(frozen=True)
class _Line:
    words: tuple[tuple[Cue, str, Face], ...]
    px: float

    def width(self) -> float:
        return sum(face.width(text, self.px) for _, text, face in self.words) + _SPACE * self.px * (len(self.words) - 1)


def set_block(
    fonts: Fonts,
    cues: Sequence[Cue],
    box: Box,
    *,
    largest: float,
    leading: float = 1.06,
    align: str = "left",
    upright: str = "middle",
    role: str = "head",
    rtl: bool | None = None,
) -> list[Placed]:
    """Set words evenly in one size, the largest at which they fit into `box`. `rtl` None: by the words themselves."""
    px = largest
    while True:
        words = _pieces(fonts, cues, px, box.width, role)
        rows = wrap([face.width(text, px) for _, text, face in words], _SPACE * px, box.width)
        if px < 8 or (rows is not None and len(rows) * px * leading <= box.height):
            lines = [_Line(tuple(words[index] for index in row), px) for row in rows or [range(len(words))]]
            return _place(lines, box, leading=leading, align=align, upright=upright, rtl=rtl)
        px *= _SHRINK


def set_stack(
    fonts: Fonts, cues: Sequence[Cue], box: Box, *, largest: float, leading: float = 1.03, align: str = "left"
) -> list[Placed]:
    """Set words like a poster: each line as large as the width allows, all lines close in size."""
    if len(cues) > _STACK_WORDS:
        return set_block(fonts, cues, box, largest=largest * 0.7, align=align)
    words = [(cue, cue.token.shown, fonts.face(cue.token.shown)) for cue in cues]
    best: tuple[float, list[_Line]] | None = None
    for cuts in itertools.product((False, True), repeat=len(words) - 1):
        rows: list[list[tuple[Cue, str, Face]]] = [[words[0]]]
        for cut, word in zip(cuts, words[1:], strict=True):
            if cut:
                rows.append([word])
            else:
                rows[-1].append(word)
        full = [box.width / _Line(tuple(row), 1.0).width() for row in rows]
        smallest = min(*full, largest)
        sizes = [min(size, largest, smallest * 1.75) for size in full]
        height = sum(sizes) * leading
        squeeze = min(1.0, box.height / height)
        sizes = [size * squeeze for size in sizes]
        mean = sum(map(math.log, sizes)) / len(sizes)
        spread = sum((math.log(size) - mean) ** 2 for size in sizes) / len(sizes)
        lonely = sum(len(row) == 1 and len(row[0][1]) <= 3 for row in rows) * 0.25
        filled = sum(size * size / (want * want) for size, want in zip(sizes, full, strict=True)) / len(sizes)
        score = math.exp(mean) / largest + 0.5 * filled - 0.5 * spread - lonely
        if best is None or score > best[0]:
            best = (score, [_Line(tuple(row), size) for row, size in zip(rows, sizes, strict=True)])
    assert best is not None
    if min(line.px for line in best[1]) < largest * 0.28:
        return set_block(fonts, cues, box, largest=largest * 0.7, align=align)
    return _place(best[1], box, leading=leading, align=align, upright="middle")


def extent(placed: Sequence[Placed]) -> Box:
    """Return the box that the letters fill, from the capitals of the first line to the last baseline."""
    left = min(word.x for word in placed)
    top = min(word.baseline - word.face.cap(word.px) for word in placed)
    right = max(word.x + word.width for word in placed)
    return Box(left, top, right - left, max(word.baseline for word in placed) - top)


def shifted(placed: Sequence[Placed], dy: float) -> list[Placed]:
    """Return the same words `dy` pixels lower."""
    return [Placed(word.cue, word.text, word.face, word.px, word.x, word.baseline + dy, word.width) for word in placed]


def _pieces(fonts: Fonts, cues: Sequence[Cue], px: float, most: float, role: str) -> list[tuple[Cue, str, Face]]:
    words = [cue.token.shown for cue in cues]
    faces = [fonts.face(word, role=role) for word in words]
    widths = [face.width(word, px) for face, word in zip(faces, words, strict=True)]
    # A word is broken only where it would otherwise make the whole block small.
    limit = most if max(widths) > most * 2.2 else max(most, *widths)
    return [(cues[index], text, faces[index]) for index, text in break_long(words, widths, limit)]


def _place(
    lines: Sequence[_Line], box: Box, *, leading: float, align: str, upright: str, rtl: bool | None = None
) -> list[Placed]:
    heights = [line.px * leading for line in lines]
    first_cap = max(face.cap(lines[0].px) for _, _, face in lines[0].words)
    total = sum(heights) - lines[0].px * leading + first_cap
    spare = box.height - total
    baseline = box.y + first_cap + {"top": 0.0, "middle": spare / 2, "bottom": spare}[upright]
    if rtl is None:
        rtl = right_to_left(" ".join(text for line in lines for _, text, _ in line.words))
    placed: list[Placed] = []
    for number, line in enumerate(lines):
        if number:
            baseline += heights[number]
        width = line.width()
        spare = box.width - width
        x = box.x + {"centre": spare / 2, "left": spare if rtl else 0.0}[align]
        for index in visual_order([text for _, text, _ in line.words], rtl=rtl):
            cue, text, face = line.words[index]
            placed.append(Placed(cue, text, face, line.px, x, baseline, face.width(text, line.px)))
            x += placed[-1].width + _SPACE * line.px
    return placed
