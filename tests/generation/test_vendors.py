"""Runway, Sora, Veo and fal under every fault: one job bought for a clip, and the truth about it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.errors import ForbiddenError, MediaPosterError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.generation import service
from mediaposter.generation.errors import (
    NoProviderLeftError,
    ProviderBusyError,
    ProviderRefusedError,
    ProviderRetiredError,
    RequestUnsuitableError,
    SubmitUnknownError,
)
from mediaposter.generation.models import Clip, ClipState
from mediaposter.generation.provider import JobStatus, Money, Provider, check_suitable, load_provider
from mediaposter.generation.schemas import ClipRequest
from tests.generation.conftest import card
from tests.servers.film_vendors import CENTS, VENDORS, FilmVendor
from tests.servers.openai_server import OpenAIServer
from tests.servers.vendor import KEY

pytestmark = [
    pytest.mark.feature("ARCH-002"),
    pytest.mark.filterwarnings("ignore:The Sora API is scheduled"),  # its SDK still says so of the whole contract
]
NAMES = sorted(VENDORS)
SECRET = SecretStr(KEY)
SHORTEST = {"runway": 4, "sora": 4, "veo": 4, "fal": 5}


@pytest.fixture(params=NAMES)
def film(request: pytest.FixtureRequest, tiny_video: Path) -> Iterator[FilmVendor]:
    with VENDORS[request.param](tiny_video).running() as server:
        yield server


@pytest.fixture
def maker(film: FilmVendor, ctx: Context) -> Provider:
    return load_provider(film.name, settings_for(film, ctx.settings), ctx.storage)


def settings_for(film: FilmVendor, settings: Settings, **more: object) -> Settings:
    """The test's settings, led to the vendor's server."""
    changes = {name: value for name, value in read(film.env()).items() if name in film_settings(film)}
    return settings.model_copy(update=changes | {"video_poll_seconds": 0.02} | more)


def read(env: dict[str, str]) -> dict[str, object]:
    """What a process with these variables would have as its settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        return dict(Settings())


def film_settings(film: FilmVendor) -> set[str]:
    before, after = read({}), read(film.env())
    return {name for name, value in after.items() if value != before[name]}


def wish(film: FilmVendor, **changes: object) -> ClipRequest:
    return card("A fern unrolls in the morning light.", seconds=SHORTEST[film.name], **changes)


async def made_by(ctx: Context, film: FilmVendor, *chain: str, budget: int | None = None, **more: object) -> Clip:
    """Run the workflow of one clip and return what the ledger has of it in the end."""
    object.__setattr__(ctx, "settings", settings_for(film, ctx.settings, **more))
    limit = None if budget is None else Money(budget, "USD")
    async with ctx.database.session() as session:
        clips = await service.plan_parts(
            session, owner_id="run_1", requests=[wish(film)], chain=[film.name, *chain], budget=limit
        )
        await service.start_clip(session, clips[0])
    with contextlib.suppress(MediaPosterError):
        await durable.result(clips[0].workflow_id)
    async with ctx.database.session() as session:
        return await service.get_clip(session, clips[0].id)


# The calls


async def test_a_price_is_told_before_anything_is_asked(film: FilmVendor, maker: Provider) -> None:
    assert maker.price(wish(film)) == Money(CENTS[film.name], "USD")


async def test_what_is_sent_is_what_the_vendor_documents(film: FilmVendor, maker: Provider) -> None:
    request = wish(film, notes="Style: green and slow")
    check_suitable(maker, request)
    await maker.submit(request, "clip-1")
    (job,) = film.jobs.values()
    assert job.prompt == "A fern unrolls in the morning light.\n\nStyle: green and slow"


@pytest.mark.parametrize(
    ("fault", "error", "jobs"),
    [
        ("rate_limit", ProviderBusyError, 0),
        ("rate_limit_bare", ProviderBusyError, 0),
        ("wrong_key", ForbiddenError, 0),
        ("spent", RequestUnsuitableError, 0),
        ("refuse", ProviderRefusedError, 0),
        ("bad_request", RequestUnsuitableError, 0),
        ("broken", SubmitUnknownError, 0),
        ("made_then_broken", SubmitUnknownError, 1),
        ("made_then_drop", SubmitUnknownError, 1),
    ],
)
async def test_each_answer_to_a_submit_is_told_as_what_it_means(
    film: FilmVendor, maker: Provider, fault: str, error: type[Exception], jobs: int
) -> None:
    film.on_create.append(fault)
    with pytest.raises(error):
        await maker.submit(wish(film), "clip-1")
    assert len(film.jobs) == jobs


