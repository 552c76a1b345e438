"""Pictures: drawn in the size asked for, priced before, bought once whatever happens, refused for what it is."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe
from mediaposter.models import errors
from mediaposter.models.access import ADDRESSES
from mediaposter.models.images import ImageModel, Picture, buy_picture, fit, image_model, openai_size, order_of
from mediaposter.models.models import Purchase, PurchaseState
from mediaposter.models.purchases import list_purchases
from tests.servers.media_vendor import KEY, MediaVendor
from tests.servers.openai_media_server import OpenAIMediaServer
from tests.servers.pictures import png
from tests.servers.stability_server import StabilityServer

pytestmark = pytest.mark.feature("ARCH-002")
SPECS = {"openai": "openai:gpt-image-2", "stability": "stability:core"}
FERN = Picture("A fern in morning light", 1280, 720)


@pytest.fixture(params=list(SPECS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaVendor]:
    """The vendor, in the place of its own address: prices count."""
    made = StabilityServer(draw=png) if name == "stability" else OpenAIMediaServer(draw=png)
    with made.running():
        monkeypatch.setitem(ADDRESSES, name, made.base_url if isinstance(made, OpenAIMediaServer) else made.url)
        yield made


@pytest.fixture
def model(server: MediaVendor, name: str, settings: Settings) -> ImageModel:
    return image_model(keyed(settings), SPECS[name])


def keyed(settings: Settings, **changes: object) -> Settings:
    keys = {"openai_api_key": KEY, "stability_api_key": KEY}
    return Settings(**{**settings.model_dump(), **keys, **changes})  # type: ignore[arg-type]


async def rows(ctx: Context) -> list[Purchase]:
    async with ctx.database.session() as session:
        return list(await list_purchases(session))


async def test_a_picture_comes_in_the_size_asked_for(
    model: ImageModel, server: MediaVendor, ctx: Context, tmp_path: Path
) -> None:
    bought = await buy_picture(ctx, model, FERN)
    await fit(bought.path, tmp_path / "fern.jpg", width=1280, height=720)
    facts = probe(tmp_path / "fern.jpg", MediaLimits())
    assert facts.video is not None
    assert (facts.kind, facts.video.width, facts.video.height) == ("image", 1280, 720)
    assert server.requests[0]["prompt"] == FERN.prompt


async def test_the_price_is_said_before_and_what_it_cost_is_kept(
    model: ImageModel, name: str, server: MediaVendor, ctx: Context
) -> None:
    price = model.price(FERN)
    assert price.listed
    bought = await buy_picture(ctx, model, FERN)
    assert 0 < bought.cost_micros <= price.micros
    (row,) = await rows(ctx)
    assert (row.state, row.model, row.cost_micros) == (PurchaseState.BOUGHT, SPECS[name], bought.cost_micros)


async def test_the_same_picture_is_bought_once_however_many_ask(
    model: ImageModel, server: MediaVendor, ctx: Context
) -> None:
    found = await asyncio.gather(*(buy_picture(ctx, model, FERN) for _ in range(4)))
    assert server.made == 1
    assert len({one.path for one in found}) == 1
    assert sorted(one.cost_micros for one in found)[:3] == [0, 0, 0]
    await buy_picture(ctx, model, Picture(FERN.prompt, 1280, 720, variation=1))
    assert server.made == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("unauthorised", errors.ModelKeyRefusedError),
        ("moderation", errors.ModelRefusedError),
        ("quota", errors.ModelQuotaError),
        ("bad_request", errors.ModelError),
        ("web_page", errors.ModelAnswerError),
    ],
)
async def test_a_refusal_is_told_for_what_it_is_and_may_be_asked_anew(
    fault: str, kind: type[errors.ModelError], model: ImageModel, server: MediaVendor, ctx: Context
) -> None:
    server.plays(fault)
    with pytest.raises(kind) as caught:
        await buy_picture(ctx, model, FERN)
    assert model.name in caught.value.detail
    assert caught.value.fix
    assert [row.state for row in await rows(ctx)] == [PurchaseState.REFUSED]
    await buy_picture(ctx, model, FERN)
    assert (len(server.requests), server.made) == (2, 1)


async def test_a_busy_vendor_is_asked_again(model: ImageModel, server: MediaVendor, ctx: Context) -> None:
    server.plays("rate_limit")
    await buy_picture(ctx, model, FERN)
    assert (len(server.requests), server.made) == (2, 1)


@pytest.mark.parametrize("fault", ["drop", "broken", "slow"])
async def test_when_the_answer_is_lost_nothing_is_bought_a_second_time_unless_a_person_says_so(
    fault: str, name: str, server: MediaVendor, ctx: Context
) -> None:
    server.slow_seconds = 2
    server.plays(fault)
    model = image_model(keyed(ctx.settings, media_model_timeout_seconds=0.4), SPECS[name])
    for _ in range(2):
        with pytest.raises(errors.PurchaseUnknownError) as caught:
            await buy_picture(ctx, model, FERN)
        assert "--again" in caught.value.fix
    assert len(server.requests) == 1
    (row,) = await rows(ctx)
    assert (row.state, row.cost_micros) == (PurchaseState.UNKNOWN, model.price(FERN).micros)
    patient = image_model(keyed(ctx.settings), SPECS[name])
    bought = await buy_picture(ctx, patient, FERN, again=True)
    (row,) = await rows(ctx)
    assert [attempt["state"] for attempt in row.attempts] == [PurchaseState.UNKNOWN, PurchaseState.BOUGHT]
    assert row.cost_micros == model.price(FERN).micros + bought.cost_micros


async def test_a_process_that_died_between_order_and_answer_leaves_an_unknown(
    model: ImageModel, server: MediaVendor, ctx: Context
) -> None:
    await armed(ctx, model)
    with pytest.raises(errors.PurchaseUnknownError):
        await buy_picture(ctx, model, FERN)
    assert server.requests == []


async def test_a_process_that_died_with_the_picture_in_hand_has_it(
    model: ImageModel, server: MediaVendor, ctx: Context, tmp_path: Path
) -> None:
    await armed(ctx, model)
    key = order_of(model, FERN).storage_key
    for suffix, data in ((".json", b"{}"), ("", png(1280, 720))):
        (tmp_path / "draft").write_bytes(data)
        await ctx.storage.put(key + suffix, tmp_path / "draft")
    bought = await buy_picture(ctx, model, FERN)
    assert server.requests == []
    assert bought.cost_micros == model.price(FERN).micros
    assert [row.state for row in await rows(ctx)] == [PurchaseState.BOUGHT]


async def armed(ctx: Context, model: ImageModel) -> None:
    """What a process leaves that is killed while it waits for the vendor."""
    order = order_of(model, FERN)
    attempt = {"state": "armed", "price_micros": order.price.micros, "cost_micros": 0, "error": None}
    async with ctx.database.session() as session:
        row = Purchase(key=order.key, kind=order.kind, model=order.model, request=order.request, attempts=[attempt])
        row.state = PurchaseState.ARMED
        session.add(row)


async def test_a_cancelled_order_is_an_unknown(model: ImageModel, server: MediaVendor, ctx: Context) -> None:
    server.slow_seconds = 2
    server.plays("slow")
    task = asyncio.create_task(buy_picture(ctx, model, FERN))
    while not server.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row.state for row in await rows(ctx)] == [PurchaseState.UNKNOWN]


async def test_a_blurred_picture_is_a_refusal_that_was_paid(ctx: Context, settings: Settings) -> None:
    with StabilityServer(draw=png, filtered=True).running() as server:
        model = image_model(keyed(settings, image_base_url=server.url), "stability:ultra")
        with pytest.raises(errors.ModelRefusedError, match="content policy"):
            await buy_picture(ctx, model, FERN)
    (row,) = await rows(ctx)
    assert (row.state, row.cost_micros) == (PurchaseState.REFUSED, 80_000)


async def test_the_models_of_stability_go_to_their_endpoints(ctx: Context, settings: Settings) -> None:
    with StabilityServer(draw=png).running() as server:
        for name in ("ultra", "sd3.5-large-turbo"):
            model = image_model(keyed(settings, image_base_url=server.url), f"stability:{name}")
            await buy_picture(ctx, model, Picture("A fern", 1080, 1920))
        asked = [(one["kind"], one.get("model"), one["aspect_ratio"]) for one in server.requests]
    assert asked == [("ultra", None, "9:16"), ("sd3", "sd3.5-large-turbo", "9:16")]


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [((1280, 720), (1280, 720)), ((1024, 1024), (1024, 1024)), ((320, 180), (1088, 608)), ((4096, 4096), (1920, 1920))],
)
def test_openai_draws_in_sizes_that_it_takes(asked: tuple[int, int], drawn: tuple[int, int]) -> None:
    width, height = openai_size(*asked)
    assert (width, height) == drawn
    assert width % 16 == height % 16 == 0
    assert 655_360 <= width * height <= 2560 * 1440


@pytest.mark.parametrize("gone", ["dall-e-3", "gpt-image-1"])
def test_a_model_that_is_gone_is_refused_with_its_successor(gone: str, settings: Settings) -> None:
    def today() -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    with pytest.raises(errors.ModelRetiredError, match="switched") as caught:
        image_model(keyed(settings), f"openai:{gone}", clock=today)
    assert "openai:gpt-image-2" in caught.value.fix
    assert image_model(keyed(settings, openai_base_url="http://127.0.0.1:9/v1"), f"openai:{gone}", clock=today)


def test_without_a_model_or_a_key_the_setting_is_named(settings: Settings) -> None:
    for spec, setting in ((None, "MEDIAPOSTER_IMAGE_MODEL"), ("stability:core", "STABILITY_API_KEY")):
        with pytest.raises(NotConfiguredError) as caught:
            image_model(settings, spec)
        assert caught.value.setting == setting


@pytest.mark.parametrize("wrong", [("", 640, 640), ("x", 20, 640), ("x", 4000, 640), ("x" * 20_000, 640, 640)])
def test_what_no_model_draws_is_refused_before_it_is_asked(wrong: tuple[str, int, int]) -> None:
    with pytest.raises(InvalidInputError):
        Picture(*wrong)
