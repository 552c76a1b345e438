"""What the vendors say of the configured models before anything is paid: there, until when, a wrong key, no way."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mediaposter.cli.serve import ask_vendors
from mediaposter.core.settings import Settings
from mediaposter.models import errors, listing
from mediaposter.models.access import ADDRESSES
from mediaposter.models.language import LANGUAGE_ADDRESSES, Vendor
from tests.servers.elevenlabs_server import VOICE, ElevenLabsServer
from tests.servers.loopback import serving
from tests.servers.media_vendor import KEY
from tests.servers.openai_media_server import OpenAIMediaServer
from tests.servers.stability_server import StabilityServer

pytestmark = pytest.mark.feature("ARCH-003")
MODELS = {"gpt-6-luna": None, "whisper-1": "2027-02-26", "gpt-image-2.6-flare": None, "gpt-transcribe": None}


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIMediaServer]:
    """OpenAI, in the place of its own address."""
    with OpenAIMediaServer(models=MODELS).running() as server:
        monkeypatch.setitem(ADDRESSES, "openai", server.base_url)
        monkeypatch.setitem(LANGUAGE_ADDRESSES, Vendor.OPENAI, server.base_url)
        yield server


def given(settings: Settings, **values: object) -> Settings:
    keys = {"openai_api_key": KEY, "elevenlabs_api_key": KEY, "stability_api_key": KEY}
    return Settings(**{**settings.model_dump(), **keys, **values})  # type: ignore[arg-type]


async def test_a_listed_model_is_known(openai: OpenAIMediaServer, settings: Settings) -> None:
    chosen = given(settings, language_model="openai:gpt-6-luna", image_model="openai:gpt-image-2.6-flare")
    for listed in (await listing.check_language_model(chosen), await listing.check_image_model(chosen)):
        assert (listed.ends, "lists" in listed.found or "knows" in listed.found) == (None, True)


async def test_the_day_on_which_a_model_ends_comes_from_its_vendor(
    openai: OpenAIMediaServer, settings: Settings
) -> None:
    listed = await listing.check_transcription(given(settings, transcription="openai:whisper-1"))
    assert str(listed.ends) == "2027-02-26"
    assert "gpt-transcribe" in listed.way_on


async def test_a_model_that_its_vendor_does_not_list_is_told_with_those_it_does(
    openai: OpenAIMediaServer, settings: Settings
) -> None:
    with pytest.raises(errors.ModelNotKnownError, match="gpt-6-luna") as caught:
        await listing.check_language_model(given(settings, language_model="openai:gpt-66"))
    assert "MEDIAPOSTER_LANGUAGE_MODEL" in caught.value.fix


async def test_a_server_of_ones_own_may_list_what_it_likes(settings: Settings) -> None:
    with OpenAIMediaServer(models={"model.gguf": None}, compatible=True).running() as server:
        chosen = given(settings, language_model="openai:qwen3:4b", openai_base_url=server.base_url)
        assert "model.gguf" in (await listing.check_language_model(chosen)).found


async def test_a_refused_key_and_a_vendor_out_of_reach_are_told_apart(
    openai: OpenAIMediaServer, settings: Settings
) -> None:
    with pytest.raises(errors.ModelKeyRefusedError) as caught:
        await listing.check_transcription(given(settings, transcription="openai:gpt-transcribe", openai_api_key="old"))
    assert "OPENAI_API_KEY" in caught.value.fix
    with pytest.raises(errors.ModelUnreachableError):
        await listing.check_transcription(
            given(settings, transcription="openai:x", openai_base_url="http://127.0.0.1:9")
        )


async def test_elevenlabs_knows_the_model_and_the_voice(settings: Settings) -> None:
    with ElevenLabsServer().running() as server:
        chosen = given(settings, voice=f"elevenlabs:eleven_flash_v2_5/{VOICE}", voice_base_url=server.url)
        assert "George" in (await listing.check_voice(chosen)).found
        for wrong in (f"elevenlabs:eleven_english_sts_v2/{VOICE}", "elevenlabs:eleven_flash_v2_5/nobody"):
            with pytest.raises(errors.ModelNotKnownError):
                await listing.check_voice(given(settings, voice=wrong, voice_base_url=server.url))


async def test_stability_says_what_credit_is_left(settings: Settings) -> None:
    with StabilityServer().running() as server:
        chosen = given(settings, image_model="stability:core", image_base_url=server.url)
        assert "12.5 credits" in (await listing.check_image_model(chosen)).found


@pytest.mark.parametrize(
    ("model", "path", "header"),
    [
        ("anthropic:claude-haiku-5-5", "/v1/models/{model}", "x-api-key"),
        ("google:gemini-3.1-flash-lite", "/v1beta/models/{model}", "x-goog-api-key"),
    ],
)
async def test_anthropic_and_google_are_asked_for_the_model_by_its_name(
    model: str, path: str, header: str, settings: Settings
) -> None:
    async def show(request: Request) -> Response:
        if request.headers.get(header) != KEY:
            return JSONResponse({"error": {"message": "wrong key"}}, status_code=401)
        if request.path_params["model"] != model.partition(":")[2]:
            return JSONResponse({"error": {"message": "not found"}}, status_code=404)
        return JSONResponse({"id": request.path_params["model"]})

    vendor = model.partition(":")[0]
    with serving(Starlette(routes=[Route(path, show)])) as url:
        values = {f"{vendor}_base_url": url, f"{vendor}_api_key": KEY}
        assert model in (await listing.check_language_model(given(settings, language_model=model, **values))).found
        with pytest.raises(errors.ModelNotKnownError):
            await listing.check_language_model(given(settings, language_model=f"{model}-x", **values))


async def test_at_the_start_only_what_is_amiss_is_said(
    openai: OpenAIMediaServer, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await ask_vendors(given(settings, language_model="openai:gpt-6-luna"))
    assert capsys.readouterr().err == ""
    await ask_vendors(given(settings, transcription="openai:whisper-1", image_model="openai:gpt-image-9"))
    said = " ".join(capsys.readouterr().err.split())
    assert "speech to text openai:whisper-1 ends on 2027-02-26" in said
    assert "image model cannot be used" in said
