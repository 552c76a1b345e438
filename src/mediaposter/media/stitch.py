"""Join parts into one master: copy what matches, encode only the odd ones, level the sound, check the result.

Pictures of parts that match the target and each other are copied; another part's are encoded to the same settings.
Sound is copied when all of it matches and is loud enough already; else it becomes one new track, pictures still copied.
"""

import asyncio
import os
import shutil
import uuid
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from mediaposter.core.errors import InvalidInputError
from mediaposter.media import avc, check, conform, crossfade, joining, sound
from mediaposter.media.conform import Encoding
from mediaposter.media.errors import NO_ROOM, DiskFullError, StitchError
from mediaposter.media.facts import MediaFacts
from mediaposter.media.joining import Joint, Piece
from mediaposter.media.limits import MediaLimits
from mediaposter.media.loudness import Levelling, Loudness, measure, plan
from mediaposter.media.plan import Part, StitchPlan, StitchTarget, make_plan
from mediaposter.media.probe import open_input, probe_async

__all__ = ["StitchResult", "StitchTarget", "stitch"]

T = TypeVar("T")
U = TypeVar("U")
_SOUND_WORK = 0.02  # seconds of work for a second of sound, where encoding a second of pictures is 1
_JOIN_WORK = 0.005
_TRIES_AT_PEAKS = 4


@dataclass(frozen=True)
class StitchResult:
    """The master, probed. `copied` and `encoded` are positions of parts (from 0) by what became of their pictures."""

    facts: MediaFacts
    copied: list[int]
    encoded: list[int]
    sound_copied: bool
    gain_db: float
    limited: bool
    loudness: Loudness | None
    notes: list[str]


async def stitch(
    parts: Sequence[Path],
    into: Path,
    *,
    target: StitchTarget,
    on_progress: Callable[[float], None] | None = None,
    limits: MediaLimits | None = None,
    threads: int = 0,
    facts: Sequence[MediaFacts] | None = None,
) -> StitchResult:
    """Join `parts` in order into the MP4 `into` and return what was done. `on_progress` gets the share done, 0 to 1.

    `into` appears whole, checked and synced to the disk, or not at all; a cancel stops ffmpeg and leaves nothing.
    `threads` limits the encoder (0: ffmpeg decides); `facts` of parts that were probed already save a probe. One stitch
    at a time may write one `into`. Raises MediaError naming a part that cannot be used, DiskFullError, FfmpegError,
    StitchError when the result is not what the parts promise.
    """
    if not parts:
        raise InvalidInputError("There is nothing to stitch.", fix="Give at least one part.")
    # The longest of what a join of matching parts needs, so it begins before anything is known of them.
    loudness = _Loudness(parts, target)
    try:
        if facts is None:
            facts = await asyncio.gather(*(probe_async(path, limits or MediaLimits()) for path in parts))
        planned = make_plan(parts, facts, target)
        progress = _Progress(on_progress)
        with _workshop(into) as folder:
            made = await _Work(planned, target, folder, threads, progress, loudness).make()
            made.path.replace(into)
            await asyncio.to_thread(_sync, into.parent)
    finally:
        await loudness.stop()
    progress.finish()
    levelling = made.levelling
    return StitchResult(
        facts=made.facts,
        copied=[place for place, part in enumerate(planned.parts) if part.copied],
        encoded=[place for place, part in enumerate(planned.parts) if not part.copied],
        sound_copied=made.sound_copied,
        gain_db=round(levelling.gain_db, 2) if levelling else 0.0,
        limited=levelling is not None and levelling.ceiling is not None,
        loudness=made.loudness,
        notes=[levelling.note] if levelling else [],
    )


class _Progress:
    """Progress over stages of unequal weight, told to the caller on the loop's thread, and only when it has moved."""

    def __init__(self, tell: Callable[[float], None] | None) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._told = -1.0
        self._done = 0.0
        self.total = 1.0

    def stage(self, weight: float) -> Callable[[float], None]:
        """Return the callback of a stage that is `weight` of `total`."""
        reached = 0.0

        def step(share: float) -> None:
            nonlocal reached
            self._done += max(0.0, share - reached) * weight
            reached = max(reached, share)
            self._say(min(0.99, self._done / self.total))

        return step

    def finish(self) -> None:
        """Say that all is done."""
        self._say(1.0)

    def _say(self, share: float) -> None:
        if self._tell is not None and share - self._told >= 0.01:
            self._told = share
            self._loop.call_soon_threadsafe(self._tell, share)


