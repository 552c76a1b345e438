"""The stage on which every scene plays: the canvas, its safe area, the colours of each ground, and what never leaves.

TikTok and Reels lay their buttons over the right 12 % and their caption over the bottom 18 % of an upright video (their
creative guides, 2026): no text goes there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mediaposter.generation.providers.cards import ass
from mediaposter.generation.providers.cards.ass import Canvas
from mediaposter.generation.providers.cards.lettering import Fonts
from mediaposter.generation.providers.cards.scenes import Ground, Scene
from mediaposter.generation.providers.cards.setting import Box
from mediaposter.generation.providers.cards.theme import Theme
from mediaposter.generation.schemas import SIZES, Aspect, ClipRequest

LAYER_DECOR, LAYER_PANEL, LAYER_PANEL_DECOR, LAYER_MARKER, LAYER_TEXT, LAYER_HEAD = 0, 2, 4, 5, 6, 8
_WIPE = 0.42  # seconds that a loud panel takes to come or go
_SECOND = 0.07  # seconds between its two sheets
_FRAME = 0.04
_SAFE: dict[Aspect, Box] = {
    "9:16": Box(84, 272, 840, 1302),  # up to y = 1574 (82 %); with a marker around the last word up to x = 950 (88 %)
    "1:1": Box(76, 190, 928, 770),
    "16:9": Box(132, 196, 1656, 772),
}
LOGO: dict[Aspect, Box] = {  # where a brand's logo stands, instead of its initial
    "9:16": Box(84, 118, 62, 62),
    "1:1": Box(76, 94, 62, 62),
    "16:9": Box(132, 94, 62, 62),
}


@dataclass(frozen=True)
class Paint:
    """The colours of one ground."""

    ink: str
    strong: str
    marker: str
    on_marker: str
    quiet: str
    line: str
    dim: float  # transparency of words not yet said


@dataclass(frozen=True)
class Stage:
    """Everything a layout needs."""

    canvas: Canvas
    safe: Box
    theme: Theme
    fonts: Fonts
    request: ClipRequest
    total: float

    @property
    def unit(self) -> float:
        """A measure for strokes and small type: 1 on the upright canvas."""
        return min(self.canvas.width, self.canvas.height) / 1080

    def paint(self, ground: Ground) -> Paint:
        """Return the colours for a ground."""
        theme = self.theme
        if ground is Ground.LOUD:
            return Paint(theme.on_loud, theme.on_loud, theme.ground, theme.ink, theme.on_loud, theme.on_loud, 0.68)
        return Paint(theme.ink, theme.accent, theme.accent, theme.on_accent, theme.muted, theme.accent, 0.72)


def build_stage(request: ClipRequest, theme: Theme, fonts: Fonts, total: float) -> Stage:
    """Return an empty stage in the design size of the request's aspect."""
    width, height = SIZES[request.aspect]
    return Stage(Canvas(width, height), _SAFE[request.aspect], theme, fonts, request, total)


def set_stage(stage: Stage, scenes: Sequence[Scene]) -> None:
    """Paint what lies behind and above the scenes: shapes, panels, the progress bar and the brand."""
    runs = _runs(scenes)
    for ground, start, end in runs:
        if ground is Ground.LOUD:
            _panel(stage, start, end)
        elif ground is Ground.BASE:
            _shapes(stage, start, _head_end(runs, end) + _WIPE * 0.55 if end < stage.total else end)
    for ground, start, end in runs:
        early = start if ground is not Ground.LOUD or start == 0 else start + _WIPE * 0.45
        _head(stage, ground, early, _head_end(runs, end))


def _head_end(runs: Sequence[tuple[Ground, float, float]], end: float) -> float:
    follows_loud = any(ground is Ground.LOUD and start == end for ground, start, _ in runs)
    return end + _WIPE * 0.45 if follows_loud else end


def _runs(scenes: Sequence[Scene]) -> list[tuple[Ground, float, float]]:
    runs: list[tuple[Ground, float, float]] = []
    for scene in scenes:
        if runs and runs[-1][0] is scene.ground:
            runs[-1] = (scene.ground, runs[-1][1], scene.end)
        else:
            runs.append((scene.ground, scene.start, scene.end))
    return runs


def _shapes(stage: Stage, start: float, end: float) -> None:
    """Two quiet shapes that drift behind the type: a ring that leaves the picture, and a field of dots."""
    canvas, theme = stage.canvas, stage.theme
    w, h, u = canvas.width, canvas.height, stage.unit
    seconds = round((end - start) * 1000)
    turn = stage.request.part + stage.request.seed
    radius = 470 * u
    corners = [(w * 0.86, h * 0.9), (w * 0.94, h * 0.16), (w * 0.1, h * 0.93)]
    x, y = corners[turn % 3]
    drift = 46 * u
    canvas.add(
        start,
        end,
        LAYER_DECOR,
        ass.drawing(
            ass.ring(radius, 76 * u),
            f"\\an5\\move({x:.0f},{y:.0f},{x - drift:.0f},{y - drift:.0f},0,{seconds})"
            + ass.colour(theme.accent, 0.86 if theme.dark else 0.8),
        ),
    )
    step = 40 * u
    dot_x, dot_y = (w * 0.06, h * 0.84) if turn % 3 != 2 else (w * 0.68, h * 0.86)
    canvas.add(
        start,
        end,
        LAYER_DECOR,
        ass.drawing(
            ass.dots(7, 4, step, 4.5 * u),
            f"\\an7\\move({dot_x:.0f},{dot_y:.0f},{dot_x:.0f},{dot_y - drift:.0f},0,{seconds})"
            + ass.colour(theme.ink, 0.72),
        ),
    )


