"""Filter chains that bring any picture to what a browser and every platform plays: SDR bt709, 8 bit 4:2:0."""

from mediaposter.media.facts import VideoFacts

_SDR_TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def to_sdr(video: VideoFacts) -> list[str]:
    """Return the filters that turn the picture of `video` into SDR bt709 yuv420p; HDR is tone-mapped."""
    if not video.hdr:
        return ["format=yuv420p"]
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
        _SDR_TAGS,
    ]


def fit(width: int, height: int) -> list[str]:
    """Return the filters that put a whole picture into `width` x `height` with bars, its proportions kept."""
    return [
        # Pixels that are not square are made so first: scale's aspect keeping looks at the samples only.
        "scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2'",
        "setsar=1",
        f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bicubic",
        f"pad={width}:{height}:-1:-1:color=black",
        "setsar=1",
    ]
