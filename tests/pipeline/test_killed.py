"""The worker is killed -9 inside each stage, at each end of a stage, and with a peer beside it: nothing is repeated."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text

from mediaposter.core.context import Context
from mediaposter.core.engine import close_client, prepare
from mediaposter.pipeline.models import RunState, Stage
from mediaposter.pipeline.schemas import RunRead
from tests.generation.conftest import PLUGIN
from tests.pipeline.driving import asked, ended, outcomes, running, start
from tests.pipeline.gates import Gate, closed
from tests.publishing.conftest import add_account
from tests.servers.channel_server import ChannelServer
from tests.servers.clip_vendor import PRICE, ClipVendor
from tests.workers import Worker

pytestmark = [pytest.mark.feature("ARCH-001", "MOD-003"), pytest.mark.chaos]

INSIDE = [
    Gate("generate: a part is made and not yet kept", "assets", "NEW.recipe IS NULL"),
    Gate("stitch: the master is made and not yet kept", "assets", "NEW.recipe ->> 'name' = 'stitch'"),
    Gate("analyze: the facts are found and not yet kept", "analyses"),
    Gate("link: posts are planned and their links not yet", "offer_links"),
    Gate("publish: a post is public and nobody knows it yet", "publications", "NEW.outcome = 'confirmed'"),
    Gate("tweet: the rows are being written", "timeline", "NEW.kind = 'campaigns.tweet'"),
    Gate("track: the rows are being written", "timeline", "NEW.kind = 'metrics.checkback'"),
]
AT_THE_END = [
    Gate(stage.value, "run_stages", f"NEW.name = '{stage.value}' AND NEW.state = 'completed'") for stage in Stage
]
Start = Callable[[], Worker]


@pytest.fixture
async def start_worker(ctx: Context, vendor: ClipVendor, platform: ChannelServer) -> AsyncIterator[Start]:
    await asyncio.to_thread(prepare, ctx.database.url)
    workers: list[Worker] = []

    def begin() -> Worker:
        env = {"PYTHONPATH": str(PLUGIN), "MEDIAPOSTER_TRANSCRIPTION": "none"}
        workers.append(Worker(ctx, module="tests.pipeline.worker", env=env))
        return workers[-1]

    yield begin
    for worker in workers:
        worker.kill()
    await close_client(ctx.database.url)


async def start_run(ctx: Context, platform: ChannelServer) -> str:
    """Three parts that cost money, on three accounts, with an offer and tweets."""
    for handle in ("greenroom", "windowsill"):
        await add_account(ctx, "site", handle)
    await add_account(ctx, "contract", "ann", platform)
    config = asked(
        prompts=["The first part.", "The second part.", "The third part."],
        provider=["vendor"],
        offer={"url": "https://shop.example/kit", "cta": "Get the kit"},
        tweets={"account": "site:greenroom", "count": 2},
    )
    return await start(ctx, config)


async def all_answered(ctx: Context) -> None:
    """Wait until the vendor has answered for every part: whether to ask again after a lost answer, a person decides."""
    async with asyncio.timeout(60):
        while True:
            async with ctx.database.session() as session:
                query = text("SELECT count(*) FROM clips WHERE external_id IS NOT NULL OR state = 'done'")
                if (await session.execute(query)).scalar_one() == 3:
                    return
            await asyncio.sleep(0.01)


async def what_there_is(ctx: Context, run: RunRead, vendor: ClipVendor, platform: ChannelServer) -> dict[str, Any]:
    """Count everything that a repetition would make twice."""
    async with ctx.database.session() as session:

        async def count(query: str) -> int:
            return (await session.execute(text(query))).scalar_one()

        return {
            "state": run.state,
            "tasks at the vendor": len(vendor.tasks),
            "cost": run.cost_minor,
            "clips": await count("SELECT count(*) FROM clips"),
            "masters": await count("SELECT count(*) FROM assets WHERE recipe ->> 'name' = 'stitch'"),
            "posts": await count("SELECT count(*) FROM posts"),
            "publications": Counter(outcomes(run).values()),
            "pages": await count("SELECT count(*) FROM site_posts"),
            "at the platform": len(platform.posts["ann"]),
            "links": await count("SELECT count(*) FROM offer_links"),
            "tweets": await count("SELECT count(*) FROM campaigns"),
            "checkbacks": await count("SELECT count(*) FROM timeline WHERE kind = 'metrics.checkback'"),
        }


ONCE = {
    "state": RunState.COMPLETED,
    "tasks at the vendor": 3,
    "cost": 3 * PRICE,
    "clips": 3,
    "masters": 1,
    "posts": 1,
    "publications": Counter(confirmed=3),
    "pages": 2,
    "at the platform": 1,
    "links": 3,
    "tweets": 1,
    "checkbacks": 15,
}


@pytest.mark.parametrize("gates", [INSIDE, AT_THE_END], ids=["inside", "at the end of"])
async def test_a_worker_killed_in_every_stage_repeats_nothing(
    ctx: Context, vendor: ClipVendor, platform: ChannelServer, start_worker: Start, gates: list[Gate]
) -> None:
    run_id = await start_run(ctx, platform)
    with closed(ctx.database.url, gates) as gate:
        for one in gates:
            worker = start_worker()
            await gate.somebody_at(one.name)
            await all_answered(ctx)
            worker.kill()
            gate.open(one.name)
        start_worker()
        run = await ended(ctx, run_id)
    assert await what_there_is(ctx, run, vendor, platform) == ONCE
    assert run.attempt == 1


async def test_the_peer_of_a_killed_worker_finishes_its_run(
    ctx: Context, vendor: ClipVendor, platform: ChannelServer, start_worker: Start
) -> None:
    victim = start_worker()
    await victim.ready()
    run_id = await start_run(ctx, platform)
    await running(ctx, run_id, Stage.STITCH)
    peer = start_worker()
    await peer.ready()
    victim.kill()
    run = await ended(ctx, run_id)
    assert await what_there_is(ctx, run, vendor, platform) == ONCE


async def test_two_workers_on_one_database_do_each_run_once(
    ctx: Context, vendor: ClipVendor, platform: ChannelServer, start_worker: Start
) -> None:
    for worker in (start_worker(), start_worker()):
        await worker.ready()
    run = await ended(ctx, await start_run(ctx, platform))
    assert await what_there_is(ctx, run, vendor, platform) == ONCE
