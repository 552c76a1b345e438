"""What has to change in a file so that it is within limits, and what cannot be mended: planning, without any work.

The plan says how the new file is made. It holds nothing of the limits that do not bind, so that two platforms whose
limits lead to the same file share one.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from mediaposter.media.canvas import Bounds, Canvas, NoCanvasError, Style, canvas_of
from mediaposter.media.facts import AudioFacts, MediaFacts, VideoFacts

_SOUND_BITS = 128_000  # a second, of sound that is encoded anew
_RICH_SOUND_BITS = 192_000  # more than that is encoded anew where the size binds
_PLENTY = 0.16  # bits for a pixel: what libx264 at quality 20 needs of lively pictures, and rarely goes over
_ENOUGH = 0.025  # bits for a pixel: with fewer, smaller pictures look better
_LEAST = 0.008
_LEAST_BITS = 80_000  # a second, of pictures that are worth showing
_LEAST_SIDE = 240
_OVERHEAD = 0.97  # of the size is streams, the rest is the container
_SIZE_STEP = 0.85  # how much less a further try may use of the size
_BEFORE_END = 0.1  # seconds under the limit that a cut ends: sound comes in frames
_RATE_SLACK = 1.005  # phones say 30.02 and mean 30
_BIT_SLACK = 1.02
_EIGHT_BITS = ("yuv420p", "yuvj420p")
_STILL_BYTES = 1.2  # for a pixel: what a JPEG of the best quality stays under


class What(StrEnum):
    """The property of a file that a limit is about."""

    CONTAINER = "container"
    INDEX = "index"
    VIDEO_CODEC = "video_codec"
    AUDIO_CODEC = "audio_codec"
    FORMAT = "format"
    PIXELS = "pixels"
    ROTATION = "rotation"
    RATIO = "ratio"
    SIDES = "sides"
    FPS = "fps"
    BIT_RATE = "bit_rate"
    SIZE = "size"
    DURATION = "duration"


@dataclass(frozen=True)
class FileLimits:
    """What a file may be: codecs and containers as ffmpeg names them, bytes, pixels, seconds, bits and frames a second.

    None or nothing is no limit; without `codecs`, any picture goes. `hdr` says that HDR is shown as such.
    """

    codecs: Sequence[str] = ()
    containers: Sequence[str] = ()
    audio_codecs: Sequence[str] = ()
    bounds: Bounds = field(default_factory=Bounds)
    size_max: int | None = None
    duration_max: float | None = None
    fps_min: float | None = None
    fps_max: float | None = None
    bit_rate_max: int | None = None
    moov_first: bool = False
    hdr: bool = False


@dataclass(frozen=True)
class Change:
    """One property that a new file mends: the limit, what the file is, what it becomes."""

    what: What
    limit: str
    found: str
    becomes: str


@dataclass(frozen=True)
class Obstacle:
    """One property that no new file mends, and what a person can do."""

    what: What
    limit: str
    found: str
    fix: str


@dataclass(frozen=True)
class Drawing:
    """How the pictures are made anew. `bits` a second is the most they may take; `fps` is None where it stays.

    `size_max` is there for a still whose limit binds.
    """

    codec: str
    canvas: Canvas
    style: Style
    fps: str | None = None
    bits: int | None = None
    size_max: int | None = None


@dataclass(frozen=True)
class Fit:
    """The plan: nothing to change, a new container around the same streams, or streams made anew."""

    changes: tuple[Change, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    container: str = "mp4"
    drawing: Drawing | None = None  # None: the pictures are copied
    new_sound: bool = False
    seconds: float | None = None  # where it is cut

    @property
    def fits(self) -> bool:
        """Whether the file may go as it is."""
        return not self.changes and not self.obstacles


def plan_fit(
    facts: MediaFacts, limits: FileLimits, *, style: Style = "blur", cut: bool = True, attempt: int = 0
) -> Fit:
    """Return what to change in a video or a still so that it is within `limits`.

    `cut` allows to end a long video early. `attempt` counts the tries whose result was still too large.
    """
    if facts.video is None:
        return Fit()
    if facts.kind == "image":
        return _Still(facts, facts.video, limits, style).plan()
    return _Film(facts, facts.video, limits, style, cut=cut, attempt=attempt).plan()


def container_of(facts: MediaFacts) -> str:
    """Return the container's short name: mp4, mov, webm, matroska ... An MP4 whose brand is not known counts as MP4."""
    names = facts.container.split(",")
    if "mp4" in names:
        return "mov" if facts.brand == "qt" else "mp4"
    if "matroska" in names and facts.video is not None and facts.video.codec in {"vp8", "vp9", "av1"}:
        return "webm"
    return names[0]


