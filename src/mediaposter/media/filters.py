"""Filter chains that bring any picture to what a browser and every platform plays: SDR bt709, 8 bit 4:2:0."""

from fractions import Fraction

from mediaposter.media.facts import VideoFacts

_SDR_TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def colours(video: VideoFacts) -> str:
    """Return the options of a `scale` filter that turn the picture's colours into bt709 in the usual range."""
    # A file that does not tell its colours has, by every player's rule, those of its size.
    untold = "bt709" if min(video.width, video.height) >= 720 else "smpte170m"
    matrix = {"bt2020nc": "bt2020", "bt2020c": "bt2020", "gbr": "auto", None: untold}.get(
        video.color_space, video.color_space or untold
    )
    return f"in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"


def tone_map(video: VideoFacts) -> list[str]:
    """Return the filters that turn the HDR picture of `video` into SDR bt709 yuv420p."""
    # Input properties that the file does not tell are named, else zscale refuses ("no path between colorspaces").
    source = (
        f"tin={video.color_transfer or 'smpte2084'}:pin={video.color_primaries or 'bt2020'}"
        f":min={video.color_space or 'bt2020nc'}:rin={video.color_range or 'tv'}"
    )
    return [
        f"zscale={source}:t=linear:npl=100",
        "format=gbrpf32le",
        "zscale=p=bt709",
        "tonemap=tonemap=hable:desat=0",
        "zscale=t=bt709:m=bt709:p=bt709:r=tv",
        "format=yuv420p",
    ]


def fit(video: VideoFacts, width: int, height: int) -> list[str]:
    """Return the filters that put the whole picture of `video` into `width` x `height` with bars, proportions kept.

    ffmpeg has turned the picture by then. The result is SDR bt709 yuv420p. HDR is scaled before it is tone-mapped,
    which is the slow part.
    """
    size = f"{width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic"
    return [
        # Pixels that are not square are made so first: scale's keeping of proportions looks at the samples only.
        *([] if video.sar == "1:1" else ["scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2'", "setsar=1"]),
        *([f"scale={size}", *tone_map(video)] if video.hdr else [f"scale={size}:{colours(video)}", "format=yuv420p"]),
        _SDR_TAGS,
        *([] if _same_shape(video, width, height) else [f"pad={width}:{height}:-1:-1:color=black"]),
        "setsar=1",
    ]


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
