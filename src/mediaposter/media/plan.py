"""Which parts of a stitch can be copied, and what the others must become."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

from mediaposter.core.db import JsonObject
from mediaposter.media.errors import MediaError
from mediaposter.media.facts import MediaFacts

_AAC_FRAME = 0.030  # seconds: one AAC frame and a little; less than this, sound and picture of a part end together


@dataclass(frozen=True)
class StitchTarget:
    """What a master must be. Sides in pixels (made even), frames per second, crossfade in seconds (0: hard cuts),
    loudness in LUFS (None: left as it is), true peak in dBTP.
    """

    width: int
    height: int
    fps: float = 30.0
    crossfade: float = 0.0
    loudness: float | None = -14.0
    true_peak: float = -1.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as encoders take them: even."""
        return self.width - self.width % 2, self.height - self.height % 2

    def params(self) -> JsonObject:
        """Return the target as JSON, for the recipe of a rendition."""
        return asdict(self)

    @property
    def rate(self) -> Fraction:
        """Frames per second as an exact fraction: 29.97 is 30000/1001."""
        return exact_rate(self.fps)


@dataclass(frozen=True)
class Part:
    """One part: its file, its facts, and how long it lasts on the joined timeline."""

    path: Path
    facts: MediaFacts
    seconds: Fraction
    copied: bool


@dataclass(frozen=True)
class StitchPlan:
    """The parts in order, and the one whose pictures the encoded ones must match, when any part fits the target."""

    parts: Sequence[Part]
    reference: Part | None
    sound_matches: bool

    @property
    def seconds(self) -> Fraction:
        """How long all parts last together."""
        return sum((part.seconds for part in self.parts), Fraction(0))


def exact_rate(fps: float) -> Fraction:
    """Return the fraction that `fps` stands for."""
    for base in (1, 1001):
        exact = Fraction(round(fps * base / (1 if base == 1 else 1000)) * (1 if base == 1 else 1000), base)
        if abs(float(exact) - fps) < 0.005:
            return exact
    return Fraction(fps).limit_denominator(1001)


def make_plan(paths: Sequence[Path], facts: Sequence[MediaFacts], target: StitchTarget) -> StitchPlan:
    """Decide part by part. The reference is one of the largest group of alike parts that fit the target.

    Raises MediaError naming a part without a moving picture.
    """
    for path, fact in zip(paths, facts, strict=True):
        if fact.kind != "video" or fact.video is None:
            raise MediaError(path, f"it is {_ARTICLE[fact.kind]}, not a video", fix="Give a video for each part.")
    keys = [_key(fact) if target.crossfade <= 0 and _fits(fact, target) else None for fact in facts]
    groups = Counter(key for key in keys if key is not None)
    chosen = groups.most_common(1)[0][0] if groups else None
    parts = [
        Part(path, fact, _length(fact, target.rate, copied=copied), copied)
        for path, fact, copied in zip(paths, facts, (chosen is not None and key == chosen for key in keys), strict=True)
    ]
    reference = next((part for part in parts if part.copied), None)
    sounds = {_sound_key(fact) for fact in facts}
    matches = all(part.copied for part in parts) and len(sounds) == 1 and None not in sounds
    return StitchPlan(parts, reference, matches)


_ARTICLE = {"audio": "sound", "image": "a still picture", "video": "a file"}


def _fits(facts: MediaFacts, target: StitchTarget) -> bool:
    video = facts.video
    assert video is not None
    frame = 1 / target.fps
    return (
        facts.container.startswith("mov")
        and video.codec == "h264"
        and video.pix_fmt == "yuv420p"
        and (video.coded_width, video.coded_height) == target.size
        and (video.rotation, video.mirrored, video.sar, video.hdr) == (0, False, "1:1", False)
        and not video.variable_frame_rate
        and exact_rate(video.fps) == target.rate
        and video.extradata_sha256 is not None
        and video.start < frame
        # Sound that goes on after the last picture needs pictures to go with it.
        and video.duration is not None
        and facts.duration - video.duration <= frame + 0.001
    )


def _key(facts: MediaFacts) -> tuple[object, ...]:
    """What must be the same for pictures to stand in one track. The rest of the rule is `_fits`: all equal the target.

    Time bases may differ: timestamps are rescaled to the reference's.
    """
    video = facts.video
    assert video is not None
    colours = (video.color_primaries, video.color_transfer, video.color_space, video.color_range)
    return video.profile, video.b_frames, colours, video.extradata_sha256


def _sound_key(facts: MediaFacts) -> tuple[object, ...] | None:
    """What must be the same for sound to be copied; None when it cannot be."""
    audio, video = facts.audio, facts.video
    if audio is None or video is None or audio.codec != "aac" or audio.profile != "LC" or audio.channels != 2:
        return None  # a master is in stereo, which is also what its peaks are measured in
    ends_apart = abs((audio.duration or 0) + audio.start - (video.duration or 0) - video.start)
    if ends_apart > _AAC_FRAME or audio.start > _AAC_FRAME or audio.extradata_sha256 is None:
        return None
    return audio.sample_rate, audio.channels, audio.extradata_sha256


def _length(facts: MediaFacts, rate: Fraction, *, copied: bool) -> Fraction:
    video = facts.video
    assert video is not None
    if copied and video.frames is not None:
        return video.frames / rate
    return max(1, round(facts.duration * rate)) / rate
