"""What the room can do: find out the facts of a master, keep them, give them back."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.analysis import repository
from mediaposter.analysis.colours import dominant_colours
from mediaposter.analysis.hook import SECONDS, read_hook
from mediaposter.analysis.picture import (
    EXACT_SECONDS,
    Frames,
    choose_frames,
    find_scenes,
    scan_every_frame,
    scan_key_frames,
    scenes_of,
)
from mediaposter.analysis.schemas import ANALYSIS_VERSION, Analysis
from mediaposter.analysis.script import follow_script
from mediaposter.analysis.sound import Sound, listen
from mediaposter.analysis.stills import STILLS_SETTLED, settle
from mediaposter.analysis.topics import find_topics
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import NotFoundError
from mediaposter.media.facts import MediaFacts
from mediaposter.models.transcription import Transcriber, Transcript

Progress = Callable[[float], None]


async def analyze(
    path: Path,
    facts: MediaFacts,
    *,
    transcriber: Transcriber | None = None,
    speech_note: str = "",
    script: str = "",
    on_progress: Progress | None = None,
) -> Analysis:
    """Return everything there is to know of the media file `path` without any cloud.

    Picture, sound and speech are looked at side by side. With the `script` that was read in it, if one was, what is
    misheard is put right. `speech_note` is kept where there is no transcriber; progress goes from 0 to 1; cancelling
    stops every process at once. On two cores a 1080p file takes about a fortieth of its length, with speech about a
    tenth. Raises MediaError, FfmpegError, TranscriptionError.
    """
    hears = transcriber is not None and facts.audio is not None
    progress = _Progress(on_progress, {"picture": 2.0, "sound": 0.5, "speech": 6.0 if hears else 0.0})
    with tempfile.TemporaryDirectory(prefix="mediaposter-analysis-") as folder:
        scratch = Path(folder)
        picture, sound, transcript = await _side_by_side(
            _see(path, facts, scratch, progress),
            _hear(path, facts, scratch, progress),
            _listen_to_speech(path, facts, transcriber, progress),
        )
    opening = sound[1]
    if transcript is not None and script:
        transcript = follow_script(transcript, script)
    analysis = Analysis(
        facts=facts,
        **picture[0],
        transcript=transcript,
        speech_note="" if transcript else _note(facts, speech_note),
        loudness=sound[0].loudness if sound[0] else None,
        silences=sound[0].silences if sound[0] else (),
        topics=await _topics(transcript),
    )
    if facts.kind == "image":
        return analysis
    hook = read_hook(
        seconds=min(SECONDS, facts.duration),
        transcript=transcript,
        frames=picture[1],
        loudness=opening.loudness if opening else None,
    )
    progress.done()
    return analysis.model_copy(update={"hook": hook})


async def save(session: AsyncSession, asset_id: str, analysis: Analysis, *, clock: Clock = utc_now) -> None:
    """Keep `analysis` as that of the asset; a later one of the same version takes its place."""
    data = analysis.model_dump(mode="json")
    await repository.put(session, asset_id=asset_id, version=analysis.version, data=data, now=clock())


async def get(session: AsyncSession, asset_id: str) -> Analysis:
    """Return the analysis of an asset. Raises NotFoundError when it was not analyzed by this version."""
    found = await find(session, asset_id)
    if found is None:
        raise NotFoundError(
            f"Asset {asset_id} has not been analyzed.",
            fix="A run analyzes its master: start one with `mediaposter run`.",
        )
    return found


async def find(session: AsyncSession, asset_id: str) -> Analysis | None:
    """Return the analysis of an asset, None when it was not analyzed by this version."""
    data = await repository.get(session, asset_id=asset_id, version=ANALYSIS_VERSION)
    return None if data is None else Analysis.model_validate(data)


async def _see(
    path: Path, facts: MediaFacts, scratch: Path, progress: "_Progress"
) -> tuple[dict[str, Any], Frames | None]:
    if facts.video is None:
        progress.set("picture", 1.0)
        return {}, None
    duration = facts.duration
    picture = await scan_key_frames(path, duration, scratch, lambda share: progress.set("picture", 0.9 * share))
    colours = await asyncio.to_thread(dominant_colours, picture.pixels)
    if facts.kind == "image":
        return {"colours": colours, "key_frames": (0.0,), "best_frame": 0.0}, None
    # A short file is looked at in full, so that its cuts are all found and exact; of a long one only its opening is.
    short = duration <= EXACT_SECONDS
    opening = await scan_every_frame(path, 0.0, duration if short else SECONDS, scratch)
    scenes = scenes_of(opening, duration) if short else await find_scenes(path, picture, duration, scratch)
    frames, best = choose_frames(picture, scenes)
    settled = {frame: await settle(path, frame, scenes, scratch) for frame in _first(frames, best)}
    frames, best = tuple(settled.get(frame, frame) for frame in frames), best if best is None else settled[best]
    progress.set("picture", 1.0)
    return {"colours": colours, "scenes": scenes, "key_frames": frames, "best_frame": best}, opening.until(SECONDS)


def _first(frames: Sequence[float], best: float | None) -> list[float]:
    """Return the frames that thumbnails are made of most: the best one and the first of the others."""
    return sorted(frames, key=lambda frame: frame != best)[:STILLS_SETTLED]


async def _hear(
    path: Path, facts: MediaFacts, scratch: Path, progress: "_Progress"
) -> tuple[Sound | None, Sound | None]:
    if facts.audio is None:
        return None, None
    whole = await listen(path, facts.duration, scratch, on_progress=lambda share: progress.set("sound", 0.9 * share))
    opening = whole
    if facts.duration > SECONDS:
        opening = await listen(path, facts.duration, scratch, only_first=SECONDS)
    progress.set("sound", 1.0)
    return whole, opening


async def _listen_to_speech(
    path: Path, facts: MediaFacts, transcriber: Transcriber | None, progress: "_Progress"
) -> Transcript | None:
    if transcriber is None or facts.audio is None:
        return None
    transcript = await transcriber.transcribe(path, on_progress=lambda share: progress.set("speech", share))
    return transcript if transcript.segments else None


async def _topics(transcript: Transcript | None) -> tuple[str, ...]:
    if transcript is None:
        return ()
    return await asyncio.to_thread(find_topics, transcript.text, language=transcript.language)


def _note(facts: MediaFacts, given: str) -> str:
    if facts.audio is None:
        return "The file has no sound."
    return given or "Nobody speaks in it."


async def _side_by_side(*work: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Run all at once; the first failure, or a cancellation from outside, stops the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return tuple(task.result() for task in tasks)


class _Progress:
    """One share of the whole out of several parts that advance on their own, weighed by how long they take."""

    def __init__(self, report: Progress | None, weights: dict[str, float]) -> None:
        self._report = report
        self._weights = weights
        self._shares = dict.fromkeys(weights, 0.0)
        self._last = 0.0

    def set(self, part: str, share: float) -> None:
        self._shares[part] = max(self._shares[part], min(1.0, share))
        total = sum(self._shares[name] * weight for name, weight in self._weights.items())
        self._tell(total / sum(self._weights.values()))

    def done(self) -> None:
        self._tell(1.0)

    def _tell(self, share: float) -> None:
        if self._report is not None and share > self._last:
            self._last = share
            self._report(share)
