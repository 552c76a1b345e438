"""Settings, providers and tokens as pages show them: secrets stay inside, a test buys nothing."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from mediaposter.configuring import vendors
from mediaposter.core.context import Context
from mediaposter.core.settings import Settings
from mediaposter.core.tokens import Scope
from mediaposter.models import listing
from mediaposter.models.access import ADDRESSES
from mediaposter.models.language import LANGUAGE_ADDRESSES, Vendor
from tests.configuring.conftest import As
from tests.servers.film_vendors import FilmVendor, RunwayServer, SoraServer, VeoServer
from tests.servers.media_vendor import KEY as MEDIA_KEY
from tests.servers.openai_media_server import OpenAIMediaServer
from tests.servers.vendor import KEY

pytestmark = pytest.mark.feature("ARCH-007")


def given(ctx: Context, **values: Any) -> None:
    object.__setattr__(ctx, "settings", ctx.settings.model_copy(update=values))


async def provider(api: httpx.AsyncClient, id_: str) -> dict[str, Any]:
    return next(one for one in (await api.get("/api/providers")).json() if one["id"] == id_)


async def asked_of(api: httpx.AsyncClient, id_: str) -> dict[str, Any]:
    return (await api.post(f"/api/providers/{id_}/test")).json()


async def test_every_setting_is_told_with_its_variable_default_and_group(ctx: Context, api: httpx.AsyncClient) -> None:
    given(ctx, burst_posts=3)
    told = {one["variable"]: one for one in (await api.get("/api/settings")).json()}
    burst = told["MEDIAPOSTER_BURST_POSTS"]

    assert (burst["value"], burst["default"], burst["is_default"], burst["is_set"]) == (3, 10, False, True)
    assert (burst["group"], told["MEDIAPOSTER_X_CLIENT_ID"]["group"]) == ("Planning", "Channel X")
    assert [name for name in Settings.model_fields if name not in {one["name"] for one in told.values()}] == []
    assert all(one["description"] and one["group"] for one in told.values())


async def test_a_secret_is_never_told_only_that_it_is_set(
    ctx: Context, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAPOSTER_X_CLIENT_SECRET", "hush-hush")
    given(ctx, openai_api_key=SecretStr("sk-hush-hush"), sora_base_url="https://me:hush-hush@gateway.example/v1")
    answer = await api.get("/api/settings")
    told = {one["variable"]: one for one in answer.json()}

    assert "hush-hush" not in answer.text
    for name in ("OPENAI_API_KEY", "MEDIAPOSTER_X_CLIENT_SECRET"):
        assert (told[name]["secret"], told[name]["is_set"], told[name]["value"]) == (True, True, None)
    assert told["ANTHROPIC_API_KEY"]["is_set"] is False


async def test_what_is_not_configured_says_what_it_needs(api: httpx.AsyncClient) -> None:
    runway, language, voice, sora, browser = [
        await provider(api, name) for name in ("runway", "language", "voice", "sora", "browser")
    ]

    assert (runway["configured"], runway["needs"], runway["model"]) == (False, ["RUNWAYML_API_SECRET"], "gen4.5")
    assert language["needs"] == ["MEDIAPOSTER_LANGUAGE_MODEL"]
    assert (voice["configured"], voice["model"], voice["testable"]) == (True, "local", False)
    assert (sora["ends"], sora["needs"]) == ("2026-09-24", ["MEDIAPOSTER_SORA_BASE_URL"])
    assert browser["needs"] == ["MEDIAPOSTER_BROWSER"]


async def test_a_test_of_what_is_not_configured_says_what_to_do(api: httpx.AsyncClient) -> None:
    told = await asked_of(api, "runway")

    assert (told["ok"], told["latency_ms"]) == (False, None)
    assert "RUNWAYML_API_SECRET" in told["fix"]


async def test_what_cannot_be_tested_without_buying_says_so(ctx: Context, api: httpx.AsyncClient) -> None:
    given(ctx, fal_key=SecretStr("key"))

    assert "without buying" in (await asked_of(api, "fal"))["detail"]


async def test_an_unknown_one_is_not_found(api: httpx.AsyncClient) -> None:
    assert (await api.post("/api/providers/nobody/test")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "key", "base"),
    [
        (RunwayServer, "runway_api_key", "runway_base_url"),
        (VeoServer, "google_api_key", "google_base_url"),
        (SoraServer, "sora_api_key", "sora_base_url"),
    ],
    ids=["runway", "veo", "sora"],
)
async def test_a_video_vendor_is_asked_and_nothing_is_bought(
    ctx: Context, api: httpx.AsyncClient, tmp_path: Path, kind: type[FilmVendor], key: str, base: str
) -> None:
    with kind(tmp_path / "never.mp4").running() as server:
        url = f"{server.url}/v1" if base == "sora_base_url" else server.url
        given(ctx, **{key: SecretStr(KEY), base: url})
        known = await asked_of(api, server.name)
        given(ctx, **{key: SecretStr("wrong")})
        forget(server.name)
        refused = await asked_of(api, server.name)

    assert (known["ok"], known["latency_ms"] > 0) == (True, True), known
    assert refused["ok"] is False
    assert refused["fix"].startswith("Check ")
    assert server.jobs == {}


def forget(name: str) -> None:
    """Let the provider be made anew by the settings as they are now."""
    from mediaposter.generation import provider as door  # noqa: PLC0415

    door._instances.pop(name, None)


async def test_a_model_is_asked_of_its_vendor_with_its_last_day(
    ctx: Context, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIMediaServer(models={"gpt-6-luna": None, "whisper-1": "2027-02-26"}).running() as server:
        monkeypatch.setitem(ADDRESSES, "openai", server.base_url)
        monkeypatch.setitem(LANGUAGE_ADDRESSES, Vendor.OPENAI, server.base_url)
        given(ctx, openai_api_key=SecretStr(MEDIA_KEY))
        given(ctx, language_model="openai:gpt-6-luna", transcription="openai:whisper-1")
        language, listening = await asked_of(api, "language"), await asked_of(api, "transcription")

    assert (language["ok"], language["ends"]) == (True, None)
    assert (listening["ok"], listening["ends"], "gpt-transcribe" in listening["fix"]) == (True, "2027-02-26", True)


async def test_a_vendor_that_is_silent_ends_the_test_at_its_deadline(
    ctx: Context, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_: Settings) -> listing.Listed:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(vendors, "DEADLINE_SECONDS", 0.01)
    monkeypatch.setattr(listing, "check_language_model", silent)
    given(ctx, language_model="openai:gpt-6-luna", openai_api_key=SecretStr(KEY))
    told = await asked_of(api, "language")

    assert (told["ok"], "did not answer" in told["detail"]) == (False, True)


async def test_a_token_is_shown_once_works_and_is_revoked(api: httpx.AsyncClient) -> None:
    made = (await api.post("/api/tokens", json={"name": "wall", "scope": "read"})).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    listed = (await api.get("/api/tokens")).json()

    assert (await api.get("/api/settings", headers=bearer)).status_code == 200
    assert made["token"] not in str(listed)
    assert (await api.delete(f"/api/tokens/{made['id']}")).status_code == 204
    assert (await api.get("/api/settings", headers=bearer)).status_code == 401


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
async def test_tokens_need_admin(api: httpx.AsyncClient, holding: As, scope: Scope) -> None:
    less = await holding(scope)
    answers = [
        await api.get("/api/tokens", headers=less),
        await api.post("/api/tokens", json={"name": "mine", "scope": "admin"}, headers=less),
        await api.delete("/api/tokens/tok_1", headers=less),
    ]

    assert {answer.status_code for answer in answers} == {403}
