"""A worker is killed -9 while publications stand at every moment there is: none is posted twice, none is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.publishing import service
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import OPEN, Outcome
from tests.publishing.conftest import add_account
from tests.publishing.driving import plan, read
from tests.servers.channel_server import ChannelServer
from tests.workers import Worker

pytestmark = [pytest.mark.feature("ADAPT-013", "ARCH-001"), pytest.mark.chaos]
# In order: uploading, armed and not yet called, called and not answered, answered and not yet confirmed.
MOMENTS = ("prepare", "before", "during", "confirm")


@pytest.fixture
async def work(ctx: Context) -> AsyncIterator[Callable[[], Awaitable[Worker]]]:
    """Start workers; whichever lives at the end is killed."""
    started: list[Worker] = []

    async def start() -> Worker:
        started.append(Worker(ctx, module="tests.publishing.poster"))
        await started[-1].ready()
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


async def settled(ctx: Context, publication_id: str) -> Publication:
    while (row := await read(ctx, publication_id)).outcome in OPEN:
        await asyncio.sleep(0.1)
    return row


async def test_killed_at_every_moment_each_is_posted_exactly_once(
    ctx: Context, platform: ChannelServer, asset_id: str, work: Callable[[], Awaitable[Worker]]
) -> None:
    worker = await work()
    publications: dict[str, str] = {}
    for moment in MOMENTS:
        account = await add_account(ctx, "contract", moment, platform)
        platform.hangs[moment].add(moment)
        publications[moment] = await plan(ctx, account, asset_id, text=f"Killed at {moment}")
        async with ctx.database.session() as session:
            await service.start_publication(session, publications[moment])
    async with asyncio.timeout(60):
        while len(platform.hanging) < len(MOMENTS):
            await asyncio.sleep(0.02)
    standing = {moment: (await read(ctx, publication_id)).outcome for moment, publication_id in publications.items()}
    worker.kill()
    platform.hangs.clear()
    platform.release()
    await work()
    async with asyncio.timeout(90):
        ended = {moment: await settled(ctx, publication_id) for moment, publication_id in publications.items()}
    await durable.close_client(ctx.database.url)

    assert list(standing.values()) == [Outcome.PLANNED, Outcome.ARMED, Outcome.ARMED, Outcome.SENT]
    assert [row.outcome for row in ended.values()] == [Outcome.CONFIRMED] * len(MOMENTS)
    assert {moment: platform.texts(moment) for moment in MOMENTS} == {
        moment: [f"Killed at {moment}"] for moment in MOMENTS
    }
    # Only the one whose call was surely never made needed a second attempt.
    assert {moment: row.attempt for moment, row in ended.items()} == {
        "prepare": 1,
        "before": 2,
        "during": 1,
        "confirm": 1,
    }
