"""Filter chains that bring any picture to what a browser and every platform plays: SDR bt709, 8 bit 4:2:0."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from mediaposter.media.facts import VideoFacts

_MATRICES = {"bt2020nc": "bt2020", "bt2020c": "bt2020", "gbr": "auto"}  # as `scale` calls them
_ZSCALE_MATRICES = {"smpte170m": "170m", "bt470bg": "470bg"}


@dataclass(frozen=True)
class Colours:
    """What a file tells of its colours. None is told by nobody, and then goes without saying."""

    primaries: str | None = "bt709"
    transfer: str | None = "bt709"
    space: str | None = "bt709"
    range: str | None = "tv"

    @classmethod
    def of(cls, video: VideoFacts) -> Self:
        """Return what the file of `video` tells."""
        return cls(video.color_primaries, video.color_transfer, video.color_space, video.color_range)

    @property
    def tags(self) -> str:
        """The filter that marks pictures so."""
        named = (self.primaries, self.transfer, self.space, self.range)
        primaries, transfer, space, spread = (value or "unknown" for value in named)
        return f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={space}:range={spread}"

    def matrix(self, width: int, height: int) -> str:
        """The matrix told, or that which every player takes for pictures of this size when none is."""
        return self.space or ("bt709" if min(width, height) >= 720 else "smpte170m")


SDR = Colours()


def tone_map(video: VideoFacts, matrix: str = "bt709") -> list[str]:
    """Return the filters that turn the HDR picture of `video` into SDR yuv420p with bt709 colours and `matrix`."""
    # What the file does not tell is named, else zscale refuses ("no path between colorspaces").
    told = Colours(
        video.color_primaries or "bt2020",
        video.color_transfer or "smpte2084",
        video.color_space or "bt2020nc",
        video.color_range or "tv",
    )
    return [
        told.tags,
        "zscale=t=linear:npl=100",
        "format=gbrpf32le",
        "zscale=p=bt709",
        "tonemap=tonemap=hable:desat=0",
        f"zscale=t=bt709:m={_ZSCALE_MATRICES.get(matrix, 'bt709')}:p=bt709:r=tv",
        "format=yuv420p",
    ]


def fit(video: VideoFacts, width: int, height: int, colours: Colours = SDR) -> list[str]:
    """Return the filters that put the whole picture of `video` into `width` x `height` with bars, proportions kept.

    ffmpeg has turned the picture by then. The result is SDR yuv420p, its colours converted to and marked as `colours`.
    HDR is scaled before it is tone-mapped, which is the slow part.
    """
    size = f"{width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    return [
        *resize(video, size, colours.matrix(width, height)),
        *([] if _same_shape(video, width, height) else [f"pad={width}:{height}:-1:-1:color=black"]),
        "setsar=1",
        colours.tags,
    ]


def resize(video: VideoFacts, size: str, matrix: str = "bt709") -> list[str]:
    """Return the filters that bring `video` to `size`, as `scale` takes it, in SDR yuv420p with `matrix`."""
    scale = f"scale={size}:flags=bicubic"
    if video.hdr:
        convert = [scale, *tone_map(video, matrix)]
    else:
        source = Colours.of(video).matrix(video.width, video.height)
        spread = f"in_color_matrix={_MATRICES.get(source, source)}:out_color_matrix={_MATRICES.get(matrix, matrix)}"
        convert = [f"{scale}:{spread}:out_range=tv", "format=yuv420p"]
    # Pixels that are not square are made so first: scale's keeping of proportions looks at the samples only.
    return [*([] if video.sar == "1:1" else ["scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2'", "setsar=1"]), *convert]


def _same_shape(video: VideoFacts, width: int, height: int) -> bool:
    return video.sar == "1:1" and video.width * height == video.height * width


def at_rate(fps: Fraction, seconds: Fraction, video: VideoFacts) -> list[str]:
    """Return the filters that give `video` a constant rate from 0 to `seconds`; a missing end holds its last."""
    missing = float(seconds) - (video.start + (video.duration or float(seconds)))
    hold = [f"tpad=stop_mode=clone:stop_duration={missing + 1:.3f}"] if missing > 0.5 / float(fps) else []
    return [
        f"fps={fps.numerator}/{fps.denominator}:start_time=0",
        *hold,
        f"trim=end_frame={round(seconds * fps)}",
        "setpts=PTS-STARTPTS",
    ]
