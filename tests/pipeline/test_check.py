"""The check of a run: everything that stands in its way, and how each account would have it; nothing is made."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.generation.models import Clip
from mediaposter.pipeline.models import Run, RunState
from mediaposter.pipeline.schemas import PipelineConfig
from mediaposter.publishing import searching
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Account
from mediaposter.publishing.rules import RepeatRules
from mediaposter.publishing.schemas import Burst
from tests.pipeline.driving import ended, start
from tests.publishing.conftest import add_account
from tests.publishing.contract_channel import ContractChannel
from tests.servers.channel_server import ChannelServer

pytestmark = pytest.mark.feature("ARCH-007")
CHECK = "/api/pipeline/check"
PROMPTS = ["Ferns drink from their leaves.", "Mist them twice a week."]


async def check(api: httpx.AsyncClient, **config: Any) -> dict[str, Any]:
    answer = await api.post(CHECK, json={"copywriter": "local", **config})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def upload(api: httpx.AsyncClient, file: Path) -> str:
    answer = await api.post("/api/media/uploads", content=file.read_bytes(), headers={"X-File-Name": file.name})
    return f"asset:{answer.json()['id']}"


def codes(account: dict[str, Any]) -> list[str]:
    return [one["code"] for one in account["problems"]]


async def test_a_run_that_can_begin_has_words_a_price_and_a_moment_on_every_account(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]
) -> None:
    told = await check(api, prompts=PROMPTS)

    assert (told["ok"], told["problems"], told["prices"][0]["total_minor"]) == (True, [], 0)
    assert {one["account_id"] for one in told["accounts"]} == {one.id for one in accounts}
    for one in told["accounts"]:
        assert (one["ok"], one["copy_by"], one["preview"]["text"] != "") == (True, "local", True)
        assert one["when"] is not None


async def test_nothing_is_made_by_a_check(ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]) -> None:
    await check(api, prompts=PROMPTS, offer={"url": "https://shop.example/kit"})

    async with ctx.database.session() as session:
        counts = [await session.scalar(select(func.count()).select_from(table)) for table in (Run, Clip)]
        assert (counts, await searching.list_posts(session, limit=1, before=None)) == ([0, 0], [])


async def test_every_problem_of_the_config_is_told_at_once(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]
) -> None:
    given = {"clips": ["/nowhere/a.mp4", "asset:none"], "accounts": ["site:greenroom", "nobody"], "copywriter": None}
    told = await check(api, **given)

    assert {one["field"] for one in told["problems"]} == {"accounts", "copywriter", "clips"}
    assert all(one["fix"] for one in told["problems"])
    assert [one["handle"] for one in told["accounts"]] == ["greenroom"]


async def test_a_config_of_no_shape_is_still_a_bad_request(api: httpx.AsyncClient) -> None:
    assert (await api.post(CHECK, json={"prompts": []})).status_code == 400


async def test_a_length_that_is_not_known_is_said_to_be_and_not_guessed(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]
) -> None:
    one = (await check(api, prompts=PROMPTS))["accounts"][0]

    assert (one["preview"]["media"]["seconds"], one["preview"]["media"]["width"]) == (None, 1080)
    assert any("once it is made" in note for note in one["notes"])


async def test_pixels_of_a_vendor_are_not_guessed_and_a_cut_is_told(ctx: Context, api: httpx.AsyncClient) -> None:
    await add_account(ctx, "x", "ferns")
    cards, film = [
        (await check(api, prompts=["A fern in rain."], seconds=200, provider=[name]))["accounts"][0]
        for name in ("cards", "runway")
    ]

    assert (cards["preview"]["media"]["width"], film["preview"]["media"]["width"]) == (720, None)
    assert cards["preview"]["media"]["seconds"] < 200
    assert any(note.startswith("duration: cut at") for note in film["notes"])
    assert not any(note.startswith("sides:") for note in film["notes"])


async def test_the_facts_of_clips_are_their_own(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    by_path, by_id = [
        (await check(api, clips=[source]))["accounts"][0]["preview"]["media"]
        for source in (str(clip_of_one), await upload(api, clip_of_one))
    ]

    assert by_path == by_id
    assert (by_id["width"], by_id["seconds"]) == (180, pytest.approx(1.0, abs=0.05))


async def test_rules_of_a_platform_are_checked_with_what_is_expected(ctx: Context, api: httpx.AsyncClient) -> None:
    await add_account(ctx, "pinterest", "ferns")
    await add_account(ctx, "tiktok", "ferns")
    told = await check(api, prompts=PROMPTS, seconds=400, offer={"url": "https://shop.example/kit"})
    pinterest, tiktok = sorted(told["accounts"], key=lambda one: one["channel"])

    assert told["ok"] is False
    assert {"NOT_CONNECTED", "TARGET_MISSING"} <= set(codes(pinterest))
    assert any("bio page" in note for note in tiktok["notes"])
    assert (tiktok["copy"]["link"], tiktok["counted"]["unit"]) == (None, "utf16")


async def test_a_paused_account_and_a_stopped_installation_are_problems(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]
) -> None:
    async with ctx.database.session() as session:
        await publishing.pause_account(session, accounts[0].id, reason="holiday")
        await publishing.stop_publishing(session, reason="audit")
    first, second = (await check(api, prompts=PROMPTS))["accounts"]

    assert (codes(first), codes(second)) == (["ACCOUNT_PAUSED", "PUBLISHING_STOPPED"], ["PUBLISHING_STOPPED"])


async def test_a_model_that_will_write_is_named_and_not_called(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]
) -> None:
    given = {"language_model": "openai:gpt-6-luna", "openai_base_url": "http://127.0.0.1:9"}
    object.__setattr__(ctx, "settings", ctx.settings.model_copy(update=given))
    told = await check(api, prompts=PROMPTS, copywriter=None)

    assert told["ok"] is True
    assert any("gpt-6-luna writes these words anew" in note for note in told["accounts"][0]["notes"])


async def test_the_moment_is_the_next_free_slot_the_one_asked_for_or_none_for_a_draft(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account]
) -> None:
    later = (ctx.clock() + timedelta(days=2)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    moments = [
        (await check(api, prompts=PROMPTS, publish=when))["accounts"][0]["when"]
        for when in ("next_slot", later, "draft")
    ]

    assert moments[0].endswith("00:00Z")
    assert moments[1:] == [later, None]


async def test_an_account_that_is_at_its_limit_and_has_the_video_already_has_a_later_moment_and_a_problem(
    engine: Engine,
    ctx: Context,
    api: httpx.AsyncClient,
    platform: ChannelServer,
    clip_of_one: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ContractChannel, "rules", replace(ContractChannel.rules, repeats=RepeatRules()))
    fern, moss = [await add_account(ctx, "contract", handle, platform) for handle in ("fern", "moss")]
    async with ctx.database.session() as session:
        await publishing.update_account(session, fern.id, burst=Burst(posts=1, minutes=60))
    source = await upload(api, clip_of_one)
    wish = PipelineConfig(clips=(source,), accounts=(fern.id,), copywriter="local")
    run = await ended(ctx, await start(ctx, wish))
    first, second = (await check(api, clips=[source]))["accounts"]

    assert (run.state, second["account_id"]) == (RunState.COMPLETED, moss.id)
    assert first["when"] > second["when"]
    assert (codes(first), codes(second)) == (["REPEATED"], [])


@pytest.mark.parametrize("field", ["clips", "images"])
async def test_an_id_that_the_library_does_not_know_is_refused_before_the_run(
    ctx: Context, api: httpx.AsyncClient, accounts: Sequence[Account], field: str
) -> None:
    more = {} if field == "clips" else {"prompts": PROMPTS}
    answer = await api.post("/api/pipeline/full", json={"copywriter": "local", field: ["asset:none"], **more})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert "asset:none" in answer.json()["detail"]
