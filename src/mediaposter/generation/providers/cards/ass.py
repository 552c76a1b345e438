"""Writing Advanced SubStation Alpha, the language in which libass is told what to paint and how it moves.

Text reaches a script only through `escape`: libass reads braces as commands and a backslash before n, N or h as white
space. Times are in seconds, sizes and places in the pixels of the design canvas (PlayRes), which libass scales.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mediaposter.generation.providers.cards.lettering import Face

_STYLE_FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    "StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, "
    "Encoding"
)
_STYLE = "Default,Inter Tight Bold,40,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0,-1"
AFAR = 100_000  # pixels to the centre of the turn that stands for a straight move: see `rise`


@dataclass(frozen=True)
class Mark:
    """One thing on the screen, from `start` to `end`: a text or a drawing with its tags. Higher layers lie on top."""

    start: float
    end: float
    layer: int
    body: str


@dataclass
class Canvas:
    """A growing list of marks on a design canvas of `width` x `height` pixels."""

    width: int
    height: int
    marks: list[Mark] = field(default_factory=lambda: [])

    def add(self, start: float, end: float, layer: int, body: str) -> None:
        """Add a mark. One that would last less than a hundredth of a second is left out."""
        start = max(0.0, start)
        if end - start >= 0.01:
            self.marks.append(Mark(start, end, layer, body))

    def document(self) -> str:
        """Return the whole script."""
        lines = [
            "[Script Info]",
            "ScriptType: v4.00+",
            f"PlayResX: {self.width}",
            f"PlayResY: {self.height}",
            "WrapStyle: 2",
            "ScaledBorderAndShadow: yes",
            "YCbCr Matrix: TV.709",
            "",
            "[V4+ Styles]",
            f"Format: {_STYLE_FIELDS}",
            f"Style: {_STYLE}",
            "",
            "[Events]",
            "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
        ]
        for mark in self.marks:
            lines.append(f"Dialogue: {mark.layer},{_time(mark.start)},{_time(mark.end)},Default,,0,0,0,,{mark.body}")
        return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Return `text` as libass shows it letter by letter, whatever it holds."""
    shown: list[str] = []
    for character in text:
        if character in "{}":
            shown.append("\\" + character)
        elif character == "\\":
            shown.append("\\\u2060")  # a word joiner: the next letter cannot make a command of it
        elif character.isspace() or ord(character) < 32:
            shown.append(" ")
        else:
            shown.append(character)
    return "".join(shown)


def letters(face: Face, px: float, text: str, tags: str, *, spacing: float = 0.0) -> str:
    """Return a text with its tags, ready to be added."""
    space = f"\\fsp{spacing:.2f}" if spacing else ""
    return f"{{\\fn{face.family}\\fs{face.fs(px):.2f}{space}{tags}}}{escape(text)}"


def drawing(path: str, tags: str) -> str:
    """Return a filled shape with its tags."""
    return f"{{{tags}\\p1}}{path}"


def colour(hexed: str, alpha: float = 0.0, *, which: int = 1) -> str:
    """Return the tags for a colour #rrggbb and a transparency from 0 (solid) to 1."""
    red, green, blue = hexed[1:3], hexed[3:5], hexed[5:7]
    return f"\\{which}c&H{blue}{green}{red}&".upper().replace("C&H", "c&H") + f"\\{which}a&H{_byte(alpha)}&"


def fade(alpha: float) -> str:
    """Return the tag that makes everything of a mark `alpha` transparent."""
    return f"\\alpha&H{_byte(alpha)}&"


def change(start: float, end: float, tags: str, *, ease: float = 1.0) -> str:
    """Return a change to `tags` between two moments after the mark's start. `ease` below 1 begins fast, above 1 slowly.

    The moments are in seconds.
    """
    first, last = round(start * 1000), max(round(start * 1000) + 1, round(end * 1000))
    return f"\\t({first},{last},{ease:g},{tags})"


def place(x: float, y: float, anchor: int = 7) -> str:
    """Return the tags that put a mark's corner (7: top left, 5: centre, as on a numeric keypad) at a place."""
    return f"\\an{anchor}\\pos({x:.2f},{y:.2f})"