class _Film:
    """The plan of one video."""

    def __init__(
        self, facts: MediaFacts, video: VideoFacts, limits: FileLimits, style: Style, *, cut: bool, attempt: int
    ) -> None:
        self.facts = facts
        self.video = video
        self.limits = limits
        self.style: Style = style
        self.cut = cut
        self.attempt = attempt
        self.obstacles: list[Obstacle] = []

    def plan(self) -> Fit:
        video, limits = self.video, self.limits
        redrawn = [*self._pixels(), *self._rates()]
        seconds = self._seconds()
        canvas, shape = self._canvas()
        redrawn += shape
        too_large = limits.size_max is not None and self.facts.size_bytes > limits.size_max
        audio = self.facts.audio
        sound = [*self._sound(audio)] if audio is not None else []
        wrapped = [*self._wrapping()]
        drawing: Drawing | None = None
        length = seconds or self.facts.duration
        cut = [] if seconds is None else [self._cut(seconds)]
        rich = audio is not None and (audio.bit_rate or 0) > _RICH_SOUND_BITS
        new_sound = bool(sound or cut or (too_large and rich))
        if redrawn or cut or too_large:
            fps = self._fps()
            told = _SOUND_BITS if new_sound else (audio.bit_rate if audio else None) or _RICH_SOUND_BITS
            drawing = self._drawing(canvas, fps, length, sound_bits=told if audio else 0)
            if too_large and not self.obstacles:
                redrawn.append(
                    Change(
                        What.SIZE,
                        f"at most {_megabytes(limits.size_max or 0)}",
                        _megabytes(self.facts.size_bytes),
                        f"encoded at {(drawing.bits or 0) / 1e6:.1f} Mbit/s at most",
                    )
                )
            if drawing.codec != "h264":
                self.obstacles.append(_unmade(What.VIDEO_CODEC, limits.codecs, video.codec))
        changes = (*wrapped, *redrawn, *sound, *cut)
        container = self._container() if changes else container_of(self.facts)
        if changes and container not in {"mp4", "mov"}:
            self.obstacles.append(_unmade(What.CONTAINER, limits.containers, container_of(self.facts)))
        return Fit(changes, tuple(self.obstacles), container, drawing, new_sound, seconds)

    def _pixels(self) -> Iterator[Change]:
        video, limits = self.video, self.limits
        if not limits.codecs:
            return
        if video.codec not in limits.codecs:
            yield Change(What.VIDEO_CODEC, f"must be {_either(limits.codecs)}", video.codec, limits.codecs[0])
        if video.hdr and not limits.hdr:
            yield Change(What.PIXELS, "must be SDR", f"HDR ({video.color_transfer})", "tone-mapped to SDR, bt709")
        elif video.pix_fmt not in _EIGHT_BITS and not (video.codec != "h264" and video.pix_fmt == "yuv420p10le"):
            yield Change(What.PIXELS, "must be 8 bit, 4:2:0", video.pix_fmt, "yuv420p")
        if video.rotation or video.mirrored:
            turned = f"turned by {video.rotation}°" if video.rotation else "mirrored"
            yield Change(What.ROTATION, "pixels must lie as they are shown", turned, "turned in the file")
        if video.sar != "1:1":
            yield Change(What.PIXELS, "pixels must be square", f"shaped {video.sar}", "square")

    def _rates(self) -> Iterator[Change]:
        video, limits = self.video, self.limits
        fps = self._fps()
        if fps is not None:
            bound = f"at most {limits.fps_max:g}" if float(fps) < video.fps else f"at least {limits.fps_min:g}"
            yield Change(What.FPS, f"{bound} frames/s", f"{video.fps:g} frames/s", f"{float(fps):g} frames/s")
        bits = video.bit_rate or (self.facts.size_bytes * 8 / self.facts.duration if self.facts.duration else 0)
        if limits.bit_rate_max is not None and bits > limits.bit_rate_max * _BIT_SLACK:
            most = f"{limits.bit_rate_max / 1e6:g} Mbit/s"
            yield Change(What.BIT_RATE, f"at most {most}", f"{bits / 1e6:.1f} Mbit/s", f"under {most}")

    def _fps(self) -> Fraction | None:
        """Return the rate to change to: an even share or multiple of the present one where one is allowed."""
        fps, least, most = self.video.fps, self.limits.fps_min or 0, self.limits.fps_max or math.inf
        if not fps or least / _RATE_SLACK <= fps <= most * _RATE_SLACK:
            return None
        exact = Fraction(fps).limit_denominator(1001)
        if fps > most:
            even = exact / math.ceil(fps / (most * _RATE_SLACK))
            # 60 to 25 by every second frame would be jerky at 30 in a film that allows 25 only.
            return even if float(even) >= max(least, most * 0.7) else Fraction(most).limit_denominator(1001)
        even = exact * math.ceil(least / fps)
        return even if even <= most else Fraction(least).limit_denominator(1001)

    def _sound(self, audio: AudioFacts) -> Iterator[Change]:
        allowed = self.limits.audio_codecs
        if not allowed:
            return
        if "aac" not in allowed and audio.codec not in allowed:
            self.obstacles.append(_unmade(What.AUDIO_CODEC, allowed, audio.codec))
        elif audio.codec not in allowed:
            yield Change(What.AUDIO_CODEC, f"must be {_either(allowed)}", audio.codec, "aac, 48 kHz, stereo")
        elif audio.channels > 2 or audio.sample_rate > 48_000:
            found = f"{audio.channels} channels at {audio.sample_rate} Hz"
            yield Change(What.AUDIO_CODEC, "at most stereo at 48 kHz", found, "aac, 48 kHz, stereo")

    def _wrapping(self) -> Iterator[Change]:
        containers, found = self.limits.containers, container_of(self.facts)
        if containers and found not in containers:
            yield Change(What.CONTAINER, f"must be {_either(containers)}", found, self._container())
        elif self.limits.moov_first and (self.facts.moov_first is False or self.facts.fragmented):
            found = "in fragments" if self.facts.fragmented else "index at the end"
            yield Change(What.INDEX, "the index must come first", found, "index first")

    def _container(self) -> str:
        found = container_of(self.facts)
        allowed = self.limits.containers or ("mp4",)
        if found in allowed and found == "mov":
            return found
        return "mp4" if "mp4" in allowed else allowed[0]

    def _seconds(self) -> float | None:
        most = self.limits.duration_max
        if most is None or self.facts.duration <= most:
            return None
        if self.cut:
            return round(max(most - _BEFORE_END, most * 0.9), 3)
        over = self.facts.duration - most
        self.obstacles.append(
            Obstacle(
                What.DURATION,
                f"at most {most:g} s",
                f"{self.facts.duration:.1f} s",
                f"Cut {over:.1f} s away, or set MEDIAPOSTER_CUT_LONG_VIDEOS=true.",
            )
        )
        return None

    def _cut(self, seconds: float) -> Change:
        limit = f"at most {self.limits.duration_max:g} s"
        return Change(What.DURATION, limit, f"{self.facts.duration:.1f} s", f"cut at {seconds:g} s, with a short fade")

    def _canvas(self) -> tuple[Canvas, list[Change]]:
        canvas, changes, obstacles = _shape(self.video, self.limits.bounds, self.style, step=2)
        self.obstacles += obstacles
        return canvas, changes

    def _drawing(self, canvas: Canvas, fps: Fraction | None, seconds: float, *, sound_bits: int) -> Drawing:
        limits = self.limits
        rate = float(fps or self.video.fps or 30)
        bits = self._bits(canvas, rate, seconds, sound_bits)
        pixels = canvas.width * canvas.height * rate
        if bits < _ENOUGH * pixels:
            share = max(math.sqrt(bits / (_ENOUGH * pixels)), _LEAST_SIDE / min(canvas.width, canvas.height))
            share *= canvas.width / _whole_width(self.video, canvas, self.style)
            with contextlib.suppress(NoCanvasError):  # then it keeps its size
                canvas = canvas_of(*shown_size(self.video), limits.bounds, self.style, most=min(1.0, share))
        least = max(_LEAST_BITS, _LEAST * canvas.width * canvas.height * rate)
        if bits < least and limits.size_max is not None:
            longest = seconds * bits / least
            self.obstacles.append(
                Obstacle(
                    What.SIZE,
                    f"at most {_megabytes(limits.size_max)}",
                    _megabytes(self.facts.size_bytes),
                    f"Cut it to {max(1, math.floor(longest))} s: longer, it is too small a file to be worth seeing.",
                )
            )
        codec = "h264" if not limits.codecs or "h264" in limits.codecs else limits.codecs[0]
        return Drawing(codec, canvas, self.style, str(fps) if fps else None, _round_down(bits))

    def _bits(self, canvas: Canvas, rate: float, seconds: float, sound_bits: int) -> float:
        """Return the bits a second that the pictures may take."""
        limits = self.limits
        bits = max(_PLENTY * canvas.width * canvas.height * rate, 4 * _LEAST_BITS)
        if limits.bit_rate_max is not None:
            bits = min(bits, limits.bit_rate_max * 0.95)
        if limits.size_max is not None:
            room = limits.size_max * 8 * _OVERHEAD * _SIZE_STEP**self.attempt
            # The encoder's buffer holds one second, which it may use up on top.
            bits = min(bits, (room - sound_bits * seconds) / (seconds + 1))
        return max(bits, 1.0)


