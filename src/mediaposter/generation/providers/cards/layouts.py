"""The scenes: how a hook, a statement, a step, a figure, a quotation and a call to action look and move."""

from collections.abc import Callable, Sequence

from mediaposter.generation.providers.cards import ass
from mediaposter.generation.providers.cards.lettering import right_to_left
from mediaposter.generation.providers.cards.scenes import Cue, Ground, Scene
from mediaposter.generation.providers.cards.setting import Box, Placed, extent, set_block, set_stack, shifted
from mediaposter.generation.providers.cards.stage import LAYER_MARKER, LAYER_TEXT, Paint, Stage
from mediaposter.generation.providers.cards.words import (
    EARLY,
    appear,
    leave,
    light,
    marker_behind,
    pop,
    rise,
    underline,
)
from mediaposter.generation.script import BeatKind, Token

_FEW = 6  # words of a statement that are set like a poster
_CAPTION_LETTERS, _CAPTION_WORDS = 20, 4


def paint_scene(stage: Stage, scene: Scene) -> None:
    """Add everything of `scene` to the stage."""
    _LAYOUTS[scene.kind](stage, scene)


def _hook(stage: Stage, scene: Scene) -> None:
    """Big type, one word after the other as it is said; the key word on a marker."""
    room = _room_above_action(stage, scene)
    largest = {"9:16": 250, "1:1": 200, "16:9": 230}[stage.request.aspect]
    key = _key(scene)
    placed = set_stack(stage.fonts, scene.cues, room, largest=largest)
    paint = stage.paint(scene.ground)
    for word in placed:
        pop(stage, scene, word, paint, marked=word.cue is key)
    _action(stage, scene, placed)


def _statement(stage: Stage, scene: Scene) -> None:
    """The whole sentence stands there quietly and lights up word by word; over pictures it is a caption."""
    if scene.ground is Ground.PICTURE and not scene.action and stage.request.captions:
        _captions(stage, scene)
        return
    room = _room_above_action(stage, scene)
    largest = {"9:16": 148, "1:1": 124, "16:9": 138}[stage.request.aspect]
    key = _key(scene)
    if len(scene.cues) <= _FEW:
        placed = set_stack(stage.fonts, scene.cues, room, largest=largest * 1.45)
    else:
        placed = set_block(stage.fonts, scene.cues, room, largest=largest)
    paint = stage.paint(scene.ground)
    if scene.ground is Ground.LOUD:
        for word in placed:
            rise(stage, scene, word, paint, marked=word.cue is key)
    else:
        for number, word in enumerate(placed):
            light(stage, scene, word, paint, wait=0.03 * number)
        underline(stage, scene, placed, paint)
    _action(stage, scene, placed)


def _step(stage: Stage, scene: Scene) -> None:
    """A huge figure, the step beside or below it, and how many there are."""
    paint, safe, u = stage.paint(scene.ground), stage.safe, stage.unit
    wide = stage.request.aspect == "16:9"
    figure = str(scene.number)
    px = (470 if wide or stage.request.aspect == "9:16" else 330) * u
    face = stage.fonts.head
    cap = face.cap(px)
    width = face.width(figure, px)
    gap = 92 * u
    if wide:
        text_box = Box(safe.x + width + 110 * u, safe.y, safe.width - width - 110 * u, safe.height)
        placed = set_block(stage.fonts, scene.cues, text_box, largest=140)
        baseline = safe.y + safe.height / 2 + cap / 2
    else:
        text_box = Box(safe.x, safe.y + cap + gap, safe.width, safe.height - cap - gap - 60 * u)
        largest = 132 if stage.request.aspect == "9:16" else 104
        placed = set_block(stage.fonts, scene.cues, text_box, largest=largest, upright="top")
        total = cap + gap + extent(placed).height
        lift = max(0.0, (safe.height - total) * 0.42)
        placed = shifted(placed, lift)
        baseline = safe.y + lift + cap
    rtl = not wide and right_to_left(" ".join(cue.token.shown for cue in scene.cues))
    at = ass.place(safe.right - width if rtl else safe.x - 6 * u, baseline - face.ascent(px))
    start = max(0.0, scene.start)
    moves = ass.rise(safe.x, baseline, 210 * u, seconds=0.45, ease=0.32) + appear(0.16)
    stage.canvas.add(
        start,
        scene.end,
        LAYER_TEXT,
        ass.letters(face, px, figure, at + ass.colour(paint.strong) + moves + leave(stage, scene, start)),
    )
    _pips(stage, scene, paint, Box(safe.x, baseline + 34 * u, safe.width, 14 * u) if not wide else None)
    for word in placed:
        rise(stage, scene, word, paint)


