"""Colours: from a brand's palette to everything a card paints, with contrast that can be read.

Mixing happens in OKLab (Bjorn Ottosson, 2020), where equal steps look equal. Contrast is WCAG 2.2's ratio: at least
7 for text on the ground, 4.5 for text on the accent, 3 for the accent itself as large type on the ground.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mediaposter.generation.schemas import Brand

Rgb = tuple[float, float, float]  # red, green, blue from 0 to 1, as in a hex colour

# Background, accent, second accent. The first is used when neither brand nor seed say otherwise.
PALETTES: tuple[tuple[str, str, str], ...] = (
    ("#0d0a1f", "#ff5c39", "#6d4dff"),  # ink and ember
    ("#faf3e7", "#e8432e", "#ffb52e"),  # paper and vermilion
    ("#06231d", "#c6ff4a", "#12a37f"),  # forest and lime
    ("#0a1445", "#ffd23f", "#3f7bff"),  # cobalt and sun
    ("#ffe7ec", "#d11a5b", "#8a5cff"),  # blush and raspberry
    ("#121212", "#f4ff3a", "#7a7a7a"),  # mono and highlighter
)

VEIL = 0.6  # how much of a picture the veil covers, at least


@dataclass(frozen=True)
class Theme:
    """The colours of a clip, as #rrggbb. `loud` is the ground of scenes that shout, `veil` what lies over pictures."""

    ground: str
    glow: str
    glow2: str
    ink: str
    muted: str
    accent: str
    on_accent: str
    second: str
    loud: str
    on_loud: str
    veil: str
    dark: bool


def theme_of(brand: Brand, *, seed: int = 0) -> Theme:
    """Return the colours for `brand`; without a palette, one of ours, chosen by the seed."""
    chosen = brand.palette or PALETTES[seed % len(PALETTES)]
    ground = parse(chosen[0])
    dark = luminance(ground) < 0.25
    # A ground of middling light reads badly in any ink: it is moved to the side it is nearer to.
    if dark:
        ground = _towards(ground, (0.0, 0.0, 0.0), lambda c: luminance(c) <= 0.085)
    else:
        ground = _towards(ground, (1.0, 1.0, 1.0), lambda c: luminance(c) >= 0.5)
    accent_wish = parse(chosen[1]) if len(chosen) > 1 else _opposite(ground)
    second_wish = parse(chosen[2]) if len(chosen) > 2 else mix(accent_wish, _opposite(accent_wish), 0.5)
    away = (1.0, 1.0, 1.0) if dark else (0.0, 0.0, 0.0)
    ink = mix(away, ground, 0.04 if dark else 0.1)
    ink = ink if contrast(ink, ground) >= 7 else away
    accent = _towards(accent_wish, away, lambda c: contrast(c, ground) >= 3.0)
    on_accent = _readable(accent, ground)
    strength = 0.34 if dark else 0.3
    warm = mix(ground, accent_wish, strength)
    if _chroma(warm) < 0.8 * min(_chroma(ground), _chroma(accent_wish)):
        warm = mix(ground, second_wish, strength * 0.6)  # opposite hues mix to mud
    glows = [
        _towards(glow, ground, lambda c: contrast(ink, c) >= 5.5)
        for glow in (mix(ground, second_wish, strength + 0.1), warm)
    ]
    return Theme(
        ground=hexed(ground),
        glow=hexed(glows[0]),
        glow2=hexed(glows[1]),
        ink=hexed(ink),
        muted=hexed(_towards(mix(ground, ink, 0.45), away, lambda c: contrast(c, ground) >= 4.5)),
        accent=hexed(accent),
        on_accent=hexed(on_accent),
        second=hexed(second_wish),
        loud=hexed(accent),
        on_loud=hexed(on_accent),
        veil=hexed(
            _towards(ground, (0.0, 0.0, 0.0) if dark else (1.0, 1.0, 1.0), lambda c: veiled_contrast(c, ink) >= 4.5)
        ),
        dark=dark,
    )


def parse(colour: str) -> Rgb:
    """Return #rrggbb as numbers from 0 to 1."""
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255)


def hexed(colour: Rgb) -> str:
    """Return a colour as #rrggbb."""
    return "#" + "".join(f"{round(min(max(channel, 0.0), 1.0) * 255):02x}" for channel in colour)


def luminance(colour: Rgb) -> float:
    """Return the relative luminance of WCAG 2.2, from 0 (black) to 1 (white)."""
    red, green, blue = (_linear(channel) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of WCAG 2.2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def veiled_contrast(veil: Rgb, ink: Rgb) -> float:
    """Return the least contrast of `ink` on a picture under the veil: on white under light ink, black under dark."""
    worst = 1.0 if luminance(ink) > 0.5 else 0.0
    red, green, blue = (channel * VEIL + worst * (1 - VEIL) for channel in veil)
    return contrast((red, green, blue), ink)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return the colour `share` of the way from `one` to `other`."""
    a, b = _oklab(one), _oklab(other)
    return _from_oklab((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share))


def _towards(colour: Rgb, goal: Rgb, enough: Callable[[Rgb], bool]) -> Rgb:
    """Move `colour` to `goal` in small steps until it is `enough`."""
    for step in range(21):
        moved = mix(colour, goal, step / 20)
        if enough(moved):
            return moved
    return goal


def _readable(ground: Rgb, preferred: Rgb) -> Rgb:
    """Return a text colour for `ground`: the preferred one if it reads, else near black or white."""
    candidates = [preferred, (0.05, 0.04, 0.08), (1.0, 1.0, 1.0)]
    good = [colour for colour in candidates if contrast(colour, ground) >= 4.5]
    return good[0] if good else max(candidates, key=lambda colour: contrast(colour, ground))


def _opposite(colour: Rgb) -> Rgb:
    light, a, b = _oklab(colour)
    strength = max((a * a + b * b) ** 0.5, 1e-6)
    scale = 0.17 / strength
    return _from_oklab((0.72 if light < 0.6 else 0.55, -a * scale, -b * scale))


def _chroma(colour: Rgb) -> float:
    _, a, b = _oklab(colour)
    return (a * a + b * b) ** 0.5


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    channel = min(max(channel, 0.0), 1.0)
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _oklab(colour: Rgb) -> tuple[float, float, float]:
    r, g, b = (_linear(channel) for channel in colour)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _from_oklab(lab: tuple[float, float, float]) -> Rgb:
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )
