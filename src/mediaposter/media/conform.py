"""Encode one part's pictures so that they can stand in one track with the others."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from mediaposter.media import ffmpeg
from mediaposter.media.facts import MediaFacts
from mediaposter.media.ffmpeg import Progress
from mediaposter.media.filters import SDR, Colours, at_rate, fit

_LEAST_BITS = 8_000_000  # a second, that a part may have however few its neighbours have
_PROFILES = {"Constrained Baseline": "baseline", "Baseline": "baseline", "Main": "main", "High": "high"}


@dataclass(frozen=True)
class Encoding:
    """What the encoder is told: the reference's settings, and a number for the parameter sets that is free."""

    width: int
    height: int
    fps: Fraction
    profile: str = "high"
    b_frames: bool = True
    timescale: int = 90000
    sets: int = 0
    preset: str = "veryfast"
    colours: Colours = SDR
    most_bits: int | None = None  # a second

    @classmethod
    def like(cls, reference: MediaFacts, *, fps: Fraction, sets: int) -> "Encoding":
        """Return the settings that make pictures like those of `reference`."""
        video = reference.video
        assert video is not None
        return cls(
            video.coded_width,
            video.coded_height,
            fps,
            _PROFILES.get(video.profile or "", "high"),
            video.b_frames,
            int(video.time_base.split("/")[1]),
            sets,
            # Time counts more than bytes here: a third less time than `veryfast`, for a tenth more bytes at most.
            # It need not be richer than its neighbours either.
            preset="superfast",
            most_bits=max(_LEAST_BITS, round((video.bit_rate or 0) * 1.25)),
            # Marked as the others are: a player, and ffmpeg's own filters, begin anew where the marks change.
            colours=Colours.of(video),
        )

    @property
    def args(self) -> list[str]:
        """The encoder's arguments: libx264 at quality 20, a key frame every two seconds."""
        # `stitchable` keeps the parameter sets free of what depends on the content: all our encodes share one.
        settings = f"stitchable=1:sps-id={self.sets}"
        return [
            *("-c:v", "libx264", "-preset", self.preset, "-crf", "20"),
            *("-profile:v", self.profile, "-pix_fmt", "yuv420p"),
            *("-g", str(round(self.fps * 2)), "-x264-params", settings),
            *(() if self.b_frames else ("-bf", "0")),
            *(() if self.most_bits is None else ("-maxrate", str(self.most_bits), "-bufsize", str(2 * self.most_bits))),
            *("-video_track_timescale", str(self.timescale)),
        ]


def picture_chain(facts: MediaFacts, encoding: Encoding, seconds: Fraction) -> str:
    """Return the filters that bring the pictures of `facts` to `encoding`'s size and rate, for `seconds`."""
    video = facts.video
    assert video is not None
    steps = [at_rate(encoding.fps, seconds, video), fit(video, encoding.width, encoding.height, encoding.colours)]
    if video.fps < encoding.fps:
        steps.reverse()  # scale a picture first and double it then, not the other way about
    return ",".join(step for part in steps for step in part)


async def encode(
    path: Path,
    facts: MediaFacts,
    encoding: Encoding,
    seconds: Fraction,
    into: Path,
    *,
    threads: int = 0,
    on_progress: Progress | None = None,
) -> None:
    """Write the pictures of `path`, without its sound, to `into` (MP4). Raises MediaError, FfmpegError."""
    chain = picture_chain(facts, encoding, seconds)
    picture = ["-map", "0:v:0", "-an", "-sn", "-dn", "-vf", chain, "-fps_mode", "passthrough"]
    output = [*encoding.args, "-map_metadata", "-1", "-f", "mp4", f"file:{into}"]
    await ffmpeg.run(
        [*ffmpeg.input_args(path), *picture, *output],
        duration=float(seconds),
        on_progress=on_progress,
        threads=threads,
    )
