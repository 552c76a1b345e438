"""What is known of a run's master before it is made: from its files, or from what was asked for. Nothing is guessed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError
from mediaposter.generation.prompts import PARTS
from mediaposter.generation.schemas import SIZES
from mediaposter.media import service as media
from mediaposter.media.facts import AudioFacts, MediaFacts, VideoFacts
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe_async
from mediaposter.pipeline.preflight import Obstacle
from mediaposter.pipeline.schemas import PipelineConfig
from mediaposter.pipeline.stages.stitch import target_of

_CARDS = "cards"  # the one provider whose pixels we know: they are ours
_FPS = 30.0
_SECONDS = 10.0  # stands in for a length that is not known, where no rule has one of its own


@dataclass(frozen=True)
class Expected:
    """The master to come. `facts` stands in for what is not known: `shape` and `seconds` say what of it is real, and
    `sides` whether its pixels are, or only their ratio.

    `exact`: it is a file that is there, known by every fact. `asset_id`: it is an asset already.
    """

    facts: MediaFacts
    shape: bool
    seconds: float | None
    sides: bool = True
    exact: bool = False
    asset_id: str | None = None
    notes: tuple[str, ...] = ()

    def within(self, least: float | None, most: float | None) -> MediaFacts:
        """Return facts to be checked by rules: a length that is not known breaks none of `least` and `most`."""
        if self.seconds is not None:
            return self.facts
        return self.facts.model_copy(update={"duration": min(max(_SECONDS, least or 0), most or _SECONDS * 1000)})


async def expect(ctx: Context, session: AsyncSession, config: PipelineConfig, found: list[Obstacle]) -> Expected:
    """Return what is known of the master of `config`. A file that cannot be used is added to `found`."""
    if config.prompts:
        return _of_prompts(config)
    parts: list[MediaFacts] = []
    asset_ids: list[str | None] = []
    for source in config.clips:
        if "://" in source:
            note = "A clip comes from an address: its length, shape and size are known once it was fetched."
            return Expected(_stand_in(*SIZES[config.aspect or "9:16"]), shape=False, seconds=None, notes=(note,))
        asset_id = media.referred_id(source)
        try:
            if asset_id is not None:
                parts.append((await media.get_asset(session, asset_id)).media_facts)
            else:
                parts.append(await probe_async(Path(source).expanduser(), MediaLimits.of(ctx.settings)))
        except MediaPosterError as error:
            if not any(one.field == "clips" for one in found):
                found.append(Obstacle("clips", error))
        asset_ids.append(asset_id)
    if len(parts) < len(config.clips) or any(part.kind != "video" for part in parts):
        return Expected(_stand_in(*SIZES[config.aspect or "9:16"]), shape=False, seconds=None)
    return _of_clips(config, parts, asset_ids)


def _of_prompts(config: PipelineConfig) -> Expected:
    width, height = SIZES[config.aspect or "9:16"]
    seconds, notes = None, ["How long the video will be is known once it is made: lengths were not checked."]
    if config.seconds is not None:
        number = PARTS if config.story else len(config.prompts)
        seconds, notes = max(config.seconds * number - config.crossfade * (number - 1), 0.1), []
    sides = config.chain == (_CARDS,)
    if not sides:
        notes.append("How many pixels the video has depends on who makes it: sizes were not checked.")
    return Expected(_stand_in(width, height, seconds), shape=True, seconds=seconds, sides=sides, notes=tuple(notes))


def _of_clips(config: PipelineConfig, parts: Sequence[MediaFacts], asset_ids: Sequence[str | None]) -> Expected:
    lengths = [min(part.duration, config.seconds or part.duration) for part in parts]
    if len(parts) == 1:  # one part is used as it is
        whole = lengths[0] == parts[0].duration
        facts = parts[0].model_copy(update={"duration": lengths[0]})
        known = Expected(facts, shape=True, seconds=lengths[0], exact=whole)
        return replace(known, asset_id=asset_ids[0]) if whole else known
    target = target_of(parts, config)
    seconds = max(sum(lengths) - config.crossfade * (len(parts) - 1), 0.1)
    note = "How many bytes the joined video has is known once it is made: sizes were not checked."
    return Expected(_stand_in(*target.size, seconds, target.fps), shape=True, seconds=seconds, notes=(note,))


def _stand_in(width: int, height: int, seconds: float | None = None, fps: float = _FPS) -> MediaFacts:
    """Return the facts of a video as we make them."""
    return MediaFacts(
        kind="video",
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration=seconds or _SECONDS,
        size_bytes=0,
        video=VideoFacts(
            codec="h264",
            profile="High",
            pix_fmt="yuv420p",
            width=width,
            height=height,
            coded_width=width,
            coded_height=height,
            rotation=0,
            sar="1:1",
            fps=fps,
            variable_frame_rate=False,
            time_base="1/90000",
            hdr=False,
            bit_rate=None,
            extradata_sha256=None,
        ),
        audio=AudioFacts(
            codec="aac", sample_rate=48000, channels=2, bit_rate=None, extradata_sha256=None, profile="LC"
        ),
        moov_first=True,
        brand="isom",
    )
