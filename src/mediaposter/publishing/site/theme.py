"""The colours of an account: any accent it chose, made readable on light and on dark."""

import hashlib
import math

_HUES = (20, 48, 92, 150, 178, 205, 238, 262, 292, 325, 350)  # degrees; even steps would give three greens
_CHROMA_MAX = 0.15


def accent_of(colour: str | None, handle: str) -> tuple[float, float]:
    """Return chroma and hue (OKLCH, degrees) of an accent such as #0f766e; without one, those of the handle.

    The pages choose the lightness themselves, so that text on the accent always has a contrast above 4.5.
    """
    if colour is None:
        digest = hashlib.sha256(handle.encode()).digest()
        return 0.13, float(_HUES[digest[0] % len(_HUES)])
    chroma, hue = _to_oklch(colour)
    return min(chroma, _CHROMA_MAX), hue


def stylesheet_of(colour: str | None, handle: str, *, ratio: float = 1.0) -> str:
    """Return the declarations that the stylesheet takes its colours from, and the video's width by its height."""
    chroma, hue = accent_of(colour, handle)
    return f":root{{--chroma:{chroma:.3f};--hue:{hue:.1f};--ratio:{ratio:.4f}}}"


def initials_of(name: str) -> str:
    """Return one or two capitals for a picture of `name`."""
    words = [word for word in name.replace("_", " ").replace("-", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper() or "?"


def hex_of(lightness: float, chroma: float, hue: float) -> str:
    """Return an OKLCH colour as #rrggbb, for places that know no OKLCH; out of gamut, the chroma gives way."""
    while chroma > 0.001:
        channels = _to_linear(lightness, chroma, hue)
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            break
        chroma *= 0.92
    else:
        channels = _to_linear(lightness, 0.0, hue)
    return "#" + "".join(f"{round(_encode(min(max(channel, 0), 1)) * 255):02x}" for channel in channels)


# Björn Ottosson, "A perceptual color space for image processing": the matrices of OKLab.


def _to_oklch(colour: str) -> tuple[float, float]:
    red, green, blue = (_decode(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _to_linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _decode(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encode(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
