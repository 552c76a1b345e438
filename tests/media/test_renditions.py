"""Renditions: addressed by what goes in, and made once."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service
from mediaposter.media.masters import master_of
from mediaposter.media.models import Asset
from mediaposter.media.renditions import Recipe, rendition
from mediaposter.media.stitch import StitchTarget
from tests.media.conftest import Clip

pytestmark = pytest.mark.feature("ARCH-002")
RECIPE = Recipe("copy", 1, {"width": 180})


@pytest.fixture
async def source(ctx: Context, clip: Clip) -> Asset:
    async with ctx.database.session() as session:
        return await service.register(session, str(clip()), storage=ctx.storage)


class Maker:
    """Makes a rendition by copying a clip, and counts how often it was asked to."""

    def __init__(self, clip: Path, *, takes: float = 0.0) -> None:
        self.clip = clip
        self.takes = takes
        self.made: list[Path] = []

    async def __call__(self, into: Path) -> None:
        self.made.append(into)
        await asyncio.sleep(self.takes)
        shutil.copy(self.clip, into)


async def test_a_rendition_is_found_again(ctx: Context, source: Asset, clip: Clip) -> None:
    maker = Maker(clip())

    first = await rendition(ctx, RECIPE, [source], maker)
    second = await rendition(ctx, RECIPE, [source], maker)

    assert (first.id, len(maker.made)) == (second.id, 1)
    assert (await service.local_path(first)).exists()


async def test_a_rendition_remembers_how_it_was_made(ctx: Context, source: Asset, clip: Clip) -> None:
    made = await rendition(ctx, RECIPE, [source], Maker(clip()))

    assert made.recipe is not None
    assert made.recipe["inputs"] == [{"id": source.id, "sha256": source.sha256}]


async def test_it_is_made_once_however_many_ask(ctx: Context, source: Asset, clip: Clip) -> None:
    maker = Maker(clip(), takes=0.1)

    made = await asyncio.gather(*(rendition(ctx, RECIPE, [source], maker) for _ in range(40)))

    assert (len(maker.made), len({asset.id for asset in made})) == (1, 1)


async def test_other_params_give_another_rendition(ctx: Context, source: Asset, clip: Clip) -> None:
    first = await rendition(ctx, RECIPE, [source], Maker(clip()))
    second = await rendition(ctx, Recipe("copy", 1, {"width": 90}), [source], Maker(clip()))

    assert first.id != second.id


def test_the_order_of_inputs_counts() -> None:
    first, second = Asset(sha256="a"), Asset(sha256="b")

    assert RECIPE.key([first, second]) != RECIPE.key([second, first])


async def test_a_maker_that_fails_leaves_nothing(ctx: Context, source: Asset, clip: Clip) -> None:
    async def fail(into: Path) -> None:
        into.write_bytes(b"half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await rendition(ctx, RECIPE, [source], fail)

    assert [path for path in ctx.storage.folder.rglob("*") if path.is_file()] == []


async def test_after_a_failure_it_can_be_made(ctx: Context, source: Asset, clip: Clip) -> None:
    async def fail(into: Path) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await rendition(ctx, RECIPE, [source], fail)

    assert (await rendition(ctx, RECIPE, [source], Maker(clip()))).recipe_key == RECIPE.key([source])


async def test_a_lost_file_is_made_again_under_the_same_id(ctx: Context, source: Asset, clip: Clip) -> None:
    first = await rendition(ctx, RECIPE, [source], Maker(clip()))
    (await service.local_path(first)).unlink()

    second = await rendition(ctx, RECIPE, [source], Maker(clip("other.mp4", tone=880)))

    assert (second.id, second.sha256 != first.sha256) == (first.id, True)


async def test_a_master_is_stitched_once(ctx: Context, clip: Clip) -> None:
    async with ctx.database.session() as session:
        parts = [
            await service.register(session, str(clip(f"{name}.mp4", color=name)), storage=ctx.storage)
            for name in ("red", "blue")
        ]
    seen: list[float] = []

    first = await master_of(ctx, parts, StitchTarget(180, 320), on_progress=seen.append)
    told = len(seen)
    second = await master_of(ctx, parts, StitchTarget(180, 320), on_progress=seen.append)

    assert (first.id, first.origin, len(seen)) == (second.id, "stitch", told)
    assert first.media_facts.duration == pytest.approx(2.0, abs=1 / 30)
    assert list((ctx.storage.folder / "scratch").iterdir()) == []


KILLED = """
import asyncio, shutil, sys
from pathlib import Path
from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.secrets import load_secret_box
from mediaposter.core.settings import Settings
from mediaposter.core.storage import load_storage
from mediaposter.media import service
from mediaposter.media.renditions import Recipe, rendition

home, url, asset_id, mark = sys.argv[1:]

async def make(into):
    into.write_bytes(b"half a file")
    Path(mark).touch()
    await asyncio.sleep(60)

async def main():
    settings = Settings(home=Path(home))
    ctx = Context(settings, Database(url), load_storage(settings), load_secret_box(settings))
    context.install(ctx)
    async with ctx.database.session() as session:
        asset = await service.get_asset(session, asset_id)
    await rendition(ctx, Recipe("copy", 1, {"width": 180}), [asset], make)

asyncio.run(main())
"""


@pytest.mark.chaos
async def test_a_killed_maker_holds_nobody_up_and_leaves_nothing(
    ctx: Context, source: Asset, clip: Clip, database_url: str, tmp_path: Path
) -> None:
    mark = tmp_path / "began"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(ctx.settings.home), database_url, source.id, str(mark)],
    )
    deadline = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    waiting = asyncio.create_task(rendition(ctx, RECIPE, [source], Maker(clip())))
    await asyncio.sleep(0.2)
    assert not waiting.done(), "two made the same rendition at the same time"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    made = await asyncio.wait_for(waiting, 30)

    assert (await service.local_path(made)).read_bytes() == clip().read_bytes()
    assert list((ctx.storage.folder / "scratch").iterdir()) == []
