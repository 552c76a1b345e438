"""What moves behind the type: soft lights, or the user's pictures with a slow camera.

The lights are computed on a picture of some 40 x 70 pixels in 16 bits and scaled up by ffmpeg: smooth, and almost free.
numpy computes them in a hundredth of the time of ffmpeg's own `geq`, which was a quarter of a whole clip's. A still
grain hides the steps that eight bits would show.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediaposter.generation.providers.cards.scenes import Scene
from mediaposter.generation.providers.cards.theme import VEIL, Theme, parse
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import ffmpeg

_SMALL = 40  # pixels of the short side of the picture that holds the lights
_GRAIN = 5
_AT_ONCE = 128  # frames
TO_YUV = "out_color_matrix=bt709:out_range=tv"
MARK_YUV = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"


@dataclass(frozen=True)
class Background:
    """Inputs of ffmpeg, counted from 0, and the graph that makes `[ground]` of them."""

    inputs: list[str]
    graph: str


def lights(request: ClipRequest, file: Path) -> Background:
    """Return moving lights, those that `write_lights` has written to `file`."""
    width, height = request.size
    small_w, small_h = _small(width, height)
    over = f"{_even(width * 1.06)}:{_even(height * 1.06)}"
    graph = (
        f"[0:v]scale={TO_YUV},format=yuv444p16le,{MARK_YUV},scale={over}:flags=bicubic,format=yuv420p,"
        f"crop={width}:{height},noise=c0s={_GRAIN}:c0f=p,setsar=1[ground]"
    )
    form = ("-pixel_format", "gbrp16le", "-video_size", f"{small_w}x{small_h}", "-framerate", str(request.fps))
    return Background(["-f", "rawvideo", *form, "-i", ffmpeg.source(file)], graph)


def write_lights(request: ClipRequest, theme: Theme, seconds: float, file: Path) -> None:
    """Write the small pictures of two lights in the theme's colours, on slow, closed paths. Blocks.

    The ground behind them darkens outward. A second takes half a megabyte.
    """
    width, height = request.size
    tall = height / width
    small_w, small_h = _small(width, height)
    turn = 1.7 * request.part + 0.9 * request.seed
    deep = 0.3 if theme.dark else 0.05
    size = max(1.0, tall * 0.8)
    ground, warm, cool = parse(theme.ground), parse(theme.glow2), parse(theme.glow)
    across = (np.arange(small_w) / small_w)[None, None, :]
    down = (np.arange(small_h) / small_h)[None, :, None]
    shade = 1 - deep * ((across - 0.5) ** 2 + (down - 0.5) ** 2)
    frames = math.ceil(seconds * request.fps) + 1
    with file.open("wb") as out:
        for first in range(0, frames, _AT_ONCE):
            time = (np.arange(first, min(first + _AT_ONCE, frames)) / request.fps)[:, None, None]
            place = (across, down * tall, time)
            one = _blob(place, (0.24, 0.3 * tall), (0.2, 0.14 * tall), turn, 0.15 * size)
            two = _blob(place, (0.82, 0.72 * tall), (0.18, 0.16 * tall), turn + 2.1, 0.2 * size)
            planes = [
                (ground[index] + (cool[index] - ground[index]) * one + (warm[index] - ground[index]) * two) * shade
                for index in (1, 2, 0)  # ffmpeg's planar order: green, blue, red
            ]
            out.write((65535 * np.stack(planes, axis=1).clip(0, 1)).astype("<u2").tobytes())


def pictures(
    request: ClipRequest, theme: Theme, files: Sequence[Path], scenes: Sequence[Scene], seconds: float
) -> Background:
    """Return the pictures one after another, each with a slow camera, under a veil of the ground's colour."""
    width, height = request.size
    cuts = _cuts(len(files), scenes, seconds)
    inputs: list[str] = []
    chains: list[str] = []
    spans = list(pairwise(cuts))
    for index, (start, end) in enumerate(spans):
        frames = max(1, round(end * request.fps) - round(start * request.fps))
        inputs += ffmpeg.input_args(files[index])
        chains.append(
            f"[{index}:v]{_camera(request, index + request.part, width, height, frames)},trim=end_frame={frames},"
            f"setpts=PTS-STARTPTS[picture{index}]"
        )
    veil = len(spans)
    inputs += ffmpeg.generated_args(f"color=c=black:s=8x64:r=1:d=1,format=gbrap,geq={_veil_expression(theme)}")
    joined = "".join(f"[picture{index}]" for index in range(len(spans)))
    graph = ";".join(
        [
            *chains,
            f"{joined}concat=n={len(spans)}:v=1:a=0[pictures]",
            f"[{veil}:v]scale={width}:{height}:flags=bicubic:{TO_YUV},format=yuva420p[veil]",
            f"[pictures][veil]overlay=format=yuv420:eof_action=repeat,{MARK_YUV},setsar=1[ground]",
        ]
    )
    return Background(inputs, graph)