def loud_spans(scenes: Sequence[Scene], total: float) -> list[tuple[float, float]]:
    """Return when the loud panel stands still and covers everything: ffmpeg paints it then, far faster than libass."""
    spans: list[tuple[float, float]] = []
    for ground, start, end in _runs(scenes):
        if ground is Ground.LOUD:
            begin = 0.0 if start <= 0 else start + _WIPE + _SECOND
            if (total if end >= total - 0.01 else end) > begin:
                spans.append((begin, total + 1 if end >= total - 0.01 else end))
    return spans


def _panel(stage: Stage, start: float, end: float) -> None:
    """A panel in the accent colour sweeps up over everything, a thinner one ahead of it; at its end it sweeps on."""
    canvas, theme = stage.canvas, stage.theme
    w, h, u = canvas.width, canvas.height, stage.unit
    opens, closes = start <= 0, end >= stage.total - 0.01
    away = h + 160
    sheet = ass.box(w + 80, h + 80)
    at = ass.place(-40, -40)
    for shade, wait in ((theme.second, 0.0), (theme.loud, _SECOND)):
        if not opens:
            moves = ass.rise(-40, -40, away, seconds=_WIPE, ease=0.45)
            stop = start + _WIPE + _SECOND + _FRAME
            canvas.add(start + wait, stop, LAYER_PANEL, ass.drawing(sheet, at + ass.colour(shade) + moves))
        if not closes:
            angle = away / ass.AFAR * 57.29578
            gone = f"\\org({-40 - ass.AFAR},-40)" + ass.change(0, _WIPE, f"\\frz{angle:.5f}", ease=2.2)
            late = _SECOND - wait  # the sheet on top leaves first
            moves = gone.replace("\\t(0,", f"\\t({round(late * 1000)},")
            layer = LAYER_PANEL + (1 if wait else 0)
            canvas.add(end - _FRAME, end + _WIPE + late, layer, ass.drawing(sheet, at + ass.colour(shade) + moves))
    radius = 560 * u
    x, y = (w * 0.92, h * 0.1) if stage.request.part % 2 else (w * 0.06, h * 0.92)
    begin = 0.0 if opens else start + _WIPE * 0.6
    seconds = round((end - begin) * 1000)
    tags = f"\\an5\\move({x:.0f},{y:.0f},{x - 40 * u:.0f},{y + 40 * u:.0f},0,{seconds})" + ass.colour(
        theme.on_loud, 0.9
    )
    if not opens:
        tags += "\\fscx60\\fscy60" + ass.change(0, 0.5, "\\fscx100\\fscy100", ease=0.4)
    canvas.add(begin, end, LAYER_PANEL_DECOR, ass.drawing(ass.ring(radius, 96 * u), tags))


def _head(stage: Stage, ground: Ground, start: float, end: float) -> None:
    """The progress bar, one piece per part of the story, and the brand under it."""
    canvas, request, u = stage.canvas, stage.request, stage.unit
    paint = stage.paint(ground)
    margin = stage.safe.x
    top = 76 * u if request.aspect == "9:16" else 52 * u
    thick, gap = 8 * u, 12 * u
    width = (canvas.width - 2 * margin - gap * (request.parts - 1)) / request.parts
    for index in range(request.parts):
        x = margin + index * (width + gap)
        track = ass.rounded(width, thick, thick / 2)
        done = index + 1 < request.part
        canvas.add(
            start,
            end,
            LAYER_HEAD,
            ass.drawing(track, ass.place(x, top) + ass.colour(paint.ink, 0.0 if done else 0.76)),
        )
        if index + 1 == request.part:
            clip = f"\\clip({x:.0f},0,{x + width * start / stage.total:.0f},{top + 40:.0f})" + ass.change(
                0, end - start, f"\\clip({x:.0f},0,{x + width * min(1.0, end / stage.total):.0f},{top + 40:.0f})"
            )
            canvas.add(start, end, LAYER_HEAD, ass.drawing(track, ass.place(x, top) + ass.colour(paint.strong) + clip))
    _brand(stage, paint, start, end, top + 42 * u)


def _brand(stage: Stage, paint: Paint, start: float, end: float, y: float) -> None:
    brand, u = stage.request.brand, stage.unit
    name = brand.handle or brand.name
    if not (name or brand.logo):
        return
    size, px = 62 * u, 34 * u
    x = stage.safe.x
    face = stage.fonts.face(name.replace(" ", ""), role="text")
    middle = y + size / 2
    if not brand.logo:
        initial = next((c for c in (brand.name or name) if c.isalnum()), "").upper()
        badge = ass.drawing(ass.circle(size / 2), ass.place(x, y) + ass.colour(paint.marker))
        stage.canvas.add(start, end, LAYER_HEAD, badge)
        head = stage.fonts.face(initial)
        at = ass.place(x + size / 2, middle + 1 * u, 5)
        stage.canvas.add(start, end, LAYER_HEAD, ass.letters(head, 36 * u, initial, at + ass.colour(paint.on_marker)))
    while face.width(name, px) > stage.safe.width - size - 30 * u:
        px *= 0.94
    at = ass.place(x + size + 18 * u, middle, 4)
    stage.canvas.add(start, end, LAYER_HEAD, ass.letters(face, px, name, at + ass.colour(paint.ink)))
