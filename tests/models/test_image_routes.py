"""Pictures over HTTP."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.models.routes import router
from tests.servers.media_vendor import KEY
from tests.servers.pictures import png
from tests.servers.stability_server import StabilityServer

pytestmark = pytest.mark.feature("ARCH-002", "ARCH-007")


@pytest.fixture
def server() -> Iterator[StabilityServer]:
    with StabilityServer(draw=png).running() as server:
        yield server


@pytest.fixture
async def web(ctx: Context, server: StabilityServer) -> AsyncIterator[httpx.AsyncClient]:
    given = ctx.settings
    given.image_model, given.image_base_url = "stability:core", server.url
    given.stability_api_key = type(given)(stability_api_key=KEY).stability_api_key  # type: ignore[arg-type]
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_a_picture_is_priced_then_drawn_and_is_an_asset(web: httpx.AsyncClient, server: StabilityServer) -> None:
    wish = {"prompt": "A fern", "width": 640, "height": 640}
    quoted = (await web.post("/api/images", json=wish | {"dry_run": True})).json()
    assert (quoted["price_micros"], quoted["asset"], server.made) == (30_000, None, 0)
    drawn = (await web.post("/api/images", json=wish)).json()
    assert (drawn["cost_micros"], drawn["asset"]["kind"], drawn["asset"]["origin"]) == (
        30_000,
        "image",
        "stability:core",
    )
    again = (await web.post("/api/images", json=wish)).json()
    assert (again["had_before"], again["cost_micros"], again["asset"]["id"]) == (True, 0, drawn["asset"]["id"])
    (row,) = (await web.get("/api/purchases")).json()
    assert (row["state"], row["cost_micros"], server.made) == ("bought", 30_000, 1)


async def test_a_lost_answer_is_a_problem_with_the_way_on(web: httpx.AsyncClient, server: StabilityServer) -> None:
    server.plays("drop")
    answer = await web.post("/api/images", json={"prompt": "A fern"})
    assert (answer.status_code, answer.json()["code"]) == (409, "PURCHASE_UNKNOWN")
    assert (await web.post("/api/images", json={"prompt": "A fern", "again": True})).status_code == 200


async def test_a_form_that_no_model_draws_is_named(web: httpx.AsyncClient, server: StabilityServer) -> None:
    answer = await web.post("/api/images", json={"prompt": "A fern", "width": 4000, "height": 100})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "size"
    assert server.requests == []
