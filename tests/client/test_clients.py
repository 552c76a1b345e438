"""The Python client: typed answers, errors that say what to do, and operations that are what the routes are."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from mediaposter.client import ApiError, AsyncClient, Client, Unreachable, offers, pipeline, publishing
from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.offers.schemas import OfferCreate, OfferUpdate
from mediaposter.pipeline.models import RunState
from mediaposter.pipeline.schemas import PipelineConfig
from mediaposter.publishing.schemas import AccountCreate
from tests.client.conftest import Here
from tests.media.conftest import Clip, clip, media_folder
from tests.publishing.conftest import add_account

__all__ = ["clip", "media_folder"]
pytestmark = pytest.mark.feature("API-001")
ROOT = Path(__file__).parents[2]
T = TypeVar("T")


async def with_client(here: Here, work: Callable[[Client], T]) -> T:
    """Run `work` with the client that waits, beside the loop that serves it."""

    def run() -> T:
        with Client(here.url, here.token) as api:
            return work(api)

    return await asyncio.to_thread(run)


def test_the_operations_are_what_the_routes_are() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "operations.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


async def test_an_answer_has_the_type_of_the_schema(here: Here) -> None:
    made = await with_client(
        here, lambda api: api.send(publishing.create_account(AccountCreate(channel="site", handle="greenroom")))
    )
    found = await with_client(here, lambda api: api.send(publishing.list_accounts(select=["@greenroom"])))
    assert [one.id for one in found] == [made.id]


async def test_a_patch_sends_only_what_was_set(here: Here) -> None:
    asked = OfferCreate(name="Kit", url="https://shop.example/kit", cta="Get it")
    offer = await with_client(here, lambda api: api.send(offers.create_offer(asked)))
    changed = await with_client(here, lambda api: api.send(offers.update_offer(offer.id, OfferUpdate(name="Plants"))))
    assert (changed.name, changed.cta) == ("Plants", "Get it")


async def test_the_same_key_starts_one_run(here: Here, ctx: Context) -> None:
    await add_account(ctx, "site", "greenroom")
    config = PipelineConfig.model_validate({"prompts": ["A fern unrolls"], "copywriter": "local", "dry_run": True})
    async with AsyncClient(here.url, here.token) as api:
        first = await api.send(pipeline.start(config, idempotency_key="fern-1"))
        again = await api.send(pipeline.start(config, idempotency_key="fern-1"))
        assert (again.id, again.existing) == (first.id, True)
        listed = await api.send(pipeline.list_runs(state=[RunState.QUEUED]))
    assert [run.id for run in listed] == [first.id]


async def test_a_refusal_names_the_field_and_the_mend(here: Here) -> None:
    asked = OfferCreate.model_construct(name="Kit", url="ftp://shop.example")
    with pytest.raises(ApiError) as caught:
        await with_client(here, lambda api: api.send(offers.create_offer(asked)))
    assert (caught.value.status, caught.value.errors[0].field) == (400, "url")
    assert caught.value.errors[0].fix
    assert caught.value.trace_id


async def test_a_wrong_token_is_refused(here: Here) -> None:
    with pytest.raises(ApiError) as caught:
        async with AsyncClient(here.url, "mp_wrong") as api:
            await api.send(offers.list_offers())
    assert (caught.value.status, caught.value.code) == (401, "AUTH_ERROR")


async def test_a_server_that_is_not_there_is_said_to_be_not_there() -> None:
    with pytest.raises(Unreachable, match="mediaposter up"):
        async with AsyncClient("http://127.0.0.1:9", "mp_any") as api:
            await api.send(offers.list_offers())


async def test_an_id_with_a_slash_does_not_reach_another_operation(here: Here) -> None:
    with pytest.raises(ApiError) as caught:
        async with AsyncClient(here.url, here.token) as api:
            await api.send(offers.show_offer("../accounts"))
    assert caught.value.status == 404


async def test_a_file_is_taken_in(here: Here, clip: Clip) -> None:
    path = clip("fern.mp4")
    asset = await with_client(here, lambda api: api.upload(path))
    again = await with_client(here, lambda api: api.upload(path))
    assert asset.id == again.id


async def test_events_come_as_they_happen_and_from_where_one_left_off(here: Here, ctx: Context) -> None:
    async with ctx.database.session() as session:
        await events.emit(session, "pipeline.run.created", "run_1", {"dry_run": True})
        await events.emit(session, "pipeline.run.completed", "run_1", {})
    async with asyncio.timeout(20), AsyncClient(here.url, here.token) as api:
        seen = []
        async for event in api.events(subject="run_1", after="0"):
            seen.append(event)
            if len(seen) == 2:
                break
        assert [event.topic for event in seen] == ["pipeline.run.created", "pipeline.run.completed"]
        async for event in api.events(subject="run_1", after=seen[0].sequence):
            assert event.topic == "pipeline.run.completed"
            break