def _pips(stage: Stage, scene: Scene, paint: Paint, row: Box | None) -> None:
    """Small bars that say which step of how many this is."""
    u = stage.unit
    if scene.numbers < 2:
        return
    left, top = (row.x, row.y) if row else (stage.safe.x, stage.safe.bottom - 60 * u)
    for index in range(scene.numbers):
        now = index + 1 == scene.number
        length = (78 if now else 26) * u
        shade = ass.colour(paint.strong, 0.0 if index < scene.number else 0.72)
        bar = ass.drawing(ass.rounded(length, 12 * u, 6 * u), ass.place(left, top) + shade)
        stage.canvas.add(scene.start, scene.end, LAYER_TEXT, bar)
        left += length + 14 * u


def _number(stage: Stage, scene: Scene) -> None:
    """The figure as wide as the screen, the words before it above and those after it below."""
    at = next((i for i, cue in enumerate(scene.cues) if cue.token.strong and _is_figure(cue.token)), None)
    if at is None:
        _statement(stage, scene)
        return
    room = _room_above_action(stage, scene)
    before, figure, after = scene.cues[:at], scene.cues[at], scene.cues[at + 1 :]
    bare = Cue(Token(figure.token.shown.rstrip(".,!?:;"), "", strong=True), figure.start, figure.end)
    largest = {"9:16": 460, "1:1": 330, "16:9": 400}[stage.request.aspect]
    small = {"9:16": 112, "1:1": 84, "16:9": 96}[stage.request.aspect]
    blocks = _figure_blocks(stage, room, (before, bare, after), largest=largest, small=small)
    paint = stage.paint(scene.ground)
    for placed in blocks:
        for word in placed:
            if word.cue is bare:
                pop(stage, scene, word, paint, marked=False, shade=paint.strong)
            else:
                rise(stage, scene, word, paint)
    _action(stage, scene, blocks[-1])


def _figure_blocks(
    stage: Stage, room: Box, words: tuple[Sequence[Cue], Cue, Sequence[Cue]], *, largest: float, small: float
) -> list[list[Placed]]:
    """Set a figure between the words before and after it; in a wide picture the words after stand at its side."""
    before, bare, after = words
    rtl = right_to_left(" ".join(cue.token.shown for cue in (*before, *after)))
    gap = 76 * stage.unit
    if stage.request.aspect == "16:9" and not before and after:
        big = set_block(stage.fonts, [bare], Box(room.x, room.y, room.width * 0.5, room.height), largest=largest * 1.3)
        left = extent(big).right + gap
        side = Box(left, room.y, room.right - left, room.height)
        return [big, set_block(stage.fonts, after, side, largest=small * 1.15)]
    big = set_block(stage.fonts, [bare], Box(room.x, 0, room.width, room.height * 0.46), largest=largest, rtl=rtl)
    rest = room.height - extent(big).height - gap * 2
    share = len(before) / max(1, len(before) + len(after))
    blocks: list[list[Placed]] = []
    for cues, part in ((before, share), ((bare,), 0.0), (after, 1 - share)):
        if cues == (bare,):
            blocks.append(big)
        elif cues:
            box = Box(room.x, 0, room.width, rest * max(part, 0.3))
            blocks.append(set_block(stage.fonts, cues, box, largest=small, upright="top"))
    heights = [extent(block).height for block in blocks]
    y = room.y + (room.height - sum(heights) - gap * (len(heights) - 1)) / 2
    moved: list[list[Placed]] = []
    for block, height in zip(blocks, heights, strict=True):
        moved.append(shifted(block, y - extent(block).y))
        y += height + gap
    return moved


