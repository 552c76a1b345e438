"""Dominant colours of a set of small frames, the same for the same frames: counting, no random start."""

import numpy as np
from numpy.typing import NDArray

from mediaposter.analysis.schemas import Colour

_LEVELS = 16  # per channel: 4,096 boxes
_NEAR = 60.0  # colours nearer than this (sRGB units, channels weighed as the eye does) count as one
_SHARE_MIN = 0.03
_EYE = np.array([0.55, 1.0, 0.4])  # how much a step of red, green, blue is seen


def dominant_colours(pixels: NDArray[np.uint8], *, most: int = 5) -> tuple[Colour, ...]:
    """Return up to `most` colours with their shares, the largest first. `pixels` is any array with RGB last."""
    flat = pixels.reshape(-1, 3).astype(np.int64)
    if len(flat) == 0:
        return ()
    box = (flat * _LEVELS // 256) @ np.array([_LEVELS * _LEVELS, _LEVELS, 1])
    counts = np.bincount(box, minlength=_LEVELS**3).astype(np.float64)
    used = np.flatnonzero(counts)
    sums = np.stack([np.bincount(box, weights=flat[:, c], minlength=_LEVELS**3)[used] for c in range(3)], axis=1)
    counts = counts[used]
    means = sums / counts[:, None]
    free = np.ones(len(used), bool)
    found: list[Colour] = []
    while free.any() and len(found) < most:
        seed = int(np.where(free, counts, -1).argmax())
        distance = np.sqrt((((means - means[seed]) * _EYE) ** 2).sum(axis=1))
        group = free & (distance <= _NEAR)
        weight = counts[group].sum()
        red, green, blue = (round(float(value)) for value in (means[group] * counts[group, None]).sum(axis=0) / weight)
        free &= ~group
        if weight / len(flat) >= _SHARE_MIN:
            found.append(Colour(hex=f"#{red:02x}{green:02x}{blue:02x}", share=round(weight / len(flat), 3)))
    return tuple(sorted(found, key=lambda colour: -colour.share))