class _Loudness:
    """The measuring of the parts' loudness, begun when this is made, in a thread of its own."""

    def __init__(self, parts: Sequence[Path], target: StitchTarget) -> None:
        self._parts = parts
        self._target = target
        self._stop = Event()
        self._task = asyncio.create_task(self._measure(exact=False)) if target.loudness is not None else None

    async def found(self) -> tuple[Levelling | None, Loudness | None]:
        """Return what to do to the sound and how loud it is; nothing when no loudness is asked for."""
        if self._task is None or self._target.loudness is None:
            return None, None
        found = await self._task
        planned = plan(found, target=self._target.loudness, true_peak=self._target.true_peak)
        if planned.needed:
            found = await self._measure(exact=True)
            planned = plan(found, target=self._target.loudness, true_peak=self._target.true_peak)
        return planned, found

    async def _measure(self, *, exact: bool) -> Loudness:
        return await _in_thread(partial(measure, self._parts, exact=exact, stop=self._stop), self._stop)

    async def stop(self) -> None:
        """End the measuring if it still goes on."""
        self._stop.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


@dataclass(frozen=True)
class _Made:
    """A draft of the master, checked, and what was done to its sound."""

    path: Path
    facts: MediaFacts
    levelling: Levelling | None
    loudness: Loudness | None
    sound_copied: bool


