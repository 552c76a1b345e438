"""The Sora recipe in a real WebKit, on a site that behaves as Sora's did."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from mediaposter.browser import opening
from mediaposter.browser.errors import (
    CaptchaError,
    ElsewhereError,
    LoginNeededError,
    OutcomeUnknownError,
    SiteChangedError,
    SiteRefusedError,
    UsageExhaustedError,
)
from mediaposter.browser.login import Login, login_of
from mediaposter.browser.page import Page
from mediaposter.browser.sites.sora import run
from mediaposter.browser.sites.sora.recipe import Recipe
from mediaposter.browser.sites.sora.run import Job, Stage, Wish
from mediaposter.browser.sites.sora.usage import Usage, usage_of
from mediaposter.browser.webdriver import WebDriverBrowser
from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.models import Event
from mediaposter.generation import service
from mediaposter.generation.errors import SubmitUnknownError
from mediaposter.generation.models import BatchState, ClipState
from mediaposter.generation.providers import sora_web
from mediaposter.media import service as media
from tests.browser.conftest import page_at, web_settings
from tests.engine import engine
from tests.servers.sora_site import SoraSite

__all__ = ["engine"]
pytestmark = [pytest.mark.webkit, pytest.mark.feature("ARCH-002", "SAFARI-001")]
QUICK = replace(Recipe(), to_ready=2.0, to_begin=2.0)
WISH = Wish("A fern uncurls in the morning.", 15, "16:9")


@pytest.fixture
async def page(webkit: WebDriverBrowser, site: SoraSite, tmp_path: Path) -> Page:
    return await page_at(webkit, site, tmp_path)


async def test_a_wish_reaches_the_site_as_it_was_meant(page: Page, site: SoraSite) -> None:
    await run.begin(page, QUICK, replace(WISH, character="fernlady"), "clip-1")
    (draft,) = site.drafts
    assert (draft.prompt, draft.seconds, draft.ratio) == ("@fernlady A fern uncurls in the morning.", 15, "Landscape")


async def test_words_that_look_like_code_stay_words(page: Page, site: SoraSite) -> None:
    words = """A "fern" says: ');alert(1)//\u2028 </script> ${x} `y` \\n"""
    await run.begin(page, QUICK, replace(WISH, prompt=words), "clip-1")
    assert site.drafts[0].prompt == words


async def test_a_slow_site_is_waited_for(page: Page, site: SoraSite) -> None:
    site.slow = 400
    await run.begin(page, Recipe(), WISH, "clip-1")
    assert len(site.drafts) == 1


async def test_the_new_draft_is_found_among_many_by_what_it_is(page: Page, site: SoraSite, tmp_path: Path) -> None:
    site.has(40)
    job = await run.begin(page, QUICK, WISH, "clip-1")
    wanted = site.drafts[0].id
    site.drafts.insert(0, replace(site.drafts[-1], id="gen_of_somebody_else"))
    assert (await run.look_for(page, QUICK, job, ())).stage is Stage.RUNNING
    seen = await run.look_for(page, QUICK, job, ())
    assert (seen.stage, seen.draft) == (Stage.DONE, wanted)
    await run.fetch(page, QUICK, seen.draft, tmp_path / "clip.mp4", max_bytes=10**7)
    assert (tmp_path / "clip.mp4").read_bytes() == site.video.read_bytes()


async def test_a_card_that_shows_half_a_prompt_is_opened(page: Page, site: SoraSite) -> None:
    site.cut, site.looks_needed = True, 0
    job = await run.begin(page, QUICK, WISH, "clip-1")
    assert (await run.look_for(page, QUICK, job, ())).draft == site.drafts[0].id


async def test_two_jobs_with_the_same_words_have_two_drafts(page: Page, site: SoraSite) -> None:
    site.looks_needed = 0
    jobs = [await run.begin(page, QUICK, WISH, f"clip-{one}") for one in (1, 2)]
    first = await run.look_for(page, QUICK, jobs[0], ())
    second = await run.look_for(page, QUICK, jobs[1], {first.draft})
    assert {first.draft, second.draft} == {draft.id for draft in site.drafts}


async def test_a_job_survives_as_text(page: Page, site: SoraSite) -> None:
    site.has(3)
    job = await run.begin(page, QUICK, WISH, "clip-01m84-1")
    assert Job.parse(str(job)) == job


async def test_a_job_that_fails_at_the_site_says_so(page: Page, site: SoraSite) -> None:
    site.looks_needed = 0
    site.on_create.append("fail")
    job = await run.begin(page, QUICK, WISH, "clip-1")
    assert (await run.look_for(page, QUICK, job, ())).stage is Stage.FAILED


