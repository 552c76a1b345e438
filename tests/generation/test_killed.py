"""The worker is killed in the middle of a clip; another one finishes: no clip twice, no money twice."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import close_client, prepare
from mediaposter.generation import service
from mediaposter.generation.errors import SubmitUnknownError
from mediaposter.generation.models import Clip, ClipState
from mediaposter.generation.schemas import ClipRequest
from tests.generation.conftest import PLUGIN, card
from tests.servers.clip_vendor import PRICE, ClipVendor
from tests.workers import Worker

pytestmark = [pytest.mark.feature("ARCH-002"), pytest.mark.chaos]
Start = Callable[[], Awaitable[Worker]]


@pytest.fixture
async def start(ctx: Context, vendor: ClipVendor) -> AsyncIterator[Start]:
    """Start workers with the tests' providers installed; whichever lives at the end is killed."""
    await asyncio.to_thread(prepare, ctx.database.url)
    started: list[Worker] = []
    path = os.pathsep.join([str(PLUGIN), os.environ.get("PYTHONPATH", "")])

    async def worker() -> Worker:
        started.append(Worker(ctx, module="tests.generation.worker", lease=2, env={"PYTHONPATH": path}))
        await started[-1].ready()
        return started[-1]

    yield worker
    for one in started:
        one.kill()
    await close_client(ctx.database.url)


async def planned(ctx: Context, chain: str, request: ClipRequest) -> Clip:
    async with ctx.database.session() as session:
        clips = await service.plan_parts(session, owner_id="run_1", requests=[request], chain=[chain])
        await service.start_clip(session, clips[0])
    return clips[0]


async def row(ctx: Context, clip_id: str) -> Clip:
    async with ctx.database.session() as session:
        return await service.get_clip(session, clip_id)


async def in_state(ctx: Context, clip: Clip, state: ClipState, *, progress: float = 0.0) -> None:
    for _ in range(6000):
        now = await row(ctx, clip.id)
        if now.state is state and now.progress >= progress:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the clip is {now.state} at {now.progress} and not {state}")


async def test_a_job_at_a_vendor_is_followed_by_the_next_worker(ctx: Context, vendor: ClipVendor, start: Start) -> None:
    vendor.polls_needed = 100_000
    first = await start()
    clip = await planned(ctx, "vendor", card())
    await in_state(ctx, clip, ClipState.SUBMITTED)
    first.kill()
    vendor.polls_needed = 1
    await start()
    await durable.result(clip.workflow_id)
    done = await row(ctx, clip.id)
    assert (len(vendor.tasks), len(done.attempts), done.cost_minor) == (1, 1, PRICE)


async def test_a_kill_between_a_paid_call_and_its_answer_asks_a_person(
    ctx: Context, vendor: ClipVendor, start: Start
) -> None:
    vendor.on_create.append("made_then_hang")
    vendor.hang_seconds = 1.5
    first = await start()
    clip = await planned(ctx, "vendor", card())
    while not vendor.tasks:
        await asyncio.sleep(0.005)
    first.kill()
    await start()
    with pytest.raises(SubmitUnknownError):
        await durable.result(clip.workflow_id)
    assert ((await row(ctx, clip.id)).state, len(vendor.tasks)) == (ClipState.UNKNOWN, 1)


async def test_a_card_whose_renderer_was_killed_is_rendered_again_and_kept_once(
    ctx: Context, vendor: ClipVendor, start: Start
) -> None:
    first = await start()
    clip = await planned(ctx, "cards", card(seconds=10, width=540, height=960, fps=30))
    await in_state(ctx, clip, ClipState.SUBMITTED, progress=0.25)
    first.kill()
    await start()
    await durable.result(clip.workflow_id)
    done = await row(ctx, clip.id)
    assert [entry["state"] for entry in done.attempts] == ["lost", "done"]
    assert len(list((ctx.storage.folder / "assets").rglob("*.mp4"))) == 1