@dataclass(frozen=True)
class _Work:
    """One stitch on its way."""

    plan: StitchPlan
    target: StitchTarget
    folder: Path
    threads: int
    progress: _Progress
    loudness: "_Loudness"

    async def make(self) -> _Made:
        total = float(self.plan.seconds)
        if self.target.crossfade > 0 and len(self.plan.parts) > 1:
            self.progress.total = total * (1 + _SOUND_WORK + _JOIN_WORK)
            return await self._crossfaded()
        odd = [part for part in self.plan.parts if not part.copied]
        self.progress.total = float(sum(part.seconds for part in odd)) + total * (_SOUND_WORK + _JOIN_WORK)
        if not self.plan.sound_matches:
            levelling, loudness = await self.loudness.found()
            return await self._joined_with_new_sound(odd, levelling, loudness)
        # Most parts are levelled already: join at once, and measure meanwhile.
        stop = Event()
        hopeful = asyncio.create_task(self._join(self._pieces({}), None, None, stop))
        try:
            levelling, loudness = await self.loudness.found()
            if levelling is None or not levelling.needed:
                return _Made(*await hopeful, levelling, loudness, sound_copied=True)
        finally:
            stop.set()
            await asyncio.gather(hopeful, return_exceptions=True)
        return await self._joined_with_new_sound(odd, levelling, loudness)

    async def _joined_with_new_sound(
        self, odd: Sequence[Part], levelling: Levelling | None, loudness: Loudness | None
    ) -> _Made:
        (encoded, extradata), voice = await _together(self._encode(odd), self._sound(levelling))
        joined = await self._join(self._pieces(encoded), voice, extradata, Event())
        return _Made(*joined, levelling, loudness, sound_copied=False)

    async def _sound(self, levelling: Levelling | None, fade: Fraction = Fraction(0)) -> Path:
        passages = [sound.Passage(part.path if part.facts.audio else None, part.seconds) for part in self.plan.parts]
        step = self.progress.stage(float(self.plan.seconds) * _SOUND_WORK)
        for _ in range(_TRIES_AT_PEAKS):
            into = self.folder / f"sound-{uuid.uuid4().hex[:8]}.m4a"
            await sound.render(passages, levelling.filters if levelling else [], into, fade=fade, on_progress=step)
            if levelling is None or levelling.ceiling is None:
                return into
            stop = Event()
            better = levelling.after(await _in_thread(partial(measure, [into], stop=stop), stop))
            if better is None:
                return into
            levelling = better
        raise StitchError(
            f"The sound's peaks could not be kept under {self.target.true_peak:g} dBTP.",
            fix="Give parts with less extreme sound, or stitch without levelling.",
        )

    async def _encode(self, odd: Sequence[Part]) -> tuple[dict[Path, Path], bytes | None]:
        """Encode the odd parts. Return their new files, and the parameter sets of all when they are several."""
        if not odd:
            return {}, None
        reference = self.plan.reference
        rate = self.target.rate
        if reference is None:
            record, encoding = None, Encoding(*self.target.size, rate)
        else:
            record = await asyncio.to_thread(_parameters, reference.path)
            encoding = Encoding.like(reference.facts, fps=rate, sets=avc.free_number([record]))
        encoded: dict[Path, Path] = {}
        for place, part in enumerate(odd):
            if part.path in encoded:
                continue  # the same file twice is encoded once
            into = self.folder / f"part{place}.mp4"
            step = self.progress.stage(float(part.seconds))
            await conform.encode(
                part.path, part.facts, encoding, part.seconds, into, threads=self.threads, on_progress=step
            )
            encoded[part.path] = into
            made = await asyncio.to_thread(_parameters, into)
            record = avc.merge(record, made) if record is not None else made
        return encoded, record.pack() if record is not None else None

    def _pieces(self, encoded: Mapping[Path, Path]) -> list[Piece]:
        return [
            Piece(encoded.get(part.path, part.path), part.seconds, round(part.seconds * self.target.rate))
            for part in self.plan.parts
        ]

    async def _join(
        self, pieces: Sequence[Piece], voice: Path | None, extradata: bytes | None, stop: Event
    ) -> tuple[Path, MediaFacts]:
        """Join the pieces and check the result. Return it with its facts."""
        into = self.folder / f"master-{uuid.uuid4().hex[:8]}.mp4"
        joint = Joint(pieces, voice, float(sum(piece.seconds for piece in pieces)), extradata)
        step = self.progress.stage(joint.total * _JOIN_WORK)
        width, height = self.target.size

        def work() -> MediaFacts:
            joining.join(joint, into, on_progress=step, stop=stop)
            return check.check(into, seconds=joint.total, width=width, height=height, fps=float(self.target.rate))

        return into, await _in_thread(work, stop)

    async def _crossfaded(self) -> _Made:
        parts, rate = self.plan.parts, self.target.rate
        fade = crossfade.overlap(parts, self.target.crossfade, rate)
        levelling, loudness = await self.loudness.found()
        seconds = self.plan.seconds - fade * (len(parts) - 1)
        into = self.folder / "pictures.mp4"
        step = self.progress.stage(float(self.plan.seconds))
        encoding = Encoding(*self.target.size, rate)
        pictures = crossfade.render(parts, fade, encoding, into, threads=self.threads, on_progress=step)
        _, voice = await _together(pictures, self._sound(levelling, fade))
        joined = await self._join([Piece(into, seconds, round(seconds * rate))], voice, None, Event())
        return _Made(*joined, levelling, loudness, sound_copied=False)


async def _together(first: Coroutine[Any, Any, T], second: Coroutine[Any, Any, U]) -> tuple[T, U]:
    """Run both at once. The first error stops the other and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            one, other = group.create_task(first), group.create_task(second)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return one.result(), other.result()


def _parameters(path: Path) -> avc.AvcRecord:
    with open_input(path) as container:
        return avc.parse(bytes(container.streams.video[0].codec_context.extradata or b""))


async def _in_thread(work: Callable[[], T], stop: Event) -> T:
    """Run `work` in a thread. A cancel sets `stop` and waits for the thread, so that its files can be removed."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # it was stopped, which is no news
        raise


@contextmanager
def _workshop(into: Path) -> Generator[Path]:
    """Give a folder beside `into`, on the same disk, and remove it whatever happens."""
    # Its name follows from `into`: what a killed stitch left is found and removed by the next try.
    folder = into.with_name(f".{into.name}.parts")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(into.parent) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
