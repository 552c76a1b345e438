"""Stage `analyze`: the facts of the master, without any cloud unless a transcriber of one is configured (ARCH-003)."""

import math

from mediaposter.analysis import service as analysis
from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import NotConfiguredError
from mediaposter.generation import service as generation
from mediaposter.media import service as media
from mediaposter.models.transcription import Transcriber, transcriber
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.progress import StageProgress
from mediaposter.pipeline.requests import generation_owner
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work


async def facts(work: Work, asset_id: str) -> JsonObject:
    """Analyze the master, once: an analysis that is stored is used again."""
    return await analyze_master(work.run_id, asset_id, generation_owner(work.run_id, work.rounds[Stage.GENERATE]))


@engine.step("pipeline.analyze_master")
async def analyze_master(run_id: str, asset_id: str, owner: str) -> JsonObject:
    """Analyze and store, with progress. Without a transcriber the record says so in words.

    What the parts' prompts say is given along: where it is spoken, it is known better than it can be heard.
    """
    ctx = context.current()
    async with ctx.database.session() as session:
        asset = await media.get_asset(session, asset_id)
        known = await analysis.find(session, asset_id)
        script = generation.script_of(await generation.clips_of(session, owner))
    cost = 0  # millionths of a US dollar
    if known is None:
        path = await media.local_path(asset)
        listener, note = _listener()
        async with StageProgress(ctx, run_id, Stage.ANALYZE) as progress:
            known = await analysis.analyze(
                path, asset.media_facts, transcriber=listener, speech_note=note, script=script, on_progress=progress
            )
        async with ctx.database.session() as session:
            await analysis.save(session, asset_id, known)
        cost = known.transcript.cost_micros if known.transcript else 0
    words = len(known.transcript.text.split()) if known.transcript else 0
    speech = f", {counted(words, 'word')} spoken." if known.transcript else f". {known.speech_note}"
    return {
        "message": counted(len(known.scenes), "scene") + speech,
        "scenes": len(known.scenes),
        "words": words,
        "topics": list(known.topics),
        "transcribed_by": known.transcript.model if known.transcript else None,
        "cost_minor": math.ceil(cost / 10_000),
        "hook": known.hook.model_dump(mode="json") if known.hook else None,
    }


def _listener() -> tuple[Transcriber | None, str]:
    try:
        return transcriber(context.current().settings), ""
    except NotConfiguredError as error:
        return None, f"{error.detail} {error.fix}"
