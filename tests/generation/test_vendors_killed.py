"""A worker is killed while all four vendors film for money: each clip was bought once, and none is bought again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import close_client, prepare
from mediaposter.core.errors import MediaPosterError
from mediaposter.generation import service
from mediaposter.generation.models import Clip, ClipState
from tests.generation.conftest import card
from tests.servers.film_vendors import CENTS, VENDORS, FilmVendor
from tests.workers import Worker

pytestmark = [pytest.mark.feature("ARCH-002"), pytest.mark.chaos]
Start = Callable[[], Awaitable[Worker]]
Films = dict[str, FilmVendor]


@pytest.fixture
def films(tiny_video: Path) -> Iterator[Films]:
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(kind(tiny_video).running()) for name, kind in VENDORS.items()}


@pytest.fixture
async def start(ctx: Context, films: Films) -> AsyncIterator[Start]:
    await asyncio.to_thread(prepare, ctx.database.url)
    started: list[Worker] = []
    env = {name: value for film in films.values() for name, value in film.env().items()}

    async def worker() -> Worker:
        known = env | {"MEDIAPOSTER_VIDEO_POLL_SECONDS": "0.05"}
        started.append(Worker(ctx, module="tests.generation.worker", lease=2, env=known))
        await started[-1].ready()
        return started[-1]

    yield worker
    for one in started:
        one.kill()
    await close_client(ctx.database.url)


async def planned(ctx: Context, films: Films) -> list[Clip]:
    clips: list[Clip] = []
    async with ctx.database.session() as session:
        for name in films:
            request = card("A fern unrolls.", seconds=5 if name == "fal" else 4)
            clips += await service.plan_parts(session, owner_id=f"run_{name}", requests=[request], chain=[name])
            await service.start_clip(session, clips[-1])
    return clips


async def ended(ctx: Context, clips: list[Clip]) -> list[Clip]:
    rows: list[Clip] = []
    for clip in clips:
        with contextlib.suppress(MediaPosterError):
            await durable.result(clip.workflow_id)
        async with ctx.database.session() as session:
            rows.append(await service.get_clip(session, clip.id))
    return rows


async def test_paid_jobs_are_found_again_by_their_ids_after_a_kill(ctx: Context, films: Films, start: Start) -> None:
    for film in films.values():
        film.polls_needed = 100_000
    first = await start()
    clips = await planned(ctx, films)
    while not all(job.polls > 1 for film in films.values() for job in film.jobs.values()) or not all(
        film.jobs for film in films.values()
    ):
        await asyncio.sleep(0.02)
    first.kill()
    for film in films.values():
        film.polls_needed = 1
    await start()
    done = await ended(ctx, clips)
    assert {(clip.state, len(clip.attempts)) for clip in done} == {(ClipState.DONE, 1)}
    assert {clip.provider: clip.cost_minor for clip in done} == CENTS
    assert {name: len(film.jobs) for name, film in films.items()} == dict.fromkeys(films, 1)


async def test_a_kill_before_the_answer_leaves_each_to_a_person(ctx: Context, films: Films, start: Start) -> None:
    for film in films.values():
        film.on_create.append("made_then_hang")
        film.hang_seconds = 8.0  # longer than it takes until the last of them was asked
    first = await start()
    clips = await planned(ctx, films)
    while not all(film.jobs for film in films.values()):
        await asyncio.sleep(0.01)
    first.kill()
    await start()
    assert {clip.state for clip in await ended(ctx, clips)} == {ClipState.UNKNOWN}
    assert {name: len(film.jobs) for name, film in films.items()} == dict.fromkeys(films, 1)
