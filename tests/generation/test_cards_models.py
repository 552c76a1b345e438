"""Cards with a vendor's voice and a drawn background: what is bought, what it costs, and who made it."""

import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from mediaposter.core import context
from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.generation import service
from mediaposter.generation.models import Clip, ClipState
from mediaposter.generation.provider import Money, load_provider
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import ffmpeg
from mediaposter.media import service as media
from mediaposter.models import whisper_weights
from mediaposter.models.access import ADDRESSES
from mediaposter.models.models import Purchase
from tests.generation.conftest import card
from tests.models.speech import speak
from tests.servers.elevenlabs_server import VOICE, ElevenLabsServer
from tests.servers.media_vendor import KEY
from tests.servers.openai_media_server import OpenAIMediaServer
from tests.servers.pictures import png

pytestmark = pytest.mark.feature("ARCH-002")
WORDS = "Most people water too much."
SPEAKER = f"elevenlabs:eleven_multilingual_v2/{VOICE}"


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The words, spoken, as the vendor sends them."""
    wav = speak(WORDS, tmp_path_factory.mktemp("voice") / "words.wav")
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-y", "-i", str(wav), str(wav.with_suffix(".mp3"))]
    subprocess.run(command, check=True)
    return wav.with_suffix(".mp3").read_bytes()


@pytest.fixture
def speaking(sound: bytes) -> Iterator[ElevenLabsServer]:
    with ElevenLabsServer(sound=sound, seconds=1.8).running() as server:
        yield server


@pytest.fixture
def drawing() -> Iterator[OpenAIMediaServer]:
    with OpenAIMediaServer(draw=png).running() as server:
        yield server


@pytest.fixture
def ctx(
    ctx: Context, speaking: ElevenLabsServer, drawing: OpenAIMediaServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    """A process whose voice and pictures come from vendors, at their prices."""
    monkeypatch.setitem(ADDRESSES, "elevenlabs", speaking.url)
    monkeypatch.setitem(ADDRESSES, "openai", drawing.base_url)
    given = {"voice": SPEAKER, "elevenlabs_api_key": KEY, "openai_api_key": KEY, "image_model": "openai:gpt-image-2"}
    changed = dataclasses.replace(ctx, settings=Settings(**{**ctx.settings.model_dump(), **given}))
    context.install(changed)
    yield changed
    context.install(ctx)


async def made(ctx: Context, request: ClipRequest, owner: str) -> Clip:
    async with ctx.database.session() as session:
        (clip,) = await service.plan_parts(session, owner_id=owner, requests=[request], chain=["cards"])
        await service.start_clip(session, clip)
    await durable.result(clip.workflow_id)
    async with ctx.database.session() as session:
        return await service.get_clip(session, clip.id)


async def test_a_clip_is_spoken_and_drawn_by_vendors_and_says_by_whom_and_for_how_much(
    ctx: Context, engine: Engine, speaking: ElevenLabsServer, drawing: OpenAIMediaServer
) -> None:
    request = card(WORDS, voice="configured", background="generated", seconds=None)
    price = service.price_of([request], ["cards"])
    clip = await made(ctx, request, "run_1")
    assert clip.state is ClipState.DONE
    assert clip.attempts[-1]["models"] == ["openai:gpt-image-2", SPEAKER]
    assert 0 < clip.cost_minor <= price.amount_minor <= 5
    async with ctx.database.session() as session:
        bought = list(await session.scalars(select(Purchase)))
        assert clip.asset_id is not None
        asset = await media.get_asset(session, clip.asset_id)
    assert clip.cost_minor == -(-sum(row.cost_micros for row in bought) // 10_000)
    assert WORDS.rstrip(".") in drawing.requests[0]["prompt"]
    assert speaking.requests[0]["text"] == WORDS
    greens = colours(await media.local_path(asset, storage=ctx.storage))
    assert greens.max() < 140  # the bright picture lies under a veil that keeps the type legible
    # Another look with the same words: nothing is bought again.
    again = await made(ctx, card(WORDS, voice=SPEAKER, background="generated", seconds=None, seed=5), "run_2")
    assert (again.state, again.cost_minor) == (ClipState.DONE, 0)
    assert again.content_key != clip.content_key
    assert (speaking.made, drawing.made) == (1, 1)


def colours(video: Path) -> np.ndarray:
    """The green of the left edge of the first frame, where no type stands."""
    command = [str(ffmpeg.executable()), "-loglevel", "error", "-i", str(video), "-frames:v", "1"]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(320, 180, 3)[100:220, :8, 1]


async def test_a_picture_that_is_refused_ends_the_clip_with_the_vendors_words(
    ctx: Context, engine: Engine, drawing: OpenAIMediaServer
) -> None:
    drawing.plays("moderation")
    async with ctx.database.session() as session:
        requests = [card(WORDS, background="something forbidden")]
        (clip,) = await service.plan_parts(session, owner_id="run_1", requests=requests, chain=["cards"])
        await service.start_clip(session, clip)
    with pytest.raises(Exception, match="safety system"):
        await durable.result(clip.workflow_id)


async def test_a_clip_that_fails_after_a_purchase_keeps_its_cost(
    ctx: Context, engine: Engine, speaking: ElevenLabsServer
) -> None:
    speaking.plays("quota")
    async with ctx.database.session() as session:
        requests = [card(WORDS, voice="configured", background="A fern", seconds=None)]
        (clip,) = await service.plan_parts(session, owner_id="run_1", requests=requests, chain=["cards"])
        await service.start_clip(session, clip)
    with pytest.raises(Exception, match="quota"):
        await durable.result(clip.workflow_id)
    async with ctx.database.session() as session:
        assert (await service.get_clip(session, clip.id)).cost_minor > 0


async def test_who_speaks_decides_the_key_and_how_that_was_said_does_not(ctx: Context) -> None:
    cards = load_provider("cards", ctx.settings, ctx.storage)
    keys = [
        await cards.content_key(card(WORDS, voice=voice))
        for voice in ("configured", SPEAKER, "none", f"elevenlabs:eleven_flash_v2_5/{VOICE}")
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


async def test_what_a_clip_will_cost_is_known_before(ctx: Context) -> None:
    cards = load_provider("cards", ctx.settings, ctx.storage)
    assert cards.price(card(WORDS)) == Money(0)
    assert cards.price(card(WORDS, voice="local")) == Money(0)
    assert cards.price(card(WORDS * 10, voice="configured")) == Money(3)  # 270 letters at 0.10 USD a thousand
    assert cards.price(card(WORDS, background="A fern")) == Money(3)


async def test_without_a_model_or_key_the_provider_names_the_setting(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisper_weights, "PACKAGES", ("no_such_package",))
    bare = Settings(home=ctx.settings.home)
    cards = load_provider("cards", bare, ctx.storage)
    for request, setting in (
        (card(WORDS, background="generated"), "MEDIAPOSTER_IMAGE_MODEL"),
        (card(WORDS, voice=SPEAKER), "ELEVENLABS_API_KEY"),
    ):
        missing = cards.missing(request)
        assert isinstance(missing, NotConfiguredError)
        assert missing.setting == setting
