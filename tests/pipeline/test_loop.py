"""The whole loop, for real: footage in, a checked master and public pages out."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from mediaposter.core import timeline
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.media import service as media
from mediaposter.offers import report
from mediaposter.offers.redirect import RedirectMiddleware
from mediaposter.pipeline import service
from mediaposter.pipeline.models import RunState, Stage, StageState
from mediaposter.publishing import service as publishing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account
from tests.pipeline.driving import asked, ended, outcomes, read, stage_of, start
from tests.publishing.conftest import add_account
from tests.servers.channel_server import ChannelServer
from tests.servers.clip_vendor import ClipVendor
from tests.servers.openai_server import OpenAIServer
from tests.servers.vendor import KEY

pytestmark = pytest.mark.feature("ARCH-001")


async def checkbacks(ctx: Context, publication_id: str) -> int:
    async with ctx.database.session() as session:
        return len(await timeline.list_entries(session, kind="metrics.checkback", subject=publication_id))


OFFER = {"url": "https://shop.example/kit", "cta": "Get the kit", "name": "Kit"}


async def test_footage_becomes_one_master_on_a_page_of_every_account(
    ctx: Context, worker: Engine, accounts: Sequence[Account], three: list[Path], api: httpx.AsyncClient
) -> None:
    run = await ended(ctx, await start(ctx, asked(*three, offer=OFFER)))
    assert (run.state, run.error) == (RunState.COMPLETED, None)
    assert outcomes(run) == {"site:greenroom": "confirmed", "site:windowsill": "confirmed"}
    for account in stage_of(run, Stage.PUBLISH).outputs["accounts"]:
        page = await api.get(account["url"].removeprefix(ctx.settings.site_url))
        assert (page.status_code, "<video" in page.text) == (200, True)


@pytest.mark.feature("ARCH-005")
async def test_every_click_on_a_run_leads_back_to_its_publication_account_recipe_prompt_and_clips(
    ctx: Context, worker: Engine, accounts: Sequence[Account], three: list[Path], api: httpx.AsyncClient
) -> None:
    run = await ended(ctx, await start(ctx, asked(*three, offer=OFFER)))
    visitors = httpx.AsyncClient(transport=httpx.ASGITransport(RedirectMiddleware(FastAPI())), base_url="http://site")
    for url in stage_of(run, Stage.LINK).outputs["links"].values():
        assert (await visitors.get(httpx.URL(url).path)).status_code == 302
    async with ctx.database.session() as session:
        trail = await report.trail(session)
    published = {one["publication_id"] for one in stage_of(run, Stage.PUBLISH).outputs["accounts"]}
    assert {row["publication_id"] for row in trail} == published
    for row in trail:
        assert row["account"] in ("site:greenroom", "site:windowsill")
        assert row["clip_ids"] == stage_of(run, Stage.GENERATE).outputs["asset_ids"]
        assert row["prompts"] == stage_of(run, Stage.GENERATE).outputs["prompts"]
        assert {"template", "provider", "length", "slot", "voice"} <= row["recipe"].keys()


async def test_the_master_is_as_long_as_its_parts_and_lies_in_the_storage(
    ctx: Context, worker: Engine, accounts: Sequence[Account], three: list[Path]
) -> None:
    run = await ended(ctx, await start(ctx, asked(*three)))
    async with ctx.database.session() as session:
        master = await media.get_asset(session, stage_of(run, Stage.STITCH).outputs["asset_id"])
    assert master.media_facts.duration == pytest.approx(3.0, abs=0.1)
    assert (await media.local_path(master, storage=ctx.storage)).is_file()


async def test_each_account_has_words_and_a_tracked_link_of_its_own(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run = await ended(ctx, await start(ctx, asked(clip_of_one, offer=OFFER)))
    links = stage_of(run, Stage.LINK).outputs["links"]
    assert (set(links), len(set(links.values()))) == ({account.id for account in accounts}, 2)
    assert set(stage_of(run, Stage.WRITE).outputs["copies"]) == {account.id for account in accounts}


async def test_a_run_keeps_what_went_in_and_came_out_of_each_stage_with_its_times(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run = await ended(ctx, await start(ctx, asked(clip_of_one)))
    assert [stage.name for stage in run.stages] == list(Stage)
    for stage in run.stages:
        assert (stage.state, stage.progress) == (StageState.COMPLETED, 1.0)
        assert stage.started_at is not None
        assert stage.finished_at is not None
        assert stage.message


async def test_a_campaign_begins_and_checkbacks_are_written_into_the_timeline(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    tweets = {"account": "site:greenroom", "count": 3, "interval_minutes": 120}
    run = await ended(ctx, await start(ctx, asked(clip_of_one, tweets=tweets)))
    async with ctx.database.session() as session:
        planned = [
            await timeline.get(session, entry)
            for stage in (Stage.TWEET, Stage.TRACK)
            for entry in stage_of(run, stage).outputs["timeline"]
        ]
    kinds = [entry.kind for entry in planned]
    assert (kinds.count("campaigns.tweet"), kinds.count("metrics.checkback")) == (1, 10)  # each tweet plans the next


async def test_a_post_that_becomes_public_later_gets_its_checkbacks_then(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    config = asked(clip_of_one, accounts=["site:greenroom"], publish=(utc_now() + timedelta(hours=1)).isoformat())
    run = await ended(ctx, await start(ctx, config))
    assert outcomes(run) == {"site:greenroom": "scheduled"}
    publication = stage_of(run, Stage.PUBLISH).outputs["accounts"][0]["publication_id"]
    assert await checkbacks(ctx, publication) == 0
    async with ctx.database.session() as session:
        row = await publishing.get_publication(session, publication)
        words = Copy.model_validate(row.copy)
        await publishing.plan_publication(
            session, post_id=row.post_id, account_id=row.account_id, copy=words, due_at=utc_now()
        )
    async with asyncio.timeout(30):
        while await checkbacks(ctx, publication) < 5:
            await asyncio.sleep(0.05)


async def test_a_dry_run_does_everything_but_publish_and_says_what_would_be_sent(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run = await ended(ctx, await start(ctx, asked(clip_of_one, dry_run=True, offer=OFFER)))
    assert (run.state, run.post_id) == (RunState.COMPLETED, None)
    shown = stage_of(run, Stage.PUBLISH).outputs["accounts"]
    assert [(account["outcome"], account["broken"]) for account in shown] == [("preview", [])] * 2


async def test_a_draft_waits_for_approval_and_then_publishes(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path
) -> None:
    run_id = await start(ctx, asked(clip_of_one, publish="draft"))
    waiting = await ended(ctx, run_id)
    async with ctx.database.session() as session:
        await service.approve_run(session, run_id)
    run = await ended(ctx, run_id)
    assert (waiting.state, run.state) == (RunState.WAITING, RunState.COMPLETED)
    assert set(outcomes(run).values()) == {"confirmed"}
    assert stage_of(run, Stage.WRITE).finished_at == stage_of(waiting, Stage.WRITE).finished_at


async def test_one_account_that_refuses_stops_nobody_else_and_is_tried_again_alone(
    ctx: Context, worker: Engine, accounts: Sequence[Account], clip_of_one: Path, platform: ChannelServer
) -> None:
    await add_account(ctx, "contract", "ann", platform)
    platform.faults["ann"].append("refused")
    run_id = await start(ctx, asked(clip_of_one))
    partial = await ended(ctx, run_id)
    assert partial.state is RunState.PARTIAL
    assert outcomes(partial)["contract:ann"] == "rejected"
    async with ctx.database.session() as session:
        await service.retry_run(session, run_id)
    run = await ended(ctx, run_id)
    assert (run.state, set(outcomes(run).values())) == (RunState.COMPLETED, {"confirmed"})
    urls = [
        {a["account"]: a["url"] for a in stage_of(one, Stage.PUBLISH).outputs["accounts"]} for one in (partial, run)
    ]
    assert urls[0]["site:greenroom"] == urls[1]["site:greenroom"]


async def test_the_same_run_again_finds_the_same_master(
    ctx: Context, worker: Engine, accounts: Sequence[Account], three: list[Path]
) -> None:
    runs = [await ended(ctx, await start(ctx, asked(*three))) for _ in range(2)]
    masters = {stage_of(run, Stage.STITCH).outputs["asset_id"] for run in runs}
    assert len(masters) == 1
    assert (await read(ctx, runs[1].id)).post_id != runs[0].post_id


@pytest.mark.feature("BLOT-001")
async def test_platforms_are_told_that_a_model_made_it_unless_it_is_the_users_footage(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor, clip_of_one: Path
) -> None:
    generated = await ended(
        ctx, await start(ctx, asked(prompts=["Plants dry out while you travel."], provider=["vendor"]))
    )
    filmed = await ended(ctx, await start(ctx, asked(clip_of_one)))
    async with ctx.database.session() as session:
        posts = [await publishing.get_post(session, run.post_id or "") for run in (generated, filmed)]
    assert [post.generated for post in posts] == [True, False]


@pytest.mark.feature("ARCH-002")
async def test_one_idea_becomes_a_story_of_three_parts(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    idea = "Plants dry out while you travel. Most people water too much before they leave. A string in a jar is enough."
    config = asked(prompts=[idea], story=True, provider=["vendor"], dry_run=True)
    run = await ended(ctx, await start(ctx, config))
    assert run.state is RunState.COMPLETED
    assert sorted(task.prompt for task in vendor.tasks.values()) == sorted(
        f"{one.strip()}." for one in idea[:-1].split(".")
    )


@pytest.mark.feature("ARCH-003")
async def test_a_language_model_writes_the_story_and_the_words_of_every_account(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    story = {"hook": "Plants drown.", "tension": "You water too much.", "resolution": "Check the soil first."}
    words = {
        "title": "Check the soil",
        "description": "Then water.",
        "hashtags": [],
        "first_comment": "",
        "alt_text": "",
    }
    with OpenAIServer().running() as server:
        server.plays(story, *[words | {"thumbnail": 1}] * 2)
        ctx.settings.openai_base_url = server.base_url
        ctx.settings.openai_api_key = SecretStr(KEY)
        config = asked(prompts=["plants and water"], story=True, provider=["vendor"], copywriter="openai:gpt-6-luna")
        run = await ended(ctx, await start(ctx, config))
    assert (run.state, run.error, len(server.requests)) == (RunState.COMPLETED, None, 3)
    copies = stage_of(run, Stage.WRITE).outputs["copies"].values()
    assert {copy["title"] for copy in copies} == {"Check the soil"}


async def test_a_budget_of_tokens_stops_the_writing_and_says_so(
    ctx: Context, worker: Engine, accounts: Sequence[Account], vendor: ClipVendor
) -> None:
    story = {"hook": "Plants drown.", "tension": "You water too much.", "resolution": "Check the soil first."}
    with OpenAIServer().running() as server:
        server.plays(story)
        ctx.settings.openai_base_url = server.base_url
        ctx.settings.openai_api_key = SecretStr(KEY)
        spare = {"copywriter": "openai:gpt-6-luna", "budget": {"tokens": 1}}
        run = await ended(ctx, await start(ctx, asked(prompts=["plants"], story=True, provider=["vendor"], **spare)))
    assert (run.state, (run.error or {})["code"], len(server.requests)) == (RunState.FAILED, "BUDGET_EXCEEDED", 1)
