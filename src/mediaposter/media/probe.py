"""Read what a media file is, in-process, without ever opening another file or an address.

The demuxer is chosen by the file's first bytes (`sniff`) and forced; MP4 boxes are checked before (`boxes`); the first
picture and the file's last packets are read, so that a file that passes can be decoded and is whole.
"""

import asyncio
import contextlib
import hashlib
import math
import struct
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.error import FFmpegError as AvError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mediaposter.media.boxes import Layout, read_layout
from mediaposter.media.errors import MediaError, MediaLimitError
from mediaposter.media.facts import AudioFacts, Kind, MediaFacts, VideoFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.sniff import FORMAT_NAMES, STILLS, demuxer_of

_SECONDS = 30.0  # a probe takes some 30 ms; what takes so long is made to be slow
_SAMPLE = 2000  # timestamps looked at, at either end, to tell a constant frame rate
_SAMPLE_PACKETS = 600
_STILL_BRANDS = {"avif", "avis", "heic", "heix", "heim", "heis", "mif1", "msf1"}
_ESTIMATED = {"mp3", "aac", "mpegts", "mpeg"}  # their duration is computed from the bytes that are there
_HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}
_MOST_STREAMS = 64

# Names as ffmpeg's filters and encoders take them (libavutil/pixdesc.c); 2 means unspecified everywhere.
_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    11: "smpte431",
    12: "smpte432",
}
_TRANSFERS = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    18: "arib-std-b67",
}
_SPACES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c"}
_RANGES = {1: "tv", 2: "pc"}


def probe(path: Path, limits: MediaLimits) -> MediaFacts:
    """Return the facts of the media file at `path`. Blocks for some 30 ms; `probe_async` does it in a thread.

    Raises MediaError (and its kinds) naming the file, what is wrong with it and what to do.
    """
    demuxer = demuxer_of(path)
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise MediaLimitError(
            path,
            f"it is {size / 1e9:.1f} GB; at most {limits.max_bytes / 1e9:.1f} GB are taken",
            setting="MEDIAPOSTER_MEDIA_MAX_BYTES",
        )
    layout = read_layout(path) if demuxer == "mov" else None
    if demuxer in {"avi", "wav"}:
        _check_riff(path, size)
    with open_input(path, demuxer) as container:
        reader = _Reader(path=path, container=container, demuxer=demuxer, layout=layout, limits=limits, size=size)
        return reader.facts()


async def probe_async(path: Path, limits: MediaLimits) -> MediaFacts:
    """Return the facts of the media file at `path`, read in a thread. Raises what `probe` raises."""
    return await asyncio.to_thread(probe, path, limits)