class _Still:
    """The plan of one picture."""

    def __init__(self, facts: MediaFacts, video: VideoFacts, limits: FileLimits, style: Style) -> None:
        self.facts = facts
        self.video = video
        self.limits = limits
        self.style: Style = style

    def plan(self) -> Fit:
        video, limits = self.video, self.limits
        canvas, changes, obstacles = _shape(video, limits.bounds, self.style, step=1)
        codec = video.codec if not limits.codecs or video.codec in limits.codecs else limits.codecs[0]
        if codec != video.codec:
            limit = f"must be {_either(_named(limits.codecs))}"
            changes.append(Change(What.FORMAT, limit, _NAMES.get(video.codec, video.codec), _NAMES.get(codec, codec)))
        if limits.codecs and (video.rotation or video.mirrored):
            turned = f"turned by {video.rotation}°" if video.rotation else "mirrored"
            changes.append(Change(What.ROTATION, "pixels must lie as they are shown", turned, "turned in the file"))
        if limits.size_max is not None and self.facts.size_bytes > limits.size_max:
            if not limits.codecs or "mjpeg" in limits.codecs:
                codec = "mjpeg"  # nothing is as small
            limit, found = f"at most {_megabytes(limits.size_max)}", _megabytes(self.facts.size_bytes)
            changes.append(
                Change(What.SIZE, limit, found, f"{_NAMES.get(codec, codec)} under {_megabytes(limits.size_max)}")
            )
        if not changes:
            return Fit(obstacles=tuple(obstacles), container=codec)
        if codec not in _NAMES:
            obstacles.append(_unmade(What.FORMAT, _named(limits.codecs), video.codec))
        binds = limits.size_max is not None and limits.size_max < canvas.width * canvas.height * _STILL_BYTES
        drawing = Drawing(codec, canvas, self.style, size_max=limits.size_max if binds or codec == "png" else None)
        return Fit(tuple(changes), tuple(obstacles), codec, drawing)


