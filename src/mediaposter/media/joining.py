"""Join pictures and sound of several files into one MP4 without decoding anything, in-process.

Faster than ffmpeg's concat demuxer (measured 0.14 s against 0.19 s for 56 MB): no process, no second pass to bring the
index to the front (its room is reserved), no rewriting of H.264 packets to another form and back.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge as merge_sorted
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import av
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from av.container.output import OutputContainer
from av.error import FFmpegError as AvError
from av.packet import Packet
from av.stream import Discard
from av.video.stream import VideoStream

from mediaposter.media.errors import NO_ROOM, DiskFullError, StitchError
from mediaposter.media.probe import open_input

Item = tuple[float, int, "Packet[Any]"]
S = TypeVar("S", VideoStream, AudioStream)
_SAME = 1e-7  # seconds: less than a tick of any time base in use
_ROOM = 64 * 1024  # bytes of index besides the tables
_ROOM_PER_PICTURE = 40  # stsz 4, stts 8, ctts 8, stss 4, a chunk of its own 16
_ROOM_PER_SECOND_OF_SOUND = 48 * 36  # AAC at 48 kHz has 47 packets a second


class StoppedError(Exception):
    """The join was asked to stop."""


@dataclass(frozen=True)
class Piece:
    """One part of the join: whose pictures, how long it lasts on the joined timeline, and how many pictures it has."""

    picture: Path
    seconds: Fraction
    pictures: int


@dataclass(frozen=True)
class Joint:
    """What is joined: `sound` is one track for the whole, or None when each piece's own sound is copied.

    `extradata` holds the parameter sets of all pieces when they are not the same in each.
    """

    pieces: Sequence[Piece]
    sound: Path | None
    total: float
    extradata: bytes | None = None


def join(joint: Joint, into: Path, *, on_progress: Callable[[float], None], stop: Event) -> None:
    """Write the joined MP4 with its index first. Blocks: call it in a thread; set `stop` to end it (StoppedError).

    Raises MediaError naming a piece that cannot be read, DiskFullError, StitchError. The file is synced to the disk.
    """
    pictures = sum(piece.pictures for piece in joint.pieces)
    room = _ROOM + pictures * _ROOM_PER_PICTURE + round(joint.total * _ROOM_PER_SECOND_OF_SOUND)
    try:
        try:
            _write(joint, into, {"moov_size": str(room)}, on_progress, stop)
        except AvError as error:
            if error.errno in NO_ROOM:
                raise
            # The reserve was too small: let the muxer move the file up to make room.
            _write(joint, into, {"movflags": "+faststart"}, on_progress, stop)
        with into.open("rb") as file:
            os.fsync(file.fileno())
    except (AvError, OSError) as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(into.parent) from error
        raise StitchError(
            f"The parts could not be joined: {error.strerror}.", fix="Try again; if it stays, encode the parts anew."
        ) from error


def _write(
    joint: Joint, into: Path, options: dict[str, str], on_progress: Callable[[float], None], stop: Event
) -> None:
    with ExitStack() as stack:
        output = stack.enter_context(av.open(f"file:{into}", "w", format="mp4", options=options))
        first = stack.enter_context(open_input(joint.pieces[0].picture))
        sound = stack.enter_context(open_input(joint.sound)) if joint.sound is not None else None
        streams = (
            _copy_of(first.streams.video[0], output, joint.extradata),
            _copy_of((sound or first).streams.audio[0], output, None),
        )
        packets = _pictures(joint, first, (0,) if sound else (0, 1))
        if sound is not None:
            packets = merge_sorted(packets, _packets(sound, Fraction(0), (1,)), key=lambda item: item[0])
        last = [-math.inf, -math.inf]
        for moment, number, packet in packets:
            if stop.is_set():
                raise StoppedError
            # The packet that primes a piece's sound decoder overlaps the piece before: it goes. Pictures all stay;
            # a decoding time that would go back is moved up by a tick, while the moment it is shown stays.
            if moment <= last[number] + _SAME:
                if number == 1:
                    continue
                packet.dts = math.floor((last[number] + _SAME) / packet.time_base) + 1
                moment = float(packet.dts * packet.time_base)  # noqa: PLW2901 - the packet has moved
            last[number] = moment
            packet.stream = streams[number]
            output.mux(packet)
            if number == 0:
                on_progress(min(1.0, max(0.0, moment / joint.total)))


def _copy_of(template: S, output: OutputContainer, extradata: bytes | None) -> S:
    stream = output.add_stream_from_template(template)
    stream.time_base = template.time_base
    if extradata is not None:
        stream.codec_context.extradata = extradata
    return stream


def _pictures(joint: Joint, first: InputContainer, wanted: Sequence[int]) -> Iterator[Item]:
    start = Fraction(0)
    for place, piece in enumerate(joint.pieces):
        if place == 0:
            yield from _packets(first, start, wanted)
        else:
            with open_input(piece.picture) as container:
                yield from _packets(container, start, wanted)
        start += piece.seconds


def _packets(container: InputContainer, start: Fraction, wanted: Sequence[int]) -> Iterator[Item]:
    """Yield (seconds, 0 for picture or 1 for sound, packet), moved to `start`, in the order of the file."""
    kinds: dict[int, tuple[int, int, float]] = {}
    for number, streams in enumerate((container.streams.video, container.streams.audio)):
        if number in wanted and streams:
            base = streams[0].time_base or Fraction(1, 1000)
            kinds[streams[0].index] = number, round(start / base), float(base)
    for stream in container.streams:
        if stream.index not in kinds:
            stream.discard = Discard.all
    for packet in container.demux(*(container.streams[index] for index in kinds)):
        if packet.dts is None or packet.pts is None:
            continue
        number, shift, base = kinds[packet.stream_index]
        packet.pts += shift
        packet.dts = dts = packet.dts + shift
        yield dts * base, number, packet
