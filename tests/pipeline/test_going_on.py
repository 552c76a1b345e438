"""Cancel, resume and retry: what was done is kept, what is public stays, nothing is done twice."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine, WorkflowState
from mediaposter.generation import service as generation
from mediaposter.pipeline import service
from mediaposter.pipeline.errors import BudgetExceededError, RunStateError
from mediaposter.pipeline.models import RunState, Stage, StageState
from mediaposter.publishing.models import Account
from tests.pipeline.driving import asked, ended, outcomes, read, running, stage_of, start
from tests.publishing.conftest import add_account
from tests.servers.channel_server import ChannelServer
from tests.servers.clip_vendor import PRICE, ClipVendor

pytestmark = pytest.mark.feature("ARCH-001")


async def cancel(ctx: Context, run_id: str) -> None:
    async with ctx.database.session() as session:
        await service.cancel_run(session, run_id)


async def resume(ctx: Context, run_id: str) -> None:
    async with ctx.database.session() as session:
        await service.resume_run(session, run_id)


async def retry(ctx: Context, run_id: str, stage: Stage | None = None) -> None:
    async with ctx.database.session() as session:
        await service.retry_run(session, run_id, from_stage=stage)


async def begin_slow(ctx: Context, vendor: ClipVendor) -> str:
    """Start a run whose two parts are under way at the vendor and never come."""
    vendor.polls_needed = 100_000
    run_id = await start(ctx, asked(prompts=["One.", "Two."], provider=["vendor"]))
    async with asyncio.timeout(30):
        while len(vendor.tasks) < 2:
            await asyncio.sleep(0.01)
    return run_id


async def test_a_cancelled_run_stops_its_jobs_at_the_vendor_and_its_workflow(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    run_id = await begin_slow(ctx, vendor)
    await cancel(ctx, run_id)
    async with asyncio.timeout(30):
        while not all(task.cancelled for task in vendor.tasks.values()):
            await asyncio.sleep(0.02)
        # Cancelled by the engine, or ended by what it saw in the clips: whichever comes first.
        while (await durable.status(f"{run_id}:1")).state in (WorkflowState.QUEUED, WorkflowState.RUNNING):
            await asyncio.sleep(0.02)
    run = await read(ctx, run_id)
    assert (run.state, stage_of(run, Stage.GENERATE).state) == (RunState.CANCELLED, StageState.CANCELLED)
    assert "Nothing was published" in str(run.error)


async def test_a_cancelled_run_goes_on_when_it_is_resumed(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    run_id = await begin_slow(ctx, vendor)
    await cancel(ctx, run_id)
    vendor.polls_needed = 1
    await resume(ctx, run_id)
    run = await ended(ctx, run_id)
    assert (run.state, run.attempt) == (RunState.COMPLETED, 2)
    assert set(outcomes(run).values()) == {"confirmed"}


async def test_a_run_cancelled_while_publishing_names_what_is_public_and_takes_back_the_rest(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path, platform: ChannelServer
) -> None:
    await add_account(ctx, "contract", "ann", platform)
    platform.hangs["ann"].add("prepare")
    run_id = await start(ctx, asked(clip_of_one))
    async with asyncio.timeout(30):
        while ("ann", "prepare") not in platform.hanging:
            await asyncio.sleep(0.02)
        while (await read(ctx, run_id)).stages[5].message != "2 of 3 accounts settled":
            await asyncio.sleep(0.02)
    await cancel(ctx, run_id)
    error = str((await read(ctx, run_id)).error)
    assert ("site:greenroom (http" in error, "contract:ann" in error) == (True, False)
    platform.release()
    await resume(ctx, run_id)
    run = await ended(ctx, run_id)
    assert (run.state, len(platform.posts["ann"])) == (RunState.COMPLETED, 1)


async def test_a_cancelled_draft_takes_back_its_posts_and_can_be_resumed(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run_id = await start(ctx, asked(clip_of_one, publish="draft"))
    await ended(ctx, run_id)
    await cancel(ctx, run_id)
    await resume(ctx, run_id)
    assert (await ended(ctx, run_id)).state is RunState.WAITING
    async with ctx.database.session() as session:
        await service.approve_run(session, run_id)
    assert set(outcomes(await ended(ctx, run_id)).values()) == {"confirmed"}


async def test_a_part_that_failed_leaves_the_others_and_a_resume_makes_only_that_one(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    vendor.on_create.append("fail")
    run_id = await start(ctx, asked(prompts=["One.", "Two.", "Three."], provider=["vendor"]))
    failed = await ended(ctx, run_id)
    assert (failed.state, (failed.error or {})["next"]) == (RunState.FAILED, f"mediaposter resume {run_id}")
    await resume(ctx, run_id)
    run = await ended(ctx, run_id)
    assert (run.state, len(vendor.tasks)) == (RunState.COMPLETED, 4)
    assert run.cost_minor == 3 * PRICE


@pytest.mark.feature("ARCH-002")
async def test_the_next_provider_of_the_chain_makes_what_the_first_cannot(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    vendor.on_create.extend(["refuse", "refuse"])
    config = asked(prompts=["One.", "Two."], provider=["vendor", "vendor-free"])
    run = await ended(ctx, await start(ctx, config))
    assert stage_of(run, Stage.GENERATE).message == "2 parts by vendor-free."


async def test_a_retry_from_writing_keeps_the_master_and_never_posts_twice(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run_id = await start(ctx, asked(clip_of_one))
    first = await ended(ctx, run_id)
    await retry(ctx, run_id, Stage.WRITE)
    second = await ended(ctx, run_id)
    for name in (Stage.GENERATE, Stage.STITCH, Stage.ANALYZE):
        assert stage_of(first, name).finished_at == stage_of(second, name).finished_at
    urls = [[account["url"] for account in stage_of(run, Stage.PUBLISH).outputs["accounts"]] for run in (first, second)]
    assert urls[0] == urls[1]


async def test_a_retry_from_the_parts_makes_new_ones(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    run_id = await start(ctx, asked(prompts=["One.", "Two."], provider=["vendor"], dry_run=True))
    await ended(ctx, run_id)
    await retry(ctx, run_id, Stage.GENERATE)
    await ended(ctx, run_id)
    assert len(vendor.tasks) == 4


async def test_a_run_that_ended_well_has_nothing_to_resume_retry_or_cancel(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run_id = await start(ctx, asked(clip_of_one, dry_run=True))
    await ended(ctx, run_id)
    for change in (cancel, resume, retry):
        with pytest.raises(RunStateError) as caught:
            await change(ctx, run_id)
        assert caught.value.fix


async def test_a_run_under_way_cannot_be_retried(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    run_id = await begin_slow(ctx, vendor)
    await running(ctx, run_id, Stage.GENERATE)
    with pytest.raises(RunStateError, match="has not ended"):
        await retry(ctx, run_id)
    await cancel(ctx, run_id)


async def test_a_run_dearer_than_its_budget_does_not_begin(
    ctx: Context, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    with pytest.raises(BudgetExceededError):
        await start(ctx, asked(prompts=["One.", "Two."], provider=["vendor"], budget={"money_minor": 2 * PRICE - 1}))


async def test_a_part_that_cannot_be_used_is_named_with_what_to_do(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video at all")
    run = await ended(ctx, await start(ctx, asked(clip_of_one, broken)))
    error = run.error or {}
    assert (run.state, error["stage"], "broken.mp4" in str(error), bool(error["fix"])) == (
        RunState.FAILED,
        "generate",
        True,
        True,
    )


async def test_a_cancelled_clip_is_not_left_open(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    run_id = await begin_slow(ctx, vendor)
    await cancel(ctx, run_id)
    async with ctx.database.session() as session:
        clips = await generation.clips_of(session, f"{run_id}/1")
    assert {clip.state.value for clip in clips} == {"cancelled"}