@contextmanager
def open_input(path: Path, demuxer: str | None = None) -> Generator[InputContainer]:
    """Open `path` by the demuxer of its first bytes. Errors of ffmpeg inside the block become MediaErrors."""
    demuxer = demuxer or demuxer_of(path)
    # No other protocol and, in a MOV, no other file: both are off by default and said here all the same.
    options = {"protocol_whitelist": "file"}
    if demuxer == "mov":
        # The index of a MOV tells all that is needed: opening it takes half a millisecond instead of 17 when ffmpeg
        # may not decode pictures to learn what the index says.
        options |= {"enable_drefs": "0", "codec_whitelist": "none", "probesize": "32", "analyzeduration": "0"}
    try:
        with av.open(f"file:{path}", format=demuxer, options=options, timeout=(_SECONDS, _SECONDS)) as container:
            yield container
    except AvError as error:
        raise MediaError(path, f"it cannot be read as {demuxer.removesuffix('_pipe')}: {error.strerror}") from error


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """One look at one open file."""

    path: Path
    container: InputContainer
    demuxer: str
    layout: Layout | None
    limits: MediaLimits
    size: int
    deadline: float = field(default_factory=lambda: time.monotonic() + _SECONDS)

    def facts(self) -> MediaFacts:
        if len(self.container.streams) > _MOST_STREAMS:
            raise MediaError(self.path, f"it has {len(self.container.streams)} streams, no real file has so many")
        video = next((s for s in self.container.streams.video if not s.disposition & Disposition.attached_pic), None)
        audio = next(iter(self.container.streams.audio), None)
        if audio is not None and not (audio.codec_context and audio.rate):
            audio = None
        if video is None and audio is None:
            raise MediaError(self.path, "there is neither picture nor sound in it")
        still = self.demuxer in STILLS or (self.layout is not None and self.layout.brand in _STILL_BRANDS)
        picture = self._picture(video, still=still) if video is not None else None
        duration = 0.0 if still else self._duration(video, audio)
        if still is False and self.demuxer == "gif" and picture is not None and (picture.frames or 0) <= 1:
            still, duration = True, 0.0
        if duration > self.limits.max_seconds:
            raise MediaLimitError(
                self.path,
                f"it is {_clock(duration)} long; at most {_clock(self.limits.max_seconds)} are taken",
                setting="MEDIAPOSTER_MEDIA_MAX_SECONDS",
            )
        if not still and self.layout is None and self.demuxer not in _ESTIMATED:
            self._check_end(duration)
        kind: Kind = "image" if still else "video" if picture else "audio"
        return MediaFacts(
            kind=kind,
            container=FORMAT_NAMES.get(self.demuxer, self.demuxer),
            duration=round(duration, 6),
            size_bytes=self.size,
            video=picture,
            audio=self._sound(audio) if audio is not None else None,
            moov_first=self.layout.moov_first if self.layout else None,
            fragmented=self.layout.fragmented if self.layout else False,
            brand=self.layout.brand or None if self.layout else None,
        )

    def _picture(self, stream: VideoStream, *, still: bool) -> VideoFacts:
        context = stream.codec_context
        if not context:
            raise MediaError(self.path, "its video codec is not known here")
        width, height = stream.width, stream.height
        if width * height > self.limits.max_pixels:
            raise MediaLimitError(
                self.path,
                f"its picture is {width}x{height}; at most {self.limits.max_pixels} pixels are taken",
                setting="MEDIAPOSTER_MEDIA_MAX_PIXELS",
            )
        frame = self._first_frame(stream)
        rotation = -round(frame.rotation / 90) * 90 % 360  # ffmpeg counts against the clock
        turned = rotation in {90, 270}
        fps, variable = (0.0, False) if still else self._rate(stream)
        transfer = _TRANSFERS.get(frame.color_trc or context.color_trc)
        pixel = stream.sample_aspect_ratio or Fraction(1)
        if turned:
            pixel = 1 / pixel if pixel else Fraction(1)
        return VideoFacts(
            codec=context.codec.canonical_name,
            profile=stream.profile,
            pix_fmt=context.pix_fmt or frame.format.name,
            width=frame.height if turned else frame.width,
            height=frame.width if turned else frame.height,
            coded_width=frame.width,
            coded_height=frame.height,
            rotation=rotation,
            sar=f"{pixel.numerator}:{pixel.denominator}" if pixel else "1:1",
            fps=fps,
            variable_frame_rate=variable,
            time_base=_ratio(stream.time_base),
            hdr=transfer in _HDR_TRANSFERS,
            bit_rate=stream.bit_rate or None,
            extradata_sha256=_digest(context.extradata),
            duration=_seconds(stream.duration, stream.time_base),
            start=_seconds(stream.start_time, stream.time_base) or 0.0,
            frames=stream.frames or None,
            color_primaries=_PRIMARIES.get(frame.color_primaries or context.color_primaries),
            color_transfer=transfer,
            color_space=_SPACES.get(int(frame.colorspace)),
            color_range=_RANGES.get(int(frame.color_range)),
            mirrored=_is_mirrored(frame),
            b_frames=context.has_b_frames,
        )

    def _sound(self, stream: AudioStream) -> AudioFacts:
        with contextlib.suppress(AvError):
            # The decoder knows the profile, and the true rate of HE-AAC. Sound that it cannot read is told later,
            # when sound is wanted: the pictures may be good.
            self.container.seek(0)
            for packet in islice(self.container.demux(stream), 3):
                if packet.decode():
                    break
        context = stream.codec_context
        return AudioFacts(
            codec=context.codec.canonical_name,
            sample_rate=context.sample_rate,
            channels=context.channels,
            bit_rate=stream.bit_rate or None,
            extradata_sha256=_digest(context.extradata),
            profile=stream.profile,
            time_base=_ratio(stream.time_base),
            duration=_seconds(stream.duration, stream.time_base),
            start=_seconds(stream.start_time, stream.time_base) or 0.0,
        )

    def _first_frame(self, stream: VideoStream) -> VideoFrame:
        stream.thread_count = 1  # frame threads would read on before they answer
        for packet in islice(self.container.demux(stream), _SAMPLE_PACKETS):
            self._check_time()
            try:
                for frame in packet.decode():
                    assert isinstance(frame, VideoFrame)
                    if frame.width < 1 or frame.height < 1:
                        break
                    return frame
            except AvError:
                continue  # a clip cut out of a stream may begin with pictures that lack their reference
        raise MediaError(self.path, "no picture of it can be decoded")

    def _rate(self, stream: VideoStream) -> tuple[float, bool]:
        """Return frames per second and whether their spacing varies."""
        average = stream.average_rate or stream.guessed_rate or Fraction(0)
        base = stream.time_base or Fraction(1, 1000)
        stamps = self._stamps(stream)
        gaps = [later - earlier for run in stamps for earlier, later in pairwise(run) if later > earlier]
        if not gaps:
            return round(float(average), 6), False
        usual = float(sorted(gaps)[len(gaps) // 2] * base)
        # A container that counts in milliseconds writes 33, 33, 34: that is constant.
        slack = float(base) + max(0.0015, usual * 0.02)
        variable = any(abs(float(gap * base) - usual) > slack for gap in gaps)
        if not average or (not variable and abs(float(average) * usual - 1) > 0.2):
            average = Fraction(1 / usual).limit_denominator(1001)
        return round(float(average), 6), variable

    def _stamps(self, stream: VideoStream) -> list[list[int]]:
        """Return runs of ascending timestamps: of both ends of an MP4's index, or of a file's first packets."""
        entries = stream.index_entries
        if self.layout is not None and not self.layout.fragmented and len(entries) > 1:
            count = len(entries)
            places = [range(min(_SAMPLE, count)), range(max(_SAMPLE, count - _SAMPLE), count)]
            # The last frame is often shorter or longer than the others, and varies nothing.
            return [[entries[place].timestamp for place in part if place < count - 1 or count < 4] for part in places]
        stamps: list[int] = []
        try:
            self.container.seek(0)
            for packet in islice(self.container.demux(stream), _SAMPLE_PACKETS):
                self._check_time()
                if packet.pts is not None:
                    stamps.append(packet.pts)
        except AvError:
            pass
        return [sorted(stamps)[:-4]]  # frames that come later in the file may be shown between the last ones

    def _duration(self, video: VideoStream | None, audio: AudioStream | None) -> float:
        told = self.container.duration
        if told is not None and told > 0:
            seconds = told / av.time_base
            if not math.isfinite(seconds):
                raise MediaError(self.path, "it claims an impossible length")
            return seconds
        streams = [stream for stream in (video, audio) if stream is not None]
        end = _end_of(self._packets(streams))
        if end is None or end <= 0:
            raise MediaError(self.path, "it has no length: nothing in it can be played")
        return end

    def _check_end(self, duration: float) -> None:
        """Refuse a file whose last packets are missing, which its header cannot tell."""
        streams = [*self.container.streams.video, *self.container.streams.audio]
        try:
            self.container.seek(max(0, int((duration - 1) * av.time_base)))
            end = _end_of(self._packets(streams))
        except AvError:
            end = None
        if end is None or end < duration - max(1.0, duration * 0.05):
            held = f" after {end:.1f} s" if end is not None else ""
            raise _cut_off(self.path, f"it claims {duration:.1f} s and ends early{held}")

    def _packets(self, streams: Sequence[VideoStream | AudioStream]) -> "Iterator[Packet[Any]]":
        for packet in self.container.demux(*streams):
            self._check_time()
            yield packet

    def _check_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise MediaError(self.path, f"it could not be read within {_SECONDS:.0f} s")


def _check_riff(path: Path, size: int) -> None:
    """Refuse a RIFF file that is shorter than its header says; a stream's header may say nothing."""
    with path.open("rb") as file:
        claimed = int.from_bytes(file.read(8)[4:], "little") + 8
    if size < claimed < 0xFFFFFF00:
        raise _cut_off(path, f"it holds {size} of {claimed} bytes")


def _cut_off(path: Path, how: str) -> MediaError:
    fix = "Download, copy or export the file again; its end is missing."
    return MediaError(path, f"the file is cut off: {how}", fix=fix)


def _is_mirrored(frame: VideoFrame) -> bool:
    try:
        matrix = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        return False  # PyAV knows not every kind of side data, and then gives none of it (18.1, a TIFF)
    if matrix is None:
        return False
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    return a * d - b * c < 0


def _end_of(packets: "Iterator[Packet[Any]]") -> float | None:
    end = None
    for packet in packets:
        moment = packet.pts if packet.pts is not None else packet.dts
        if moment is not None:
            end = max(end or 0.0, float((moment + (packet.duration or 0)) * packet.time_base))
    return end


def _digest(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest() if data else None


def _ratio(value: Fraction | None) -> str:
    return f"{value.numerator}/{value.denominator}" if value else ""


def _seconds(count: int | None, base: Fraction | None) -> float | None:
    return round(float(count * base), 6) if count is not None and base is not None else None


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