def _quote(stage: Stage, scene: Scene) -> None:
    """A large mark, the words below it, a line at their side."""
    paint, u = stage.paint(scene.ground), stage.unit
    room = _room_above_action(stage, scene)
    face = stage.fonts.head
    px = 420 * u
    mark_height = px * 0.36
    inset = 0.0
    largest = {"9:16": 128, "1:1": 104, "16:9": 120}[stage.request.aspect]
    placed = set_block(
        stage.fonts,
        scene.cues,
        Box(room.x + inset, room.y + mark_height, room.width - inset, room.height - mark_height),
        largest=largest,
    )
    box = extent(placed)
    top = box.y - mark_height - 40 * u
    stage.canvas.add(
        scene.start,
        scene.end,
        LAYER_TEXT,
        ass.letters(
            face,
            px,
            "\u201c",
            ass.place(room.x - 10 * u, top - face.ascent(px) + face.cap(px))
            + ass.colour(paint.strong)
            + ass.rise(room.x, top, 120 * u)
            + appear(0.2)
            + leave(stage, scene, scene.start),
        ),
    )
    for number, word in enumerate(placed):
        light(stage, scene, word, paint, wait=0.03 * number)
    _action(stage, scene, placed)


def _call(stage: Stage, scene: Scene) -> None:
    """A call to action that has the screen to itself: its words big, and a button with an arrow."""
    u = stage.unit
    button = 150 * u
    room = stage.safe
    words = Box(room.x, room.y, room.width, room.height - button - 90 * u)
    key = _key(scene)
    placed = set_stack(stage.fonts, scene.cues, words, largest=220 if stage.request.aspect != "1:1" else 170)
    paint = stage.paint(scene.ground)
    for word in placed:
        pop(stage, scene, word, paint, marked=word.cue is key)
    _button(stage, scene, stage.request.brand.handle, scene.cues[-1].start + 0.1, extent(placed).bottom + 100 * u)


def _captions(stage: Stage, scene: Scene) -> None:
    """A few words at a time in the lower third; the one being said stands on a marker."""
    paint, safe, u = stage.paint(scene.ground), stage.safe, stage.unit
    groups = _groups(scene.cues)
    px = 104 * u if stage.request.aspect != "16:9" else 92
    height = px * 2.5
    box = Box(safe.x, safe.bottom - height - 30 * u, safe.width, height)
    for number, group in enumerate(groups):
        start = scene.start if number == 0 else group[0].start - EARLY
        end = groups[number + 1][0].start - EARLY if number + 1 < len(groups) else scene.end
        placed = set_block(stage.fonts, group, box, largest=px, align="centre", upright="bottom", leading=1.16)
        for word in placed:
            x, y = word.centre
            said, over = max(start, word.cue.start - EARLY), min(end, max(word.cue.end, word.cue.start + 0.12))
            following = [other.cue.start for other in placed if other.cue.start > word.cue.start]
            over = min(end, max(over, min(following) - EARLY)) if following else end
            plain = ass.colour(stage.theme.ink) + ass.colour(stage.theme.ground, which=3) + f"\\bord{5 * u:.1f}\\blur1"
            inner = "\\fscx88\\fscy88" + ass.change(0, 0.12, "\\fscx100\\fscy100", ease=0.5)
            at = ass.place(x, y, 5)
            stage.canvas.add(start, said, LAYER_TEXT, ass.letters(word.face, word.px, word.text, at + plain + inner))
            marker_behind(stage, word, paint.marker, start=said, end=over)
            hot = ass.colour(paint.on_marker) + "\\bord0"
            stage.canvas.add(said, over, LAYER_TEXT, ass.letters(word.face, word.px, word.text, at + hot))
            stage.canvas.add(over, end, LAYER_TEXT, ass.letters(word.face, word.px, word.text, at + plain))


def _groups(cues: Sequence[Cue]) -> list[list[Cue]]:
    groups: list[list[Cue]] = [[]]
    for cue in cues:
        letters = sum(len(other.token.shown) + 1 for other in groups[-1]) + len(cue.token.shown)
        ended = bool(groups[-1]) and groups[-1][-1].token.shown[-1] in ".,!?;:…"
        if groups[-1] and (letters > _CAPTION_LETTERS or len(groups[-1]) >= _CAPTION_WORDS or ended):
            groups.append([])
        groups[-1].append(cue)
    return groups


def _key(scene: Scene) -> Cue | None:
    """Return the one word that stands on a marker: the longest of the strong ones."""
    strong = [cue for cue in scene.cues if cue.token.strong]
    return max(strong, key=lambda cue: (_is_figure(cue.token), len(cue.token.shown)), default=None)


def _room_above_action(stage: Stage, scene: Scene) -> Box:
    safe = stage.safe
    if not scene.action:
        return safe
    return Box(safe.x, safe.y, safe.width, safe.height - 300 * stage.unit)


