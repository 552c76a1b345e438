"""Media over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.media import service
from mediaposter.media.models import Asset
from mediaposter.media.routes import router
from tests.media.conftest import Clip, run_ffmpeg

pytestmark = pytest.mark.feature("ARCH-007")


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.fixture
async def asset(ctx: Context, clip: Clip) -> Asset:
    async with ctx.database.session() as session:
        return await service.register(session, str(clip()), storage=ctx.storage)


async def test_assets_are_listed(api: httpx.AsyncClient, asset: Asset) -> None:
    answer = await api.get("/api/media/assets", params={"kind": "video"})

    assert [row["id"] for row in answer.json()] == [asset.id]


async def test_assets_of_another_kind_are_left_out(api: httpx.AsyncClient, asset: Asset) -> None:
    assert (await api.get("/api/media/assets", params={"kind": "audio"})).json() == []


async def test_one_asset_is_shown_with_its_facts(api: httpx.AsyncClient, asset: Asset) -> None:
    answer = (await api.get(f"/api/media/assets/{asset.id}")).json()

    assert (answer["facts"]["video"]["width"], answer["file_url"]) == (180, f"/api/media/assets/{asset.id}/file")


async def test_an_unknown_asset_is_a_problem(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/media/assets/asset_none")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_the_file_is_answered_whole(api: httpx.AsyncClient, asset: Asset, clip: Clip) -> None:
    answer = await api.get(f"/api/media/assets/{asset.id}/file")

    assert (answer.content, answer.headers["content-type"]) == (clip().read_bytes(), "video/mp4")


async def test_a_range_of_the_file_is_answered(api: httpx.AsyncClient, asset: Asset, clip: Clip) -> None:
    answer = await api.get(f"/api/media/assets/{asset.id}/file", headers={"Range": "bytes=100-199"})

    assert (answer.status_code, answer.content) == (206, clip().read_bytes()[100:200])
    assert answer.headers["content-range"] == f"bytes 100-199/{asset.size_bytes}"


async def test_a_range_beyond_the_end_is_refused(api: httpx.AsyncClient, asset: Asset) -> None:
    answer = await api.get(f"/api/media/assets/{asset.id}/file", headers={"Range": "bytes=99999999-"})

    assert answer.status_code == 416


async def test_a_source_that_is_gone_is_a_problem(
    api: httpx.AsyncClient, ctx: Context, tmp_path: Path, clip: Clip
) -> None:
    own = tmp_path / "own.mp4"
    own.write_bytes(clip().read_bytes())
    async with ctx.database.session() as session:
        asset = await service.register(session, str(own), storage=ctx.storage)
    own.unlink()

    answer = await api.get(f"/api/media/assets/{asset.id}/file")

    assert (answer.status_code, answer.json()["code"]) == (404, "MEDIA_NOT_FOUND")


async def test_a_thumbnail_is_a_jpeg(api: httpx.AsyncClient, asset: Asset) -> None:
    answer = await api.get(f"/api/media/assets/{asset.id}/thumbnail")

    assert (answer.content[:3], answer.headers["content-type"]) == (b"\xff\xd8\xff", "image/jpeg")


async def test_sound_has_no_thumbnail(api: httpx.AsyncClient, ctx: Context, tmp_path: Path) -> None:
    song = tmp_path / "song.m4a"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=1", song)
    async with ctx.database.session() as session:
        asset = await service.register(session, str(song), storage=ctx.storage)

    answer = await api.get(f"/api/media/assets/{asset.id}/thumbnail")

    assert (answer.status_code, answer.json()["code"]) == (422, "MEDIA_UNUSABLE")
