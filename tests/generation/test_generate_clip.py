"""One clip through its chain: fallback, faults, money, cancel, retry."""

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.errors import CancelledByUserError
from mediaposter.core.models import Event
from mediaposter.generation import service
from mediaposter.generation.errors import NoProviderLeftError, SubmitUnknownError
from mediaposter.generation.models import Clip, ClipState
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import ffmpeg
from mediaposter.media import service as media
from tests.generation.conftest import card
from tests.servers.clip_vendor import PRICE, ClipVendor

pytestmark = pytest.mark.feature("ARCH-002")


async def planned(ctx: Context, *chain: str, request: ClipRequest | None = None, owner: str = "run_1") -> Clip:
    async with ctx.database.session() as session:
        clips = await service.plan_parts(session, owner_id=owner, requests=[request or card()], chain=chain)
        await service.start_clip(session, clips[0])
    return clips[0]


async def made(ctx: Context, *chain: str, request: ClipRequest | None = None, owner: str = "run_1") -> Clip:
    """Plan a clip, wait for its workflow, and return the row as it is then."""
    clip = await planned(ctx, *chain, request=request, owner=owner)
    with contextlib.suppress(NoProviderLeftError, SubmitUnknownError):
        await durable.result(clip.workflow_id)
    return await row(ctx, clip.id)


async def row(ctx: Context, clip_id: str) -> Clip:
    async with ctx.database.session() as session:
        return await service.get_clip(session, clip_id)


async def topics(ctx: Context, clip_id: str) -> list[str]:
    async with ctx.database.session() as session:
        events = await session.scalars(select(Event).where(Event.subject == clip_id).order_by(Event.id))
        return [event.topic.removeprefix("generation.clip.") for event in events]


async def until(check: Any) -> None:
    for _ in range(1500):
        if await check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def states(clip: Clip) -> list[tuple[str, str]]:
    return [(entry["provider"], entry["state"]) for entry in clip.attempts]