_NAMES = {"mjpeg": "JPEG", "png": "PNG", "webp": "WebP"}  # the stills that we write


def _named(codecs: Sequence[str]) -> list[str]:
    return [_NAMES.get(codec, codec) for codec in codecs]


def _shape(
    video: VideoFacts, bounds: Bounds, style: Style, *, step: int
) -> tuple[Canvas, list[Change], list[Obstacle]]:
    width, height = shown_size(video)
    changes: list[Change] = []
    try:
        canvas = canvas_of(width, height, bounds, style, step=step)
    except NoCanvasError as error:
        same = Canvas(width, height, width, height)
        fix = "Give a larger picture." if "blown up" in str(error) else "Give one of another shape."
        return same, [], [Obstacle(What.SIDES, _sides(bounds), f"{width}x{height}: {error}", fix)]
    becomes = f"{canvas.width}x{canvas.height}"
    if not bounds.take_ratio(width, height):
        how = {"blur": "on its blurred self", "black": "with black bars", "crop": "cropped"}[style]
        found = f"{width}x{height} ({width / height:.3g})"
        changes.append(Change(What.RATIO, _ratios(bounds), found, f"{becomes}, {how}"))
    if not bounds.take_sides(width, height):
        changes.append(Change(What.SIDES, _sides(bounds), f"{width}x{height}", becomes))
    return canvas, changes, []