async def test_the_time_that_a_full_vendor_names_is_kept(film: FilmVendor, maker: Provider) -> None:
    film.on_create.append("rate_limit")
    with pytest.raises(ProviderBusyError) as told:
        await maker.submit(wish(film), "clip-1")
    assert told.value.after == 0.05


async def test_a_vendor_that_cannot_be_reached_was_asked_nothing(film: FilmVendor, ctx: Context) -> None:
    nobody = film.url.rpartition(":")[0] + ":9"
    env = {name: value.replace(film.url, nobody) for name, value in film.env().items()}
    changes = {name: value for name, value in read(env).items() if name in film_settings(film)}
    lost = load_provider(film.name, ctx.settings.model_copy(update=changes), ctx.storage)
    with pytest.raises(ProviderBusyError):
        await lost.submit(wish(film), "clip-1")


async def test_a_job_is_cancelled_where_the_vendor_allows_it(film: FilmVendor, maker: Provider) -> None:
    job = await maker.submit(wish(film), "clip-1")
    await maker.cancel(job)
    (kept,) = film.jobs.values()
    assert kept.cancelled is (film.name != "veo")


async def test_progress_comes_before_the_end(film: FilmVendor, maker: Provider) -> None:
    film.polls_needed = 2
    job = await maker.submit(wish(film), "clip-1")
    states = [(await maker.poll(job)).status for _ in range(3)]
    assert states[-1] is JobStatus.DONE
    assert set(states[:-1]) <= {JobStatus.QUEUED, JobStatus.RUNNING}


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_key_the_setting_is_named(name: str, ctx: Context) -> None:
    lacking = load_provider(name, ctx.settings, ctx.storage).missing()
    assert isinstance(lacking, NotConfiguredError)
    assert {"runway": "RUNWAYML", "sora": "SORA_BASE_URL", "veo": "GOOGLE", "fal": "FAL_KEY"}[
        name
    ] in lacking.detail + lacking.fix


def test_openais_own_sora_is_retired_with_its_day_and_what_to_use_instead(ctx: Context) -> None:
    retired = load_provider("sora", ctx.settings.model_copy(update={"sora_api_key": SECRET}), ctx.storage)
    with pytest.raises(ProviderRetiredError, match="2026-09-24") as told:
        check_suitable(retired, card())
    assert "runway" in told.value.fix


def test_a_model_of_unknown_price_is_not_bought(ctx: Context) -> None:
    settings = ctx.settings.model_copy(update={"runway_api_key": SECRET, "runway_model": "kling3.0_pro"})
    lacking = load_provider("runway", settings, ctx.storage).missing()
    assert lacking is not None
    assert "MEDIAPOSTER_VIDEO_PRICES" in lacking.fix


def test_a_model_that_nobody_knows_is_named_with_those_that_are_known(ctx: Context) -> None:
    settings = ctx.settings.model_copy(update={"runway_api_key": SECRET, "runway_model": "gen99"})
    lacking = load_provider("runway", settings, ctx.storage).missing()
    assert lacking is not None
    assert "gen4.5" in lacking.fix


# The whole clip


@pytest.mark.parametrize("fault", ["", "rate_limit"])
async def test_a_clip_is_made_and_paid_once(ctx: Context, engine: Engine, film: FilmVendor, fault: str) -> None:
    film.on_create.extend([fault] if fault else [])
    done = await made_by(ctx, film)
    assert (done.state, done.cost_minor, len(film.jobs)) == (ClipState.DONE, CENTS[film.name], 1)