async def test_a_clip_is_made_taken_in_and_paid_once(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    clip = await made(ctx, "vendor")
    assert clip.state is ClipState.DONE
    assert (clip.cost_minor, clip.currency) == (PRICE, "USD")
    assert len(vendor.tasks) == 1
    async with ctx.database.session() as session:
        assert clip.asset_id is not None
        asset = await media.get_asset(session, clip.asset_id)
    assert asset.origin == "vendor"
    assert (await media.local_path(asset, storage=ctx.storage)).exists()


async def test_its_events_tell_the_story(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    clip = await made(ctx, "vendor")
    told = await topics(ctx, clip.id)
    assert (told[0], told[-1]) == ("started", "completed")
    assert set(told[1:-1]) == {"progressed"}


async def test_the_next_provider_takes_over_when_the_first_fails(
    ctx: Context, engine: Engine, vendor: ClipVendor
) -> None:
    vendor.on_create.append("fail")
    clip = await made(ctx, "vendor", "cards")
    assert (clip.state, clip.provider) == (ClipState.DONE, "cards")
    assert states(clip) == [("vendor", "failed"), ("cards", "done")]


@pytest.mark.parametrize("first", ["unready", "retired"])
async def test_a_provider_that_cannot_work_is_passed_over(
    ctx: Context, engine: Engine, vendor: ClipVendor, first: str
) -> None:
    clip = await made(ctx, first, "vendor")
    assert (clip.state, clip.provider) == (ClipState.DONE, "vendor")


@pytest.mark.parametrize("fault", ["refuse", "wrong_key"])
async def test_a_refusal_is_not_repeated(ctx: Context, engine: Engine, vendor: ClipVendor, fault: str) -> None:
    vendor.on_create.append(fault)
    clip = await made(ctx, "vendor")
    assert clip.state is ClipState.FAILED
    assert states(clip) == [("vendor", "refused")]
    assert not vendor.tasks


async def test_when_all_fail_each_reason_is_named(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.on_create.append("fail")
    clip = await planned(ctx, "unready", "vendor")
    with pytest.raises(NoProviderLeftError) as caught:
        await durable.result(clip.workflow_id)
    assert [problem.field for problem in caught.value.errors] == ["unready", "vendor"]
    assert "the model gave up" in caught.value.detail
    assert (await row(ctx, clip.id)).error is not None


async def test_a_full_provider_is_asked_again(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.on_create.extend(["429", "429"])
    clip = await made(ctx, "vendor")
    assert clip.state is ClipState.DONE
    assert states(clip) == [("vendor", "done")]


@pytest.mark.parametrize("fault", ["500", "made_then_500"])
async def test_an_unclear_submit_that_costs_money_is_not_repeated(
    ctx: Context, engine: Engine, vendor: ClipVendor, fault: str
) -> None:
    vendor.on_create.append(fault)
    clip = await made(ctx, "vendor", "cards")
    assert clip.state is ClipState.UNKNOWN
    assert states(clip) == [("vendor", "unknown")]
    assert clip.error is not None
    assert "retry" in clip.error["fix"]


async def test_an_unclear_submit_that_is_free_is_repeated(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.on_create.append("made_then_500")
    clip = await made(ctx, "vendor-free")
    assert (clip.state, clip.cost_minor) == (ClipState.DONE, 25)


async def test_a_person_can_name_the_job_of_an_unclear_submit(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.on_create.append("made_then_500")
    clip = await made(ctx, "vendor")
    async with ctx.database.session() as session:
        again = await service.retry_clip(session, clip.id, external_id="task-1")
    await durable.result(again.workflow_id)
    assert (await row(ctx, clip.id)).state is ClipState.DONE
    assert len(vendor.tasks) == 1


async def test_faults_of_the_way_are_waited_out(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.on_poll.extend(["500", "500"])
    vendor.on_file.append("500")
    clip = await made(ctx, "vendor")
    assert (clip.state, len(vendor.tasks)) == (ClipState.DONE, 1)


@pytest.mark.parametrize("fault", ["page", "cut"])
async def test_a_file_that_is_no_video_is_a_failure_of_that_provider(
    ctx: Context, engine: Engine, vendor: ClipVendor, fault: str
) -> None:
    vendor.on_file.append(fault)
    clip = await made(ctx, "vendor", "cards")
    assert (clip.state, clip.provider) == (ClipState.DONE, "cards")


async def test_an_equal_card_is_not_rendered_twice(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    first = await made(ctx, "cards", owner="run_1")
    second = await made(ctx, "cards", owner="run_2")
    assert second.asset_id == first.asset_id
    assert second.attempts == []


async def test_your_own_clip_is_referred_to_and_not_copied(
    ctx: Context, engine: Engine, vendor: ClipVendor, tiny_video: Path
) -> None:
    clip = await made(ctx, "clips", request=ClipRequest(source=str(tiny_video)))
    async with ctx.database.session() as session:
        assert clip.asset_id is not None
        asset = await media.get_asset(session, clip.asset_id)
    assert asset.source_uri == tiny_video.resolve().as_uri()


async def test_a_clip_that_is_too_long_is_cut(
    ctx: Context, engine: Engine, vendor: ClipVendor, tiny_video: Path
) -> None:
    longer = ctx.settings.home / "longer.mp4"
    await ffmpeg.run(
        [
            *ffmpeg.generated_args("testsrc=s=180x320:r=12:d=1.5"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(longer)),
        ]
    )
    clip = await made(ctx, "clips", request=ClipRequest(source=str(longer), seconds=1))
    async with ctx.database.session() as session:
        assert clip.asset_id is not None
        asset = await media.get_asset(session, clip.asset_id)
    assert asset.media_facts.duration == pytest.approx(1.0, abs=0.1)
    assert asset.source_uri.startswith("storage://")


@pytest.mark.parametrize("name", ["broken.mp4", "missing.mp4"])
async def test_a_clip_that_cannot_be_used_is_named(ctx: Context, engine: Engine, vendor: ClipVendor, name: str) -> None:
    path = ctx.settings.home / name
    if name == "broken.mp4":
        path.write_bytes(b"not a video at all")
    clip = await made(ctx, "clips", request=ClipRequest(source=str(path)))
    assert clip.state is ClipState.FAILED
    assert clip.error is not None
    assert name in clip.error["detail"]


async def test_planning_twice_gives_the_same_clips(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    first = await made(ctx, "vendor")
    second = await made(ctx, "vendor")
    assert (first.id, first.asset_id) == (second.id, second.asset_id)
    assert len(vendor.tasks) == 1


async def test_a_failed_clip_is_made_anew_when_planned_again(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.on_create.append("fail")
    failed = await made(ctx, "vendor")
    mended = await made(ctx, "vendor")
    assert (failed.state, mended.state) == (ClipState.FAILED, ClipState.DONE)
    assert mended.id == failed.id
    assert mended.cost_minor == PRICE


async def test_a_cancelled_clip_stops_its_job_at_the_vendor(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    vendor.polls_needed = 100_000
    clip = await planned(ctx, "vendor")

    async def on_its_way() -> bool:
        return (await row(ctx, clip.id)).state is ClipState.SUBMITTED

    await until(on_its_way)
    async with ctx.database.session() as session:
        await service.cancel_clips(session, "run_1")
    with pytest.raises(CancelledByUserError):
        await durable.result(clip.workflow_id)
    assert vendor.tasks["task-1"].cancelled


async def test_a_part_that_is_done_is_kept_when_another_fails(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    requests = [card("One fine part", part=1, parts=2), ClipRequest(source="/nowhere/at/all.mp4", part=2, parts=2)]
    async with ctx.database.session() as session:
        batch = await service.generate_multi_part(session, requests=requests, chain=["clips", "cards"])
    with pytest.raises(NoProviderLeftError):
        await durable.result(batch.id)
    async with ctx.database.session() as session:
        clips = await service.clips_of(session, batch.id)
        assert (await service.get_batch(session, batch.id)).error is not None
    assert [clip.state for clip in clips] == [ClipState.DONE, ClipState.FAILED]


async def test_parts_become_one_master_in_order(ctx: Context, engine: Engine, vendor: ClipVendor) -> None:
    requests = [card(text, part=number, parts=2) for number, text in ((1, "First part"), (2, "Second part"))]
    async with ctx.database.session() as session:
        batch = await service.generate_multi_part(session, requests=requests, chain=["cards"])
    made_of = await durable.result(batch.id)
    async with ctx.database.session() as session:
        master = await media.get_asset(session, made_of["asset_id"])
    assert master.media_facts.duration == pytest.approx(2.0, abs=0.1)
