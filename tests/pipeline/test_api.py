"""Runs over HTTP: started, repeated by key, refused with reasons, watched."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from mediaposter.app import build_app
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.pipeline.models import Stage
from mediaposter.publishing.models import Account
from tests.pipeline.driving import ended
from tests.servers.loopback import serving_here

pytestmark = pytest.mark.feature("ARCH-007")
FULL = "/api/pipeline/full"


@pytest.fixture
def body(clip_of_one: Path) -> dict[str, Any]:
    return {"clips": [str(clip_of_one)], "copywriter": "local"}


async def test_a_run_is_accepted_at_once_and_says_where_to_watch_it(
    engine: Engine, api: httpx.AsyncClient, accounts: Sequence[Account], body: dict[str, Any]
) -> None:
    answer = await api.post(FULL, json=body)
    told = answer.json()
    assert (answer.status_code, told["state"], told["existing"]) == (202, "queued", False)
    assert answer.headers["location"] == told["url"]
    assert (await api.get(told["url"])).json()["id"] == told["id"]


async def test_the_same_key_gives_the_same_run(
    engine: Engine, api: httpx.AsyncClient, accounts: Sequence[Account], body: dict[str, Any]
) -> None:
    first, second = [(await api.post(FULL, json=body, headers={"Idempotency-Key": "monday"})).json() for _ in range(2)]
    assert (first["id"], first["existing"], second["existing"]) == (second["id"], False, True)
    assert len((await api.get("/api/pipeline/runs")).json()) == 1


async def test_the_same_key_with_another_config_is_a_conflict(
    engine: Engine, api: httpx.AsyncClient, accounts: Sequence[Account], body: dict[str, Any]
) -> None:
    key = {"Idempotency-Key": "monday"}
    await api.post(FULL, json=body, headers=key)
    answer = await api.post(FULL, json=body | {"dry_run": True}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"clips": []}, ""),
        ({"clips": ["/nowhere/a.mp4"]}, "clips"),
        ({"aspect": "4:3"}, "aspect"),
        ({"accounts": ["nobody"]}, "accounts"),
        ({"publish": "someday"}, "publish"),
        ({"offer": {"url": "javascript:alert(1)"}}, "offer"),
        ({"budget": {"money_minor": -1}}, "budget"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_bad_input_is_a_problem_that_names_field_rule_and_mend(
    ctx: Context,
    api: httpx.AsyncClient,
    accounts: Sequence[Account],
    body: dict[str, Any],
    change: dict[str, Any],
    field: str,
) -> None:
    answer = await api.post(FULL, json=body | change)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code in (400, 404, 422), bool(problem["fix"])) == (True, True)
    assert any(field in one["field"] for one in problem.get("errors", [])) or field in problem["detail"]


async def test_a_model_that_is_not_configured_is_said_before_the_run_begins(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account], body: dict[str, Any]
) -> None:
    answer = await api.post(FULL, json=body | {"copywriter": None})
    assert (answer.status_code, answer.json()["code"]) == (424, "NOT_CONFIGURED")
    assert "MEDIAPOSTER_LANGUAGE_MODEL" in answer.text
    assert (await api.get("/api/pipeline/runs")).json() == []


async def test_without_an_account_the_answer_says_how_to_add_one(
    ctx: Context, api: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    problem = (await api.post(FULL, json=body)).json()
    assert "mediaposter accounts add" in problem["fix"]


async def test_nobody_starts_a_run_without_a_token(ctx: Context, body: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(build_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5555") as stranger:
        answer = await stranger.post(FULL, json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_ERROR")


async def test_a_run_nobody_started_is_not_found(ctx: Context, api: httpx.AsyncClient) -> None:
    for path in ("", "/events"):
        answer = await api.get(f"/api/pipeline/runs/run_none{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.feature("MOD-002")
async def test_a_runs_events_can_be_replayed_from_the_first(
    ctx: Context, worker: Engine, api: httpx.AsyncClient, accounts: Sequence[Account], body: dict[str, Any]
) -> None:
    run = (await api.post(FULL, json=body | {"dry_run": True})).json()
    await ended(ctx, run["id"])
    topics: list[str] = []
    async with (
        asyncio.timeout(30),
        serving_here(build_app()) as url,
        httpx.AsyncClient(headers=api.headers) as client,
        client.stream("GET", f"{url}{run['events_url']}") as stream,
    ):
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                topics.append(json.loads(line.removeprefix("data:"))["topic"])
            if topics[-1:] == ["pipeline.run.completed"]:
                break
    assert (topics[0], topics[-1]) == ("pipeline.run.created", "pipeline.run.completed")
    assert topics.count("pipeline.stage.completed") == len(Stage)


async def test_a_run_is_approved_cancelled_and_resumed_over_http(
    ctx: Context, worker: Engine, api: httpx.AsyncClient, accounts: Sequence[Account], body: dict[str, Any]
) -> None:
    url = (await api.post(FULL, json=body | {"publish": "draft"})).json()["url"]
    await ended(ctx, url.rpartition("/")[2])
    assert (await api.post(f"{url}/cancel")).json()["state"] == "cancelled"
    assert (await api.post(f"{url}/approve")).status_code == 409
    assert (await api.post(f"{url}/resume")).json()["state"] == "queued"
    await ended(ctx, url.rpartition("/")[2])
    assert (await api.post(f"{url}/approve")).json()["attempt"] == 3


async def test_what_the_parts_would_cost_is_told_for_each_provider_and_nothing_begins(
    api: httpx.AsyncClient, accounts: Sequence[Account], ctx: Context
) -> None:
    given = {"runway_api_key": SecretStr("key")}
    object.__setattr__(ctx, "settings", ctx.settings.model_copy(update=given))
    wish = {"prompts": ["A fern.", "Rain."], "seconds": 4, "provider": ["runway", "veo"], "copywriter": "local"}
    runway, veo = (await api.post("/api/pipeline/price", json=wish)).json()
    assert (runway["parts"], runway["total_minor"], runway["currency"]) == ([48, 48], 96, "USD")
    assert (veo["total_minor"], "GOOGLE_API_KEY" in veo["fix"]) == (None, True)
    assert (await api.get("/api/pipeline/runs")).json() == []
