"""Stage `generate`: the parts, side by side, each with its own chain of providers (ARCH-002)."""

import asyncio

from mediaposter.core import engine
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.generation.schemas import ClipRequest
from mediaposter.generation.workflows import generate_clip
from mediaposter.pipeline.work import Work

_LOOK = 0.25  # seconds between two looks at the clips' rows while their workflows run


async def parts(work: Work) -> JsonObject:
    """Make every part and return their clips and assets, in order. A finished part is kept whatever happens."""
    clips = await plan_parts(work.run_id, work.attempt)
    children = [
        await engine.start_child(
            generate_clip, clip["id"], queue=Queue.GENERATE, id=clip["workflow_id"], partition=clip["partition"]
        )
        for clip in clips
    ]
    clip_ids = [clip["id"] for clip in clips]
    await watch_parts(work.run_id, clip_ids)
    results = await asyncio.gather(*(child.result() for child in children), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return await collect_parts(clip_ids)


def requests_of(work: Work) -> list[ClipRequest]:
    """Return what is asked of the providers, one request a part."""
    config = work.config
    sources = config.prompts or config.clips
    return [
        ClipRequest(
            prompt=text if config.prompts else "",
            source=text if config.clips else "",
            seconds=config.seconds,
            aspect=config.aspect,
            brand=config.brand,
            images=config.images,
            voice=config.speech,
            cta=config.offer.cta if config.offer and number == len(sources) else "",
            part=number,
            parts=len(sources),
        )
        for number, text in enumerate(sources, start=1)
    ]
