"""The loop as one durable workflow, which reads like the diagram of the product.

Every effect is in a step, so that the workflow can be killed anywhere and goes on from the last finished step. Long
waits are not in here: a draft ends the workflow and `approve` starts another; scheduled posts are timeline rows.
"""

from collections.abc import Awaitable, Callable

from mediaposter.core import engine
from mediaposter.core.db import JsonObject
from mediaposter.pipeline import book
from mediaposter.pipeline.errors import RunSupersededError
from mediaposter.pipeline.models import RunState, Stage
from mediaposter.pipeline.stages import analyze, generate, link, publish, stitch, track, tweet, write
from mediaposter.pipeline.work import Work, load_work


@engine.workflow("pipeline.run")
async def run_pipeline(run_id: str, attempt: int) -> str:
    """Work on a run until it has ended or waits for approval, and return its state."""
    try:
        await book.begin_run(run_id, attempt)
        work = Work.model_validate(await load_work(run_id, attempt))
        return await _stages(work)
    except StageFailedError:
        return RunState.FAILED
    except RunSupersededError:
        return "superseded"


async def _stages(work: Work) -> str:
    parts = await _stage(work, Stage.GENERATE, {"count": work.part_count}, lambda: generate.parts(work))
    master = await _stage(work, Stage.STITCH, parts, lambda: stitch.master(work, parts["asset_ids"]))
    facts = await _stage(work, Stage.ANALYZE, master, lambda: analyze.facts(work, master["asset_id"]))
    words = await _stage(
        work, Stage.WRITE, facts, lambda: write.copies(work, master["asset_id"], spent=parts["tokens"])
    )
    await _stage(work, Stage.LINK, {}, lambda: link.plan(work, master["asset_id"], words["copies"]))
    if work.waits_for_approval:
        return await book.end_run(work.run_id, work.attempt, RunState.WAITING, None)
    sent = await _stage(work, Stage.PUBLISH, {}, lambda: publish.everywhere(work, master["asset_id"], words["copies"]))
    await _stage(work, Stage.TWEET, {}, lambda: tweet.schedule(work))
    await _stage(work, Stage.TRACK, {}, lambda: track.schedule(work, sent["accounts"]))
    state, problem = publish.verdict(work.run_id, sent["accounts"])
    return await book.end_run(work.run_id, work.attempt, state, problem)


class StageFailedError(Exception):
    """A stage failed and its error is in the book: the workflow ends."""


async def _stage(work: Work, name: Stage, inputs: JsonObject, body: Callable[[], Awaitable[JsonObject]]) -> JsonObject:
    finished = await book.begin_stage(work.run_id, work.attempt, name, inputs)
    if finished is not None:
        return finished
    try:
        outputs = await body()
    except Exception as error:
        if isinstance(error, RunSupersededError) or engine.is_cancellation(error):
            raise
        await book.fail_stage(work.run_id, work.attempt, name, book.problem_of(error))
        raise StageFailedError from error
    return await book.complete_stage(work.run_id, work.attempt, name, outputs)
