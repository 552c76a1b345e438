"""Type on cards: colours that read, words that fit, text that stays text."""

import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mediaposter.core.errors import InvalidInputError
from mediaposter.generation.providers.cards import ass
from mediaposter.generation.providers.cards.lettering import FAMILIES, fonts_of, visual_order
from mediaposter.generation.providers.cards.scenes import Cue
from mediaposter.generation.providers.cards.setting import Box, Placed, set_block, set_stack
from mediaposter.generation.providers.cards.theme import PALETTES, contrast, parse, theme_of, veiled_contrast
from mediaposter.generation.schemas import Brand
from mediaposter.generation.script import Token
from mediaposter.media import ffmpeg

pytestmark = pytest.mark.feature("ARCH-002")
BOXES = (Box(84, 272, 866, 1302), Box(76, 190, 928, 770), Box(132, 196, 1656, 772), Box(10, 10, 300, 120))
TEXTS = (
    "Hi",
    "Why your houseplants die while you travel",
    "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    "a" * 400,
    "one " * 40,
    "Supercalifragilisticexpialidocious words everywhere, incomprehensibilities notwithstanding!",
    "שלום עולם זה מבחן של טקסט ארוך",
    "Привет, это проверка длинного текста",
)
WORST_PALETTES = (
    ("#808080",),
    ("#808080", "#818181"),
    ("#000000", "#000001"),
    ("#ffffff", "#fffffe", "#ffff00"),
    ("#ff0000", "#00ff00"),
    ("#0000ff", "#0000fe"),
    ("#7f7f00", "#ff00ff", "#00ffff"),
)


def cues(text: str) -> list[Cue]:
    return [Cue(Token(word, word), 0.0, 1.0) for word in text.split()]


def frame(document: str, fonts: Sequence[Path], folder: Path, *, size: str, at: float = 1.0) -> np.ndarray:
    """One frame of an ASS document over black, in grey."""
    (folder / "t.ass").write_text(document, encoding="utf-8")
    ass.copy_fonts(fonts, folder / "fonts")
    subtitles, faces = (ffmpeg.filter_value(str(folder / name)) for name in ("t.ass", "fonts"))
    graph = f"ass=filename={subtitles}:fontsdir={faces}"
    source = ["-f", "lavfi", "-i", f"color=c=black:s={size}:r=10:d={at + 0.2}", "-vf", graph, "-ss", str(at)]
    command = [str(ffmpeg.executable()), "-loglevel", "error", *source, "-frames:v", "1", "-pix_fmt", "gray"]
    done = subprocess.run([*command, "-f", "rawvideo", "-"], check=True, capture_output=True)
    width, height = map(int, size.split("x"))
    return np.frombuffer(done.stdout, np.uint8).reshape(height, width)


def inside(placed: Sequence[Placed], box: Box) -> bool:
    return all(
        word.x >= box.x - 1
        and word.x + word.width <= box.right + 1
        and word.baseline - word.face.cap(word.px) >= box.y - 1
        and word.baseline <= box.bottom + 1
        for word in placed
    )


@pytest.mark.parametrize("palette", [*PALETTES, *WORST_PALETTES])
def test_text_reads_on_every_ground_whatever_the_palette(palette: tuple[str, ...]) -> None:
    theme = theme_of(Brand(palette=palette))
    ground = parse(theme.ground)
    assert contrast(parse(theme.ink), ground) >= 7
    assert contrast(parse(theme.muted), ground) >= 4.5
    assert contrast(parse(theme.accent), ground) >= 3
    assert contrast(parse(theme.on_accent), parse(theme.accent)) >= 4.5
    assert min(contrast(parse(theme.ink), parse(glow)) for glow in (theme.glow, theme.glow2)) >= 4.5
    assert veiled_contrast(parse(theme.veil), parse(theme.ink)) >= 4.5


@pytest.mark.parametrize(("text", "box"), [*itertools.product(TEXTS, BOXES)])
def test_no_word_leaves_its_box(text: str, box: Box) -> None:
    fonts = fonts_of("")
    assert inside(set_block(fonts, cues(text), box, largest=148), box)
    assert inside(set_stack(fonts, cues(text), box, largest=250), box)


