"""Servers that speak the vendors' APIs, and a model that talks to each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediaposter.core.settings import Settings
from mediaposter.models.language import LanguageModel, language_model
from tests.models.speech import SENTENCES, speak
from tests.servers.anthropic_server import AnthropicServer
from tests.servers.google_server import GoogleServer
from tests.servers.openai_server import OpenAIServer
from tests.servers.vendor import KEY, VendorServer

Ask = Callable[..., LanguageModel]
IDS = {
    "openai": "openai:gpt-6-luna",
    "compatible": "openai:qwen3:4b",
    "anthropic": "anthropic:claude-haiku-5-5",
    "google": "google:gemini-3.1-flash-lite",
}


def server_of(vendor: str) -> VendorServer:
    match vendor:
        case "anthropic":
            return AnthropicServer()
        case "google":
            return GoogleServer()
        case _:
            return OpenAIServer(compatible=vendor == "compatible")


def model_at(server: VendorServer, vendor: str, settings: Settings, **changes: object) -> LanguageModel:
    """The model of `vendor`, reached at `server` instead of the vendor's own address."""
    name = "openai" if vendor == "compatible" else vendor
    values: dict[str, object] = {f"{name}_base_url": server.base_url}  # type: ignore[attr-defined]
    if vendor != "compatible":
        values[f"{name}_api_key"] = KEY
    changed = Settings(**{**settings.model_dump(), **values, **changes})  # type: ignore[arg-type]
    return language_model(changed, IDS[vendor])


@pytest.fixture(params=list(IDS))
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(vendor: str) -> Iterator[VendorServer]:
    with server_of(vendor).running() as server:
        yield server


@pytest.fixture
def model(server: VendorServer, vendor: str, settings: Settings) -> LanguageModel:
    return model_at(server, vendor, settings)


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two spoken sentences, about eight seconds."""
    return speak(" ".join(SENTENCES), tmp_path_factory.mktemp("speech") / "spoken.wav")


@pytest.fixture(scope="session")
def whisper_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose speech model is joined once for all tests of a process."""
    return tmp_path_factory.mktemp("whisper")
