"""The size and shape of a picture within limits: how large the canvas is, and how large the picture on it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Style = Literal["blur", "black", "crop"]
LARGEST_BLOW_UP = 2.0  # times; beyond it a picture is mush, and the platform's viewers see it
_SLACK = 0.002  # of a ratio: a pixel more or less on a side of some hundred changes no shape


class NoCanvasError(ValueError):
    """No canvas is within the limits. `str(error)` says why."""


@dataclass(frozen=True)
class Bounds:
    """Limits of the sides in pixels and of width / height. None: no limit."""

    width_min: int | None = None
    width_max: int | None = None
    height_min: int | None = None
    height_max: int | None = None
    ratio_min: float | None = None
    ratio_max: float | None = None

    def take(self, width: int, height: int) -> bool:
        """Say whether a picture of this size is within the limits."""
        return self.take_sides(width, height) and self.take_ratio(width, height)

    def take_sides(self, width: int, height: int) -> bool:
        """Say whether the sides are within the limits."""
        return (
            (self.width_min or 0) <= width <= (self.width_max or math.inf)
            and (self.height_min or 0) <= height <= (self.height_max or math.inf)
        )  # fmt: skip

    def take_ratio(self, width: int, height: int) -> bool:
        """Say whether the shape is within the limits."""
        ratio = width / height
        return (self.ratio_min or 0) * (1 - _SLACK) <= ratio <= (self.ratio_max or math.inf) * (1 + _SLACK)


@dataclass(frozen=True)
class Canvas:
    """What is drawn: the canvas of the file, and the picture in its middle, which a crop makes the larger one."""

    width: int
    height: int
    inner_width: int
    inner_height: int


def canvas_of(width: int, height: int, bounds: Bounds, style: Style, *, step: int = 2, most: float = 1.0) -> Canvas:
    """Return the canvas for a picture of `width` x `height`: as many pixels as it has, or fewer.

    A wrong shape gets bars, or is cropped by the style `crop`. Sides are multiples of `step`; `most` is a scale that it
    must not go over. Raises NoCanvasError when the limits contradict or the picture is far too small for them.
    """
    ratio = min(max(width / height, bounds.ratio_min or 0), bounds.ratio_max or math.inf)
    inside = width / height > ratio  # the shape wanted is taller: bars above and below, or the sides cut off
    if bounds.take_ratio(width, height):
        whole = float(width), float(height)
    elif inside == (style == "crop"):
        whole = height * ratio, float(height)
    else:
        whole = float(width), width / ratio
    # Bars add no pixels: the canvas has as many as the picture had, so it costs no more and loses little.
    area = math.sqrt(width * height / (whole[0] * whole[1]))
    scale = min(most, area, (bounds.width_max or math.inf) / whole[0], (bounds.height_max or math.inf) / whole[1])
    needed = max((bounds.width_min or 0) / whole[0], (bounds.height_min or 0) / whole[1])
    if needed > max(scale, LARGEST_BLOW_UP):
        raise NoCanvasError(f"it would have to be blown up {needed:.1f} times")
    scale = max(scale, needed)
    wanted = whole[0] * scale, whole[1] * scale
    sides = [
        (abs(a - wanted[0]) + abs(b - wanted[1]), a, b)
        for a in _near(wanted[0], step)
        for b in _near(wanted[1], step)
        if bounds.take(a, b)
    ]
    if not sides:
        raise NoCanvasError("no size is within all the limits of sides and shape")
    _, canvas_width, canvas_height = min(sides)
    fits = (canvas_width / width, canvas_height / height)
    inner = max(fits) if style == "crop" else min(fits)
    return Canvas(
        canvas_width,
        canvas_height,
        _side(width * inner, canvas_width, step),
        _side(height * inner, canvas_height, step),
    )


def _near(side: float, step: int) -> Iterator[int]:
    first = max(step, math.floor(side / step) * step - step)
    return iter(range(first, first + 4 * step, step))


def _side(side: float, whole: int, step: int) -> int:
    """Round a side of the inner picture; one that misses the canvas by a rounding fills it."""
    rounded = max(step, round(side / step) * step)
    return whole if abs(rounded - whole) <= 2 * step else rounded
