"""What a run asks of the providers: one request a part."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import service as media
from mediaposter.pipeline.schemas import PipelineConfig


def clip_requests(config: PipelineConfig, prompts: Sequence[str] = (), notes: str = "") -> list[ClipRequest]:
    """Return the requests of a run's parts, in order; `prompts` stand for those of a story that was split, `notes` for
    what its parts share.

    Raises InvalidInputError naming what cannot be asked.
    """
    sources = prompts or config.prompts or config.clips
    return [
        ClipRequest.parse(
            {
                "prompt": text if config.prompts else "",
                "source": text if config.clips else "",
                "seconds": config.seconds,
                "aspect": config.aspect or "9:16",
                "brand": config.brand.model_dump(),
                "images": config.images,
                "background": config.background if config.prompts else "",
                "notes": notes,
                "voice": config.speech,
                "cta": config.offer.cta if config.offer and number == len(sources) else "",
                "part": number,
                "parts": len(sources),
            }
        )
        for number, text in enumerate(sources, start=1)
    ]


async def with_files(session: AsyncSession, config: PipelineConfig) -> PipelineConfig:
    """Return `config` with the file in the place of each `asset:ID`. Raises NotFoundError."""
    clips = [await media.resolve(session, source) for source in config.clips]
    images = [await media.resolve(session, source) for source in config.images]
    return config.model_copy(update={"clips": tuple(clips), "images": tuple(images)})


def generation_owner(run_id: str, round_: int) -> str:
    """Return under which name generation keeps the parts of a run; a round that is redone makes parts of its own."""
    return f"{run_id}/{round_}"