def with_panels(
    ground: Background, request: ClipRequest, theme: Theme, spans: Sequence[tuple[float, float]]
) -> Background:
    """Lay a panel in the loud colour over the ground in each span of time."""
    if not spans:
        return ground
    width, height = request.size
    number = ground.inputs.count("-i")
    source = f"color=c=0x{theme.loud[1:]}:s={width}x{height}:r=1:d=1,scale={TO_YUV},format=yuv420p"
    when = "+".join(f"between(t,{start:.3f},{end:.3f})" for start, end in spans)
    graph = (
        f"{ground.graph.removesuffix('[ground]')}[calm];[{number}:v]{MARK_YUV}[panel];"
        f"[calm][panel]overlay=format=yuv420:eof_action=repeat:enable='{when}',setsar=1[ground]"
    )
    return Background([*ground.inputs, *ffmpeg.generated_args(source)], graph)


def _small(width: int, height: int) -> tuple[int, int]:
    tall = height / width
    return (_SMALL, round(_SMALL * tall)) if tall >= 1 else (round(_SMALL / tall), _SMALL)


def _blob(
    place: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    centre: tuple[float, float],
    way: tuple[float, float],
    turn: float,
    size: float,
) -> NDArray[np.float64]:
    """Return how bright a light is at each place: 1 in its middle, which goes its way around the centre."""
    x, y, time = place
    across = x - centre[0] - way[0] * np.sin(time * 0.42 + turn)
    down = y - centre[1] - way[1] * np.cos(time * 0.31 + turn)
    return np.exp(-(across**2 + down**2) / size)


def _camera(request: ClipRequest, index: int, width: int, height: int, frames: int) -> str:
    """Fill the frame with a picture and move over it: in or out, drifting to a side."""
    big_w, big_h = _even(width * 1.6), _even(height * 1.6)
    share = f"(on/{max(1, frames)})"
    zoom = f"1.04+0.14*{share}" if index % 2 else f"1.18-0.14*{share}"
    side = f"0.5+{0.22 if index % 3 else -0.22}*({share}-0.5)"
    return (
        f"trim=end_frame=1,scale={big_w}:{big_h}:force_original_aspect_ratio=increase:flags=bicubic,crop={big_w}:{big_h},setsar=1,"
        f"format=gbrp,zoompan=z='{zoom}':x='(iw-iw/zoom)*({side})':y='(ih-ih/zoom)*0.5':d={frames}:s={width}x{height}"
        f":fps={request.fps},scale={TO_YUV},format=yuv420p"
    )


def _veil_expression(theme: Theme) -> str:
    red, green, blue = (round(channel * 255) for channel in parse(theme.veil))
    # Heavier towards the bottom, where captions stand, and under the head.
    alpha = f"255*clip({VEIL}+0.26*pow(Y/H,2)+0.16*pow(1-Y/H,4),0,1)"
    return f"r={red}:g={green}:b={blue}:a='{alpha}'"


def _cuts(count: int, scenes: Sequence[Scene], seconds: float) -> list[float]:
    """Return where pictures begin, and the end: evenly, but on a scene's start where one is near."""
    count = max(1, min(count, math.floor(seconds / 0.8) or 1))
    length = seconds / count
    cuts = [0.0]
    for index in range(1, count):
        wish = index * length
        near = min((scene.start for scene in scenes), key=lambda start: abs(start - wish))
        cut = near if abs(near - wish) < length * 0.4 else wish
        cuts.append(cut if cut > cuts[-1] + 0.4 else max(wish, cuts[-1] + 0.4))
    return [*cuts, seconds]


def _even(number: float) -> int:
    return round(number / 2) * 2