def rise(x: float, y: float, pixels: float, *, start: float = 0.0, seconds: float = 0.32, ease: float = 0.38) -> str:
    """Return the tags for a mark that comes up to its place from `pixels` below, braking.

    libass moves things at an even pace only, but turns them with easing: a turn by a hair around a point far away is a
    straight, eased move.
    """
    angle = pixels / AFAR * 57.29578
    return f"\\org({x - AFAR:.0f},{y:.0f})\\frz{-angle:.5f}" + change(start, start + seconds, "\\frz0", ease=ease)


def slide(x: float, y: float, pixels: float, *, start: float = 0.0, seconds: float = 0.4, ease: float = 0.38) -> str:
    """Return the tags for a mark that comes to its place from `pixels` to the right (negative: left), braking."""
    angle = pixels / AFAR * 57.29578
    return f"\\org({x:.0f},{y + AFAR:.0f})\\frz{-angle:.5f}" + change(start, start + seconds, "\\frz0", ease=ease)


def box(width: float, height: float) -> str:
    """Return the path of a rectangle."""
    return f"m 0 0 l {width:.1f} 0 l {width:.1f} {height:.1f} l 0 {height:.1f}"


def rounded(width: float, height: float, radius: float) -> str:
    """Return the path of a rectangle with round corners."""
    r = min(radius, width / 2, height / 2)
    k = r * 0.4477  # where the handles of a quarter circle lie, from the corner
    w, h = width, height
    return (
        f"m {r:.1f} 0 l {w - r:.1f} 0 b {w - k:.1f} 0 {w:.1f} {k:.1f} {w:.1f} {r:.1f} "
        f"l {w:.1f} {h - r:.1f} b {w:.1f} {h - k:.1f} {w - k:.1f} {h:.1f} {w - r:.1f} {h:.1f} "
        f"l {r:.1f} {h:.1f} b {k:.1f} {h:.1f} 0 {h - k:.1f} 0 {h - r:.1f} "
        f"l 0 {r:.1f} b 0 {k:.1f} {k:.1f} 0 {r:.1f} 0"
    )


def circle(radius: float) -> str:
    """Return the path of a circle in the square from 0 to twice `radius`."""
    return rounded(radius * 2, radius * 2, radius)


def ring(radius: float, thickness: float) -> str:
    """Return the path of a ring: a circle with a hole, wound the other way round."""
    inner = radius - thickness
    c, k = radius, inner * 0.5523
    t, b = c - inner, c + inner
    hole = (
        f"m {c:.1f} {t:.1f} b {c - k:.1f} {t:.1f} {t:.1f} {c - k:.1f} {t:.1f} {c:.1f} "
        f"b {t:.1f} {c + k:.1f} {c - k:.1f} {b:.1f} {c:.1f} {b:.1f} "
        f"b {c + k:.1f} {b:.1f} {b:.1f} {c + k:.1f} {b:.1f} {c:.1f} "
        f"b {b:.1f} {c - k:.1f} {c + k:.1f} {t:.1f} {c:.1f} {t:.1f}"
    )
    return f"{circle(radius)} {hole}"


def polygon(points: Sequence[tuple[float, float]]) -> str:
    """Return the path through `points`."""
    first, *rest = points
    return f"m {first[0]:.1f} {first[1]:.1f} " + " ".join(f"l {x:.1f} {y:.1f}" for x, y in rest)


def dots(columns: int, rows: int, step: float, radius: float) -> str:
    """Return the path of a grid of dots."""
    return " ".join(
        _moved_square(column * step, row * step, radius) for row in range(rows) for column in range(columns)
    )


def copy_fonts(files: Iterable[Path], folder: Path) -> None:
    """Link the font files into `folder`, the only place where libass looks for them."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / file.name
        if not target.exists():
            target.symlink_to(file.resolve())


def _moved_square(x: float, y: float, r: float) -> str:
    return f"m {x:.1f} {y - r:.1f} l {x + r:.1f} {y:.1f} l {x:.1f} {y + r:.1f} l {x - r:.1f} {y:.1f}"


def _byte(alpha: float) -> str:
    return f"{round(min(max(alpha, 0.0), 1.0) * 255):02X}"


def _time(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