def _action(stage: Stage, scene: Scene, above: Sequence[Placed]) -> None:
    if scene.action:
        text = " ".join(cue.token.shown for cue in scene.action)
        y = max(extent(above).bottom + 110 * stage.unit, stage.safe.y + stage.safe.height * 0.6)
        _button(stage, scene, text, scene.action[0].start - 0.12, min(y, stage.safe.bottom - 220 * stage.unit))


def _button(stage: Stage, scene: Scene, text: str, start: float, top: float) -> None:
    """A pill with an arrow that pops up and breathes; a ring runs out from it; the handle below."""
    theme, safe, u, canvas = stage.theme, stage.safe, stage.unit, stage.canvas
    loud = scene.ground is Ground.LOUD
    fill, on_fill = (theme.ground, theme.ink) if loud else (theme.accent, theme.on_accent)
    px = 70 * u
    face = stage.fonts.face(text.replace(" ", ""), role="text")
    arrow, pad, height = 60 * u, 66 * u, 158 * u
    extra = arrow + pad * 2 + (34 * u if text else 0)
    while text and px > 14 and face.width(text, px) > safe.width - extra:
        px *= 0.97
    width = extra + (face.width(text, px) if text else 60 * u)
    start = min(max(start, scene.start), scene.end - 0.3)
    x, y = safe.x + width / 2, top + height / 2
    pulse = "".join(
        ass.change(at, at + 0.16, "\\fscx104\\fscy104", ease=0.6)
        + ass.change(at + 0.16, at + 0.42, "\\fscx100\\fscy100")
        for at in _beats(0.75, scene.end - start)
    )
    pop = (
        "\\fscx40\\fscy40"
        + ass.change(0, 0.2, "\\fscx106\\fscy106", ease=0.5)
        + ass.change(0.2, 0.34, "\\fscx100\\fscy100")
    )
    for at in _beats(0.75, scene.end - start):
        ripple = ass.change(0, 0.6, "\\fscx118\\fscy150\\1a&HFF&", ease=0.6)
        shape = ass.drawing(
            ass.rounded(width, height, height / 2), ass.place(x, y, 5) + ass.colour(fill, 0.55) + ripple
        )
        canvas.add(start + at, min(start + at + 0.6, scene.end), LAYER_MARKER, shape)
    pill = ass.drawing(ass.rounded(width, height, height / 2), ass.place(x, y, 5) + ass.colour(fill) + pop + pulse)
    canvas.add(start, scene.end, LAYER_MARKER, pill)
    late = start + 0.1
    if text:
        at = ass.place(safe.x + pad, y, 4)
        label = ass.letters(face, px, text, at + ass.colour(on_fill) + appear(0.15))
        canvas.add(late, scene.end, LAYER_TEXT, label)
    nudge = "".join(
        ass.change(at, at + 0.16, "\\fscx116", ease=0.6) + ass.change(at + 0.16, at + 0.42, "\\fscx100")
        for at in _beats(0.65, scene.end - late)
    )
    right = safe.x + width - pad - arrow
    tip = ass.drawing(_arrow(arrow), ass.place(right, y - arrow / 2) + ass.colour(on_fill) + appear(0.15) + nudge)
    canvas.add(late, scene.end, LAYER_TEXT, tip)


def _beats(first: float, length: float) -> list[float]:
    return [first + 1.1 * n for n in range(12) if first + 1.1 * n + 0.42 < length]


def _arrow(size: float) -> str:
    """Return the path of an arrow to the right in a square of `size`."""
    thick = size * 0.16
    middle, tip = size / 2, size * 0.52
    shaft_end = size - thick * 1.6
    outer, inner = thick * 0.8, thick * 0.4
    upper = [
        (0.0, middle - thick / 2),
        (shaft_end, middle - thick / 2),
        (tip, middle - size / 2 + inner),
        (tip + outer, middle - size / 2 - thick * 0.3),
        (size + thick * 0.2, middle),
    ]
    return ass.polygon([*upper, *((x, size - y) for x, y in reversed(upper[:-1]))])


def _is_figure(token: Token) -> bool:
    return any(character.isdigit() for character in token.shown)


_LAYOUTS: dict[BeatKind, Callable[[Stage, Scene], None]] = {
    BeatKind.HOOK: _hook,
    BeatKind.STATEMENT: _statement,
    BeatKind.STEP: _step,
    BeatKind.NUMBER: _number,
    BeatKind.QUOTE: _quote,
    BeatKind.CTA: _call,
}
