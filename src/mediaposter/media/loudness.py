"""How loud sound is, and what to do to bring it to a target: one gain, and a limiter only where peaks would go over.

Measured after ITU-R BS.1770 by ffmpeg's `ebur128`, in-process: a process for each part would cost more than the
measuring. Units: LUFS for loudness, dBTP for true peaks.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from threading import Event

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import BlockingIOError as NothingYet
from av.error import EOFError as AllOut
from av.error import FFmpegError as AvError
from av.filter import Graph
from av.filter.context import FilterContext
from av.stream import Discard

from mediaposter.media.probe import open_input

RATE = 48000
CLOSE_ENOUGH = 0.5  # LU: a difference that nobody hears is not worth an encode
MOST_LIMITING = 12.0  # dB that the limiter may take away; beyond that, sound would pump
# A sine at a quarter of the rate can hide 3.01 dB between its samples (BS.1770-5, annex 2), and a true-peak meter's own
# filter rings by half a decibel where such a sine begins; what lies higher, AAC cuts.
_HIDDEN = 3.65
_AT_ONCE = 64  # frames given to the meter before it is read: each call contends with other threads for Python's lock
_SILENCE = -69.0  # LUFS; ebur128 counts nothing below -70
_OVERSHOOT = 1.0  # dB that AAC usually adds to a peak at most; what it really added is measured


@dataclass(frozen=True)
class Loudness:
    """A measurement. `integrated` is None for silence; `true_peak` is at most that, and that where measured exactly."""

    integrated: float | None
    true_peak: float


@dataclass(frozen=True)
class Levelling:
    """What is to be done: `gain_db` of volume, then a limiter at `ceiling` dBTP if there is one. `note` says why."""

    gain_db: float
    ceiling: float | None
    note: str
    true_peak: float = -1.0

    @property
    def needed(self) -> bool:
        """Whether the sound must be encoded anew."""
        return self.gain_db != 0.0 or self.ceiling is not None

    def after(self, found: Loudness) -> "Levelling | None":
        """Return what to do instead when the result, measured as `found`, has peaks that are still too high."""
        over = found.true_peak - self.true_peak
        if over <= 0:
            return None
        top = self.ceiling if self.ceiling is not None else self.true_peak
        return replace(self, ceiling=top - over - 0.1)

    @property
    def filters(self) -> list[str]:
        """The filters for stereo sound at 48 kHz."""
        chain = [f"volume={self.gain_db:.2f}dB"] if self.gain_db else []
        if self.ceiling is not None:
            # Peaks between the samples only show at a higher rate, so the limiter works at four times ours.
            limit = 10 ** (self.ceiling / 20)
            chain += [
                f"aresample={RATE * 4}",
                f"alimiter=limit={limit:.4f}:attack=2:release=60:level=false:latency=true",
                f"aresample={RATE}",
            ]
        return chain


def measure(paths: Sequence[Path], *, exact: bool = True, stop: Event | None = None) -> Loudness:
    """Return the loudness of the sound of `paths` one after the other; a file without sound adds nothing.

    Unless `exact`, its true peak is what the samples' own peak allows at most: that takes half the time. Blocks at some
    250 times real time: call it in a thread, and set `stop` to end it early. Raises MediaError.
    """
    kind = "true" if exact else "sample"
    graph = Graph()
    source = graph.add("abuffer", f"sample_rate={RATE}:sample_fmt=fltp:channel_layout=stereo:time_base=1/{RATE}")
    meter = graph.add("ebur128", f"peak={kind}:framelog=quiet:metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    told: dict[str, str] = {}
    place = waiting = 0
    for path in paths:
        for frame in _frames(path, stop):
            frame.pts = place
            frame.time_base = Fraction(1, RATE)
            place += frame.samples
            source.push(frame)
            waiting += 1
            if waiting >= _AT_ONCE:
                told, waiting = _drain(sink) or told, 0
    told = _drain(sink) or told  # before the end is told: that throws away what still waits
    source.push(None)
    told = _drain(sink) or told
    integrated = float(told.get("lavfi.r128.I", "-70"))
    peak = float(told.get(f"lavfi.r128.{kind}_peak", "0"))
    return Loudness(
        integrated if math.isfinite(integrated) and integrated > _SILENCE else None,
        20 * math.log10(peak) + (0 if exact else _HIDDEN) if peak > 0 else -math.inf,
    )


def plan(found: Loudness, *, target: float, true_peak: float) -> Levelling:
    """Return what brings `found` to `target` LUFS with no peak over `true_peak` dBTP."""
    if found.integrated is None:
        return Levelling(0.0, None, "the sound is silent; nothing was levelled")
    gain = target - found.integrated
    if abs(gain) <= CLOSE_ENOUGH and found.true_peak <= true_peak:
        return Levelling(0.0, None, f"the sound is at {found.integrated:.1f} LUFS already")
    ceiling = true_peak - _OVERSHOOT
    over = found.true_peak + gain - ceiling
    note = f"{found.integrated:.1f} LUFS brought to {target:g} LUFS"
    if over <= 0:
        return Levelling(gain, None, note, true_peak)
    if over > MOST_LIMITING:
        gain -= over - MOST_LIMITING
        note = f"{found.integrated:.1f} LUFS raised to about {found.integrated + gain:.1f}: its peaks allow no more"
    return Levelling(gain, ceiling, f"{note}, peaks limited to {true_peak:g} dBTP", true_peak)


def _frames(path: Path, stop: Event | None) -> Iterator[AudioFrame]:
    with open_input(path) as container:
        for stream in container.streams.video:
            stream.discard = Discard.all
        if not container.streams.audio:
            return
        resampler = AudioResampler(format="fltp", layout="stereo", rate=RATE)
        for packet in container.demux(container.streams.audio[0]):
            if stop is not None and stop.is_set():
                return
            try:
                frames = packet.decode()
            except AvError:
                continue  # one broken packet is a click, not a reason to stop
            for frame in frames:
                assert isinstance(frame, AudioFrame)
                yield from resampler.resample(frame)
        yield from resampler.resample(None)


def _drain(sink: FilterContext) -> dict[str, str]:
    told: dict[str, str] = {}
    while True:
        try:
            frame = sink.pull()
        except (NothingYet, AllOut):
            return told
        told = dict(frame.metadata)