@pytest.mark.parametrize(
    ("fault", "error", "made"),
    [
        ("refuse", SiteRefusedError, 0),
        ("exhausted", UsageExhaustedError, 0),
        ("silent", OutcomeUnknownError, 0),
        ("made_silent", OutcomeUnknownError, 1),
    ],
)
async def test_what_follows_the_click_is_never_taken_for_what_it_is_not(
    page: Page, site: SoraSite, fault: str, error: type[Exception], made: int
) -> None:
    site.on_create.append(fault)
    with pytest.raises(error):
        await run.begin(page, QUICK, WISH, "clip-1")
    assert len(site.drafts) == made


async def test_a_site_that_changed_fails_with_its_step_and_a_picture(page: Page, site: SoraSite) -> None:
    site.changed = True
    with pytest.raises(SiteChangedError) as told:
        await run.begin(page, QUICK, WISH, "clip-1")
    assert told.value.step == "ready"
    assert told.value.screenshot is not None
    assert told.value.screenshot.read_bytes().startswith(b"\x89PNG")
    assert site.drafts == []


@pytest.mark.parametrize(("shown", "found"), [("in", "logged_in"), ("out", "logged_out"), ("odd", "unknown")])
async def test_a_login_is_seen_or_not_or_not_known(
    webkit: WebDriverBrowser, site: SoraSite, tmp_path: Path, shown: str, found: str
) -> None:
    site.login = shown
    assert await login_of(await page_at(webkit, site, tmp_path)) is Login(found)


async def test_nobody_logged_in_begins_nothing(page: Page, site: SoraSite) -> None:
    site.login = "out"
    with pytest.raises(LoginNeededError):
        await run.begin(page, QUICK, WISH, "clip-1")
    assert site.drafts == []


async def test_a_captcha_is_for_a_person(page: Page, site: SoraSite) -> None:
    site.captcha = True
    with pytest.raises(CaptchaError):
        await run.begin(page, QUICK, WISH, "clip-1")


async def test_a_tab_that_was_led_elsewhere_is_not_worked_on(page: Page, site: SoraSite) -> None:
    await page.browser.goto(page.tab, site.url.replace("127.0.0.1", "localhost") + "/explore")
    with pytest.raises(ElsewhereError):
        await page.look({})


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("27 video gens left 20 free 7 paid More available on Nov 24", Usage(27, 20, 7, "Nov 24")),
        ("0 video gens left", Usage(0, None, None, None)),
        ("Your plan has changed", Usage(None, None, None, None)),
    ],
)
async def test_what_is_left_is_read_and_what_cannot_be_read_is_not_zero(
    page: Page, site: SoraSite, words: str, usage: Usage
) -> None:
    site.usage = words
    await page.goto("/explore", step="open")
    assert await usage_of(page, QUICK) == usage


# Through the provider and the engine


@pytest.fixture
async def driven(ctx: Context, site: SoraSite, screen: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SoraSite]:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.setattr(sora_web, "Recipe", lambda: QUICK)
    web_settings(ctx, site)
    yield site
    await opening.close_browsers()


async def test_three_parts_are_made_and_stitched_by_the_site(ctx: Context, engine: Engine, driven: SoraSite) -> None:
    prompts = ["A brown fern.", "Water runs over the pot.", "New fronds uncurl."]
    async with ctx.database.session() as session:
        batch = await service.generate_multi_part(session, prompts=prompts, chain=["sora-web"], notes="Style: calm.")
    made = await durable.result(batch.id)
    async with ctx.database.session() as session:
        clips = await service.clips_of(session, batch.id)
        master = await media.get_asset(session, made["asset_id"])
        ended = await service.get_batch(session, batch.id)
    assert ended.state is BatchState.DONE
    assert [clip.state for clip in clips] == [ClipState.DONE] * 3
    assert sorted(draft.prompt for draft in driven.drafts) == sorted(f"{one}\n\nStyle: calm." for one in prompts)
    assert master.media_facts.duration == pytest.approx(3.0, abs=0.2)


async def test_an_unclear_click_is_left_to_a_person(ctx: Context, engine: Engine, driven: SoraSite) -> None:
    driven.on_create.append("made_silent")
    async with ctx.database.session() as session:
        batch = await service.generate_multi_part(session, prompts=["A fern."], chain=["sora-web", "cards"])
    with pytest.raises(SubmitUnknownError):
        await durable.result(batch.id)
    assert len(driven.drafts) == 1


async def test_a_captcha_pauses_the_clip_tells_of_it_and_is_gone_on_from(
    ctx: Context, engine: Engine, driven: SoraSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sora_web, "_PERSON", 0.5)
    driven.captcha = True
    async with ctx.database.session() as session:
        batch = await service.generate_multi_part(session, prompts=["A fern."], chain=["sora-web"])
    while not (told := await told_of(ctx)):
        await asyncio.sleep(0.05)
    driven.captcha = False
    await durable.result(batch.id)
    assert (told[0]["code"], len(driven.drafts)) == ("CAPTCHA", 1)


async def told_of(ctx: Context) -> list[dict[str, object]]:
    async with ctx.database.session() as session:
        rows = await session.scalars(select(Event).where(Event.topic == "browser.needs_person"))
        return [row.data for row in rows]
