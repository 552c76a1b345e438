"""The durable workflow of a publication, on the engine: started, due, held back and let go."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from mediaposter.core import engine as durable
from mediaposter.core import timeline
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.publishing import service, workflows
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import OPEN, Outcome
from tests.publishing.driving import plan, read
from tests.servers.channel_server import ChannelServer

pytestmark = pytest.mark.feature("ADAPT-013", "ARCH-001")


@pytest.fixture
async def due(ctx: Context, engine: Engine) -> AsyncIterator[None]:
    """The loop that turns due rows into workflows."""
    task = asyncio.create_task(timeline.run(ctx))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def start(ctx: Context, publication_id: str) -> str:
    async with ctx.database.session() as session:
        started = await service.start_publication(session, publication_id)
    return str(await durable.result(started.workflow_id))


async def settled(ctx: Context, publication_id: str) -> Outcome:
    async with asyncio.timeout(30):
        while (row := await read(ctx, publication_id)).outcome in OPEN:
            await asyncio.sleep(0.05)
    return row.outcome


async def test_a_started_publication_is_confirmed(
    ctx: Context, engine: Engine, account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    assert await start(ctx, publication_id) == "confirmed"


async def test_starting_it_again_sends_nothing(
    ctx: Context, engine: Engine, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    assert [await start(ctx, publication_id) for _ in range(2)] == ["confirmed", "confirmed"]
    assert len(platform.posts["ann"]) == 1


async def test_a_workflow_can_run_it_as_its_child(
    ctx: Context, engine: Engine, account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    async with ctx.database.session() as session:
        first = await service.next_start(session, publication_id)
        second = await service.next_start(session, publication_id)
    assert (first.partition, first.workflow_id != second.workflow_id) == (account.id, True)


async def test_a_post_is_sent_when_it_falls_due(
    ctx: Context, due: None, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id, due_at=utc_now() + timedelta(seconds=0.3))
    assert await settled(ctx, publication_id) is Outcome.CONFIRMED


async def test_an_account_that_is_resumed_sends_what_waited(
    ctx: Context, engine: Engine, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    async with ctx.database.session() as session:
        await service.pause_account(session, account.id, reason="holiday")
    assert await start(ctx, publication_id) == "planned"
    async with ctx.database.session() as session:
        await service.resume_account(session, account.id)
    assert await settled(ctx, publication_id) is Outcome.CONFIRMED


async def test_a_retry_is_sent_by_itself(
    ctx: Context, engine: Engine, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["refused"])
    publication_id = await plan(ctx, account, asset_id)
    assert await start(ctx, publication_id) == "rejected"
    async with ctx.database.session() as session:
        await service.retry_publication(session, publication_id)
    assert await settled(ctx, publication_id) is Outcome.CONFIRMED


async def test_reconciling_a_planned_one_leaves_it_planned(
    ctx: Context, engine: Engine, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    async with ctx.database.session() as session:
        await durable.enqueue(
            session, workflows.reconcile, publication_id, queue=durable.Queue.PUBLISH, id="r1", partition=account.id
        )
    assert await durable.result("r1") == "planned"
    assert not platform.posts["ann"]