def shown_size(video: VideoFacts) -> tuple[int, int]:
    """Return the size in square pixels that the pictures are shown at."""
    wide, _, high = video.sar.partition(":")
    shape = Fraction(int(wide), int(high or 1)) if int(wide) and int(high or 1) else Fraction(1)
    return max(2, int(video.width * shape / 2) * 2) if shape != 1 else video.width, video.height


def _whole_width(video: VideoFacts, canvas: Canvas, style: Style) -> float:
    """Return how wide the canvas would be if the picture on it kept its size."""
    width, height = shown_size(video)
    inner = (canvas.inner_width / width, canvas.inner_height / height)
    return canvas.width / (min(inner) if style == "crop" else max(inner))


def _unmade(what: What, allowed: Sequence[str], found: str) -> Obstacle:
    return Obstacle(what, f"must be {_either(allowed)}", found, f"Convert it to {allowed[0]} and give that file.")


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)


def _sides(bounds: Bounds) -> str:
    told = [
        f"{name} {word} {limit} px"
        for name, word, limit in (
            ("width", "at least", bounds.width_min),
            ("width", "at most", bounds.width_max),
            ("height", "at least", bounds.height_min),
            ("height", "at most", bounds.height_max),
        )
        if limit is not None
    ]
    return ", ".join(told) or _ratios(bounds)


def _ratios(bounds: Bounds) -> str:
    least, most = bounds.ratio_min, bounds.ratio_max
    if least is not None and most is not None:
        return f"width/height from {least:.3g} to {most:.3g}"
    return f"width/height at least {least:.3g}" if least is not None else f"width/height at most {most or 0:.3g}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _round_down(bits: float) -> int:
    """Round to two digits, so that limits that are nearly the same lead to the same file."""
    step = 10 ** max(0, math.floor(math.log10(max(bits, 1))) - 1)
    return max(_LEAST_BITS // 2, int(bits // step * step))
