"""Assets: known by reference, found again, and told when their bytes have changed."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, NotFoundError
from mediaposter.media import service
from mediaposter.media.errors import MediaLimitError, MediaMissingError, SourceChangedError
from mediaposter.media.limits import MediaLimits
from mediaposter.media.models import Asset
from tests.media.conftest import Clip

pytestmark = pytest.mark.feature("ARCH-002")


@pytest.fixture
def own_clip(clip: Clip, tmp_path: Path) -> Path:
    return Path(shutil.copy(clip(), tmp_path / "mine.mp4"))


async def register(ctx: Context, source: str) -> Asset:
    async with ctx.database.session() as session:
        return await service.register(session, source, storage=ctx.storage)


async def test_a_local_file_is_registered_where_it_lies(ctx: Context, own_clip: Path) -> None:
    asset = await register(ctx, str(own_clip))

    assert await service.local_path(asset) == own_clip
    assert asset.source_uri == own_clip.as_uri()
    assert asset.media_facts.duration == pytest.approx(1.0, abs=0.05)


async def test_registering_twice_gives_one_asset(ctx: Context, own_clip: Path) -> None:
    first, second = await asyncio.gather(register(ctx, str(own_clip)), register(ctx, own_clip.as_uri()))

    assert first.id == second.id


async def test_a_name_with_odd_characters_is_registered(ctx: Context, own_clip: Path) -> None:
    odd = own_clip.rename(own_clip.with_name("-i %20 it's 100% ü #1?.mp4"))

    asset = await register(ctx, str(odd))

    assert await service.local_path(asset) == odd


async def test_a_changed_source_is_told(ctx: Context, own_clip: Path, clip: Clip) -> None:
    asset = await register(ctx, str(own_clip))
    shutil.copy(clip("other.mp4", tone=880), own_clip)

    with pytest.raises(SourceChangedError, match=r"mine\.mp4"):
        await service.local_path(asset)


async def test_changed_bytes_of_the_same_size_are_told(ctx: Context, own_clip: Path) -> None:
    asset = await register(ctx, str(own_clip))
    data = bytearray(own_clip.read_bytes())
    data[-1] ^= 1
    own_clip.write_bytes(data)
    os.utime(own_clip, ns=(0, 0))

    with pytest.raises(SourceChangedError):
        await service.local_path(asset)


async def test_a_source_that_was_only_touched_is_the_same(ctx: Context, own_clip: Path) -> None:
    asset = await register(ctx, str(own_clip))
    os.utime(own_clip, ns=(0, 0))

    assert await service.local_path(asset) == own_clip


async def test_a_source_that_is_gone_is_told(ctx: Context, own_clip: Path) -> None:
    asset = await register(ctx, str(own_clip))
    own_clip.unlink()

    with pytest.raises(MediaMissingError, match=r"mine\.mp4"):
        await service.local_path(asset)


async def test_a_file_we_made_is_moved_into_the_storage(ctx: Context, own_clip: Path) -> None:
    async with ctx.database.session() as session:
        asset = await service.adopt(session, own_clip, storage=ctx.storage, origin="cards")

    assert not own_clip.exists()
    assert asset.source_uri == f"storage://{asset.storage_key}"
    assert (await service.local_path(asset)).is_relative_to(ctx.storage.folder)


async def test_the_same_bytes_are_adopted_once(ctx: Context, own_clip: Path) -> None:
    twin = Path(shutil.copy(own_clip, own_clip.with_name("twin.mp4")))
    async with ctx.database.session() as session:
        first = await service.adopt(session, own_clip, storage=ctx.storage, origin="cards")
        second = await service.adopt(session, twin, storage=ctx.storage, origin="cards")

    assert (first.id, twin.exists()) == (second.id, False)


async def test_a_storage_key_is_a_source(ctx: Context, own_clip: Path) -> None:
    await ctx.storage.put("uploads/a.mp4", own_clip)

    asset = await register(ctx, "storage://uploads/a.mp4")

    assert (await service.local_path(asset)).exists()


async def test_a_source_of_another_scheme_is_refused(ctx: Context) -> None:
    with pytest.raises(InvalidInputError, match="ftp"):
        await register(ctx, "ftp://example.org/a.mp4")


async def test_a_file_over_the_limit_is_refused_before_it_is_hashed(ctx: Context, own_clip: Path) -> None:
    with pytest.raises(MediaLimitError) as caught:
        await service.inspect(str(own_clip), storage=ctx.storage, limits=MediaLimits(max_bytes=100))

    assert "MEDIAPOSTER_MEDIA_MAX_BYTES" in caught.value.fix


async def test_an_unknown_asset_is_told(ctx: Context) -> None:
    with pytest.raises(NotFoundError):
        async with ctx.database.session() as session:
            await service.get_asset(session, "asset_none")


async def test_assets_are_listed_newest_first(ctx: Context, clip: Clip) -> None:
    first = await register(ctx, str(clip()))
    second = await register(ctx, str(clip("other.mp4", tone=880)))

    async with ctx.database.session() as session:
        listed = await service.list_assets(session)

    assert [asset.id for asset in listed] == [second.id, first.id]


async def test_hashing_reports_its_progress(ctx: Context, own_clip: Path) -> None:
    seen: list[float] = []

    await service.inspect(str(own_clip), storage=ctx.storage, on_progress=seen.append)

    assert seen[-1] == 1.0


async def test_an_id_stands_for_the_file_that_it_names(ctx: Context, own_clip: Path, clip: Clip) -> None:
    local = await register(ctx, str(own_clip))
    async with ctx.database.session() as session:
        made = await service.adopt(
            session, Path(shutil.copy(clip(), ctx.storage.scratch())), storage=ctx.storage, origin="x"
        )
        found = [
            await service.resolve(session, source) for source in (f"asset:{local.id}", f"asset:{made.id}", "a.mp4")
        ]

    assert found == [str(own_clip), f"storage://{made.storage_key}", "a.mp4"]