async def test_passing_faults_of_polls_and_files_are_waited_out(ctx: Context, engine: Engine, film: FilmVendor) -> None:
    film.on_poll.extend(["broken", "drop"])
    film.on_file.extend(["broken", "expired"] if film.name in ("runway", "fal") else ["broken"])
    done = await made_by(ctx, film)
    assert (done.state, len(film.jobs)) == (ClipState.DONE, 1)


@pytest.mark.parametrize("fault", ["made_then_drop", "made_then_broken"])
async def test_an_unclear_submit_is_never_repeated(ctx: Context, engine: Engine, film: FilmVendor, fault: str) -> None:
    film.on_create.append(fault)
    done = await made_by(ctx, film, "cards")
    assert (done.state, len(film.jobs), len(done.attempts)) == (ClipState.UNKNOWN, 1, 1)


@pytest.mark.parametrize("fault", ["fail", "lose"])
async def test_the_chain_goes_on_with_the_reason_kept(
    ctx: Context, engine: Engine, film: FilmVendor, fault: str
) -> None:
    film.on_create.append(fault)
    done = await made_by(ctx, film, "cards")
    assert (done.state, done.provider, len(film.jobs)) == (ClipState.DONE, "cards", 1)
    assert done.attempts[0]["error"]["detail"]


@pytest.mark.parametrize("film", ["runway"], indirect=True)  # the workflow's doing, whoever films
async def test_a_file_that_is_no_video_ends_the_job_with_what_it_cost(
    ctx: Context, engine: Engine, film: FilmVendor
) -> None:
    film.on_file.extend(["page"])
    done = await made_by(ctx, film)
    assert (done.state, len(film.jobs)) == (ClipState.FAILED, 1)


@pytest.mark.parametrize("fault", ["refuse", "refuse_late"])
async def test_a_refusal_goes_back_to_the_prompt_writer_once(
    ctx: Context, engine: Engine, film: FilmVendor, fault: str
) -> None:
    film.on_create.append(fault)
    with OpenAIServer().running() as writer:
        writer.plays({"prompt": "A fern opens slowly."})
        model = {"language_model": "openai:test", "openai_base_url": writer.base_url, "openai_api_key": SECRET}
        done = await made_by(ctx, film, **model)
    assert [entry["state"] for entry in done.attempts][-1] == "done"
    assert list(film.jobs.values())[-1].prompt == "A fern opens slowly."


@pytest.mark.parametrize("film", ["runway"], indirect=True)  # the workflow's doing, whoever films
async def test_a_second_refusal_goes_to_the_next_provider(ctx: Context, engine: Engine, film: FilmVendor) -> None:
    film.on_create.extend(["refuse", "refuse"])
    with OpenAIServer().running() as writer:
        writer.plays({"prompt": "A fern opens slowly."})
        model = {"language_model": "openai:test", "openai_base_url": writer.base_url, "openai_api_key": SECRET}
        done = await made_by(ctx, film, "cards", **model)
        assert (done.provider, len(writer.requests)) == ("cards", 1)


@pytest.mark.parametrize("film", ["runway"], indirect=True)  # the workflow's doing, whoever films
async def test_beyond_the_budget_nothing_is_bought(ctx: Context, engine: Engine, film: FilmVendor) -> None:
    done = await made_by(ctx, film, budget=CENTS[film.name] - 1)
    assert (done.state, len(film.jobs)) == (ClipState.FAILED, 0)
    assert done.error is not None
    assert "budget" in done.error["detail"]


@pytest.mark.parametrize("film", ["runway"], indirect=True)  # the workflow's doing, whoever films
async def test_parts_side_by_side_share_one_budget(ctx: Context, engine: Engine, film: FilmVendor) -> None:
    object.__setattr__(ctx, "settings", settings_for(film, ctx.settings))
    async with ctx.database.session() as session:
        clips = await service.plan_parts(
            session,
            owner_id="run_1",
            requests=[wish(film)] * 3,
            chain=[film.name],
            budget=Money(2 * CENTS[film.name], "USD"),
        )
        for clip in clips:
            await service.start_clip(session, clip)
    failures = 0
    for clip in clips:
        try:
            await durable.result(clip.workflow_id)
        except NoProviderLeftError:
            failures += 1
    assert (failures, len(film.jobs)) == (1, 2)
