"""Analyses are kept by asset and version, and read over HTTP."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.analysis import routes, service
from mediaposter.analysis.schemas import Analysis, Scene
from mediaposter.core.context import Context
from mediaposter.core.errors import NotFoundError
from tests.analysis.conftest import facts_of

pytestmark = pytest.mark.feature("ARCH-003")


@pytest.fixture
def analysis(mute_film: Path) -> Analysis:
    return Analysis(facts=facts_of(mute_film), scenes=(Scene(start=0, end=1, exact=True),), speech_note="No sound.")


async def test_what_is_saved_comes_back(ctx: Context, analysis: Analysis) -> None:
    async with ctx.database.session() as session:
        await service.save(session, "asset_1", analysis)
    async with ctx.database.session() as session:
        assert await service.get(session, "asset_1") == analysis


async def test_a_later_one_takes_its_place(ctx: Context, analysis: Analysis) -> None:
    later = analysis.model_copy(update={"topics": ("plants",)})
    async with ctx.database.session() as session:
        await service.save(session, "asset_1", analysis)
        await service.save(session, "asset_1", later)
        assert await service.find(session, "asset_1") == later


async def test_another_version_is_not_taken_for_this_one(ctx: Context, analysis: Analysis) -> None:
    async with ctx.database.session() as session:
        await service.save(session, "asset_1", analysis.model_copy(update={"version": 0}))
        assert await service.find(session, "asset_1") is None


async def test_an_asset_that_was_not_analyzed_says_what_to_do(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(NotFoundError) as caught:
            await service.get(session, "asset_2")
    assert "mediaposter run" in caught.value.fix


async def test_is_read_over_http(ctx: Context, analysis: Analysis) -> None:
    app = FastAPI()
    app.include_router(routes.router)
    async with ctx.database.session() as session:
        await service.save(session, "asset_1", analysis)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/api/analysis/asset_1")
    assert answer.json()["analysis"]["scenes"] == [{"start": 0.0, "end": 1.0, "exact": True}]
