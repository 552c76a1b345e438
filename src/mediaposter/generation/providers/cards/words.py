"""How a word comes onto the screen: it bursts in, rises, or lights up, when it is said."""

from collections.abc import Sequence

from mediaposter.generation.providers.cards import ass
from mediaposter.generation.providers.cards.scenes import Scene
from mediaposter.generation.providers.cards.setting import Placed
from mediaposter.generation.providers.cards.stage import LAYER_MARKER, LAYER_TEXT, Paint, Stage

_OUT = 0.14  # seconds in which a scene's words leave
EARLY = 0.05  # a word is seen a little before it is heard
FIRST = 0.2  # a first word that comes before this moment is there from the first frame


def pop(stage: Stage, scene: Scene, word: Placed, paint: Paint, *, marked: bool, shade: str | None = None) -> None:
    """A word bursts in when it is said. In the first scene its ghost stands there before."""
    start = _entry(stage, scene, word)
    x, y = word.centre
    at = ass.place(x, y, 5)
    opening = scene.start <= 0
    if opening and start < FIRST:
        start, moves = 0.0, ""
    else:
        moves = (
            "\\fscx72\\fscy72\\blur9"
            + ass.change(0, 0.13, "\\fscx104\\fscy104\\blur0", ease=0.6)
            + ass.change(0.13, 0.26, "\\fscx100\\fscy100")
            + appear(0.08)
        )
    if opening and start > 0:
        ghost = ass.letters(word.face, word.px, word.text, at + ass.colour(paint.ink, 0.84))
        stage.canvas.add(0.0, start + 0.06, LAYER_TEXT, ghost)
    if marked:
        marker_behind(stage, word, paint.marker, start=start, end=scene.end, scene=scene)
    tint = paint.on_marker if marked else (shade or paint.ink)
    tags = at + ass.colour(tint) + moves + leave(stage, scene, start)
    stage.canvas.add(start, scene.end, LAYER_TEXT, ass.letters(word.face, word.px, word.text, tags))


def rise(stage: Stage, scene: Scene, word: Placed, paint: Paint, *, marked: bool = False) -> None:
    """A word comes up from below when it is said."""
    start = _entry(stage, scene, word)
    if marked:
        marker_behind(stage, word, paint.marker, start=start, end=scene.end, scene=scene)
    tint = paint.on_marker if marked else (paint.strong if word.cue.token.strong else paint.ink)
    moves = ass.rise(word.x, word.top, word.px * 0.55, seconds=0.36, ease=0.34)
    tags = ass.place(word.x, word.top) + ass.colour(tint) + moves + appear(0.14) + leave(stage, scene, start)
    stage.canvas.add(start, scene.end, LAYER_TEXT, ass.letters(word.face, word.px, word.text, tags))


def light(stage: Stage, scene: Scene, word: Placed, paint: Paint, *, wait: float) -> None:
    """A word stands there dimmed, and lights up when it is said: accent while it sounds, then plain."""
    start = scene.start + min(wait, 0.3)
    tint = paint.strong if word.cue.token.strong else paint.ink
    said = max(start, word.cue.start - EARLY) - start
    over = max(said + 0.12, word.cue.end - start)
    dim = f"\\1a&H{round(paint.dim * 255):02X}&"
    if not stage.request.captions:
        dim, said = "\\1a&H00&", 0.0
    moves = ass.rise(word.x, word.top, word.px * 0.35, seconds=0.34, ease=0.34)
    tags = ass.place(word.x, word.top) + ass.colour(paint.ink) + dim + moves
    if stage.request.captions:
        tags += ass.change(said, said + 0.07, ass.colour(paint.strong))
        tags += ass.change(over, over + 0.16, ass.colour(tint))
    else:
        tags += ass.colour(tint)
    stage.canvas.add(
        start, scene.end, LAYER_TEXT, ass.letters(word.face, word.px, word.text, tags + leave(stage, scene, start))
    )


def underline(stage: Stage, scene: Scene, placed: Sequence[Placed], paint: Paint) -> None:
    """A stroke that draws itself below the key words."""
    for word in placed:
        if not word.cue.token.strong:
            continue
        start = _entry(stage, scene, word) + 0.08
        thick = word.px * 0.085
        y = word.baseline + word.px * 0.13
        grow = "\\fscx0" + ass.change(0, 0.32, "\\fscx100", ease=0.4)
        tags = ass.place(word.x, y) + ass.colour(paint.line) + grow + leave(stage, scene, start)
        stage.canvas.add(start, scene.end, LAYER_MARKER, ass.drawing(ass.rounded(word.width, thick, thick / 2), tags))


def marker_behind(
    stage: Stage, word: Placed, shade: str, *, start: float, end: float, scene: Scene | None = None
) -> None:
    """A block of colour behind a word, wiped in from its left. With its scene, it leaves with it."""
    pad_x, above, below = word.px * (0.1 if scene else 0.08), word.px * 0.1, word.px * 0.17
    cap = word.face.cap(word.px)
    grow = "\\fscx20" + ass.change(0, 0.16, "\\fscx100", ease=0.45)
    tags = ass.place(word.x - pad_x, word.baseline - cap - above) + ass.colour(shade) + grow
    if scene is not None:
        tags += leave(stage, scene, start)
    path = ass.rounded(word.width + 2 * pad_x, cap + above + below, word.px * 0.1)
    stage.canvas.add(start, end, LAYER_MARKER, ass.drawing(path, tags))


def _entry(stage: Stage, scene: Scene, word: Placed) -> float:
    if not stage.request.captions:
        first = scene.cues[0].start
        return max(scene.start, scene.start + min(0.6, (word.cue.start - first) * 0.2))
    return max(scene.start, word.cue.start - EARLY)


def appear(seconds: float) -> str:
    """Return the tags that fade a mark in."""
    return ass.fade(1.0) + ass.change(0, seconds, ass.fade(0.0))


def leave(stage: Stage, scene: Scene, start: float) -> str:
    """Return the tags that fade a mark out at its scene's end. A clip's last scene stays."""
    last = scene.end - start
    return "" if scene.end >= stage.total - 0.01 else ass.change(last - _OUT, last, ass.fade(1.0))
