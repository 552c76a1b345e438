"""Generation over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import engine as durable
from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.generation.errors import NoProviderLeftError
from mediaposter.generation.routes import router
from tests.servers.clip_vendor import ClipVendor

pytestmark = pytest.mark.feature("ARCH-002", "ARCH-007")


@pytest.fixture
async def web(ctx: Context, engine: Engine, vendor: ClipVendor) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_providers_say_what_they_can_and_what_they_lack(web: httpx.AsyncClient) -> None:
    answer = (await web.get("/api/generation/providers")).json()
    told = {one["name"]: one for one in answer}
    assert told["cards"]["configured"]
    assert told["cards"]["images"]
    assert not told["unready"]["configured"]
    assert "UNREADY_KEY" in told["unready"]["fix"]
    assert told["retired"]["retired_on"] == "2026-09-24"
    assert told["retired"]["alternatives"] == ["cards", "vendor"]


async def test_a_batch_is_accepted_at_once_and_can_be_watched(web: httpx.AsyncClient, vendor: ClipVendor) -> None:
    wish = {"prompts": ["One", "Two"], "provider": ["vendor"], "stitch": False}
    accepted = await web.post("/api/generation/multi-part", json=wish)
    assert accepted.status_code == 202
    batch = accepted.json()
    assert [clip["state"] for clip in batch["clips"]] == ["planned", "planned"]
    await durable.result(batch["id"])
    seen = (await web.get(batch["url"])).json()
    assert seen["state"] == "done"
    assert [clip["state"] for clip in seen["clips"]] == ["done", "done"]


async def test_a_clip_can_be_shown_and_retried(web: httpx.AsyncClient, vendor: ClipVendor) -> None:
    vendor.on_create.append("fail")
    batch = (await web.post("/api/generation/multi-part", json={"prompts": ["One"], "provider": ["vendor"]})).json()
    with pytest.raises(NoProviderLeftError):
        await durable.result(batch["id"])
    url = f"/api/generation/clips/{batch['clips'][0]['id']}"
    assert (await web.get(url)).json()["error"]["detail"].endswith("the model gave up")
    assert (await web.post(f"{url}/retry")).status_code == 202
    await durable.result(f"{batch['clips'][0]['id']}:2")
    assert (await web.get(url)).json()["state"] == "done"
    assert (await web.post(f"{url}/retry", json={})).json()["code"] == "CONFLICT"


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"prompts": ["x"], "provider": ["nobody"]}, 404, "PROVIDER_UNKNOWN"),
        ({"prompts": ["x"], "provider": ["retired"]}, 410, "PROVIDER_RETIRED"),
        ({"prompts": ["x"], "provider": ["unready"]}, 424, "NOT_CONFIGURED"),
        ({"prompts": [" "], "provider": ["cards"]}, 400, "VALIDATION_ERROR"),
    ],
)
async def test_what_cannot_be_made_is_refused_with_the_next_step(
    web: httpx.AsyncClient, wish: dict[str, object], status: int, code: str
) -> None:
    answer = await web.post("/api/generation/multi-part", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["fix"]


async def test_a_clip_that_is_not_there_is_not_found(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/generation/clips/clip_none")).status_code == 404