@pytest.mark.parametrize("text", TEXTS)
def test_no_letter_is_lost_when_words_are_broken(text: str) -> None:
    placed = set_block(fonts_of(""), cues(text), BOXES[0], largest=148)
    shown = "".join(word.text.removesuffix("-") for word in placed)
    assert sorted(shown) == sorted(text.replace(" ", ""))


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_measured_is_what_libass_paints(family: str, tmp_path: Path) -> None:
    fonts = fonts_of(family)
    text = "Measured 73% type"
    canvas = ass.Canvas(1000, 200)
    canvas.add(0, 2, 1, ass.letters(fonts.head, 80, text, ass.place(40, 40) + ass.colour("#ffffff")))
    columns = np.flatnonzero(frame(canvas.document(), list(fonts.files()), tmp_path, size="1000x200").max(axis=0) > 60)
    assert columns[-1] == pytest.approx(40 + fonts.head.width(text, 80), abs=8)


def test_a_font_of_ones_own_is_a_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        fonts_of(str(tmp_path / "none.ttf"))
    (tmp_path / "bad.ttf").write_bytes(b"no font at all")
    with pytest.raises(InvalidInputError):
        fonts_of(str(tmp_path / "bad.ttf"))


def test_letters_no_font_has_are_named() -> None:
    with pytest.raises(InvalidInputError) as caught:
        fonts_of("").check("Hello 世界")
    assert "世" in caught.value.detail


@pytest.mark.parametrize("text", ["שלום עולם", "مرحبا بالعالم", "Ελλάδα και Κύπρος", "Привет мир", "Đặng Thị Thu"])
def test_scripts_our_fonts_have_are_taken(text: str) -> None:
    fonts_of("").check(text)


def test_right_to_left_words_stand_in_their_order_with_other_runs_kept() -> None:
    assert visual_order(["שלום", "MediaPoster", "2026", "עולם"], rtl=True) == [3, 1, 2, 0]


@pytest.mark.parametrize(
    "text",
    [
        "{\\pos(0,0)}",
        "\\N\\N\\h",
        "{\\p1}m 0 0 l 900 0 900 900{\\p0}",
        "{\\fs900}",
        "{\\clip(0,0,1,1)}",
        "a\\{b",
        "} {",
        "\\",
    ],
)
def test_a_text_cannot_command(text: str, tmp_path: Path) -> None:
    """Painted, the text is one line of letters where it was put, and neither elsewhere nor larger nor gone."""
    fonts = fonts_of("")
    canvas = ass.Canvas(1600, 400)
    canvas.add(0, 2, 1, ass.letters(fonts.text, 60, f"Ax {text} zA", ass.place(100, 150) + ass.colour("#ffffff")))
    seen = frame(canvas.document(), list(fonts.files()), tmp_path, size="1600x400")
    rows, columns = np.flatnonzero(seen.max(axis=1) > 60), np.flatnonzero(seen.max(axis=0) > 60)
    assert rows[0] >= 150
    assert rows[-1] <= 150 + fonts.text.fs(60)
    assert columns[0] == pytest.approx(100, abs=6)
    assert columns[-1] == pytest.approx(100 + fonts.text.width(f"Ax {text} zA", 60), abs=24)


def test_a_line_break_in_a_text_starts_no_event() -> None:
    canvas = ass.Canvas(100, 100)
    canvas.add(0, 1, 1, ass.letters(fonts_of("").text, 20, "a\nDialogue: 0,0:00:00.00,9:00:00.00,Default", ""))
    assert canvas.document().count("\nDialogue:") == 1


def test_a_folder_with_signs_of_the_filter_language_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "it's [odd], a:b;c\\d %{x}"
    folder.mkdir()
    fonts = fonts_of("")
    canvas = ass.Canvas(400, 100)
    canvas.add(0, 2, 1, ass.letters(fonts.text, 60, "Here", ass.place(10, 10) + ass.colour("#ffffff")))
    assert frame(canvas.document(), list(fonts.files()), folder, size="400x100").max() > 200
