"""Whether the configured models exist at their vendors, and until when: asked of the vendors themselves.

One small request each, that costs nothing: the list of models, the voice, or where there is no list the account.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, cast

import httpx
from pydantic import SecretStr

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.settings import Settings, variable_name
from mediaposter.models import faults
from mediaposter.models.access import Access, reach, split_spec
from mediaposter.models.errors import ModelNotKnownError
from mediaposter.models.images import VENDORS as IMAGE_VENDORS
from mediaposter.models.language import LANGUAGE_ADDRESSES, Vendor, parse_model_id
from mediaposter.models.retired import Retirement, refuse_retired, retirement

_SECONDS = 10.0


@dataclass(frozen=True)
class Listed:
    """What a vendor says of a model. `ends`: the day it stops answering, by the vendor or by our table."""

    spec: str
    found: str
    ends: date | None = None
    way_on: str = ""


def checks_of(settings: Settings) -> dict[str, Callable[[], Awaitable[Listed]]]:
    """Return how each configured vendor's model is asked for, by its part; what runs here or is not set is left out.

    A check raises ModelErrors, NotConfiguredError and ModelRetiredError.
    """
    parts = (
        ("language model", settings.language_model, check_language_model),
        ("voice", settings.voice, check_voice),
        ("speech to text", settings.transcription, check_transcription),
        ("image model", settings.image_model, check_image_model),
    )
    return {part: partial(check, settings) for part, spec, check in parts if spec and ":" in spec}


async def check_language_model(settings: Settings, *, clock: Clock = utc_now) -> Listed:
    """Ask the vendor of the configured language model for it.

    Raises ModelErrors: refused key, unknown model, no way there. And ModelRetiredError.
    """
    assert settings.language_model is not None
    vendor, model = parse_model_id(settings.language_model)
    base_url: str | None = getattr(settings, f"{vendor}_base_url")
    if not base_url:
        refuse_retired(vendor, model, clock().date())
    name = f"{vendor}_api_key"
    key: SecretStr | None = getattr(settings, name)
    access = Access(
        settings.language_model,
        vendor,
        model,
        (base_url or LANGUAGE_ADDRESSES[vendor]).rstrip("/"),
        not base_url,
        key,
        variable_name(name),
        variable_name("language_model"),
        _SECONDS,
    )
    match vendor:
        case Vendor.OPENAI:
            return await _openai(access)
        case Vendor.ANTHROPIC:
            # Its aliases are in no list, but each is known by name.
            headers = {"x-api-key": access.secret, "anthropic-version": "2023-06-01"}
            await _get(access, f"/v1/models/{model}", headers)
        case Vendor.GOOGLE:
            await _get(access, f"/v1beta/models/{model}", {"x-goog-api-key": access.secret})
    return _known(access)


async def check_voice(settings: Settings, *, clock: Clock = utc_now) -> Listed:
    """Ask the vendor of the configured voice for its model and the voice. Raises what check_language_model raises."""
    vendor, rest = split_spec(settings.voice, ("openai", "elevenlabs"), example="local")
    model, _, voice = rest.rpartition("/")
    base_url = settings.voice_base_url
    access = reach(settings, settings.voice, vendor, model, field="voice", base_url=base_url, clock=clock)
    if vendor == "openai":
        return await _openai(access)
    headers = {"xi-api-key": access.secret}
    listed = await _get(access, "/v1/models", headers)
    able = [one["model_id"] for one in listed if one.get("can_do_text_to_speech")]
    if model not in able:
        raise _unknown(access, able)
    named = await _get(access, f"/v1/voices/{voice}", headers)
    return _known(access, f"the voice is {named.get('name', voice)}")


async def check_transcription(settings: Settings, *, clock: Clock = utc_now) -> Listed:
    """Ask the vendor of the configured transcriber for its model. Raises what check_language_model raises."""
    vendor, model = split_spec(settings.transcription, ("openai",), example="local")
    base_url = settings.transcription_base_url
    spec = settings.transcription
    return await _openai(reach(settings, spec, vendor, model, field="transcription", base_url=base_url, clock=clock))


async def check_image_model(settings: Settings, *, clock: Clock = utc_now) -> Listed:
    """Ask the vendor of the configured image model for it. Raises what check_language_model raises."""
    assert settings.image_model is not None
    vendor, model = split_spec(settings.image_model, IMAGE_VENDORS, example="openai:gpt-image-2.6-flare")
    spec, base_url = settings.image_model, settings.image_base_url
    access = reach(settings, spec, vendor, model, field="image_model", base_url=base_url, clock=clock)
    if vendor == "openai":
        return await _openai(access)
    # Stability lists no models of this API; the account tells at least that the key is good.
    balance = await _get(access, "/v1/user/balance", {"authorization": f"Bearer {access.secret}"})
    return _known(access, f"{balance.get('credits', 0):g} credits left")


async def _openai(access: Access) -> Listed:
    headers = {"authorization": f"Bearer {access.secret}"} if access.secret else {}
    try:
        answer = await _get(access, "/models", headers)
    except ModelNotKnownError:
        if access.own:
            raise
        return Listed(access.spec, f"{access.spec}, at {access.base_url}, which lists no models")
    listed = {one["id"]: one for one in answer.get("data") or ()}
    if access.model not in listed and access.own:
        raise _unknown(access, list(listed))
    if access.model not in listed:
        # llama.cpp and others serve what they have under any name.
        return Listed(access.spec, f"{access.spec}, at {access.base_url}, which lists {', '.join(listed) or 'none'}")
    day = listed[access.model].get("shutdown_date")
    if not day:
        return _known(access)
    ends = date.fromisoformat(day)
    table = retirement(access.vendor, access.model) or Retirement(access.vendor, access.model, ends, "")
    return Listed(access.spec, f"{access.spec}, which its vendor lists", ends, table.way_on)


async def _get(access: Access, path: str, headers: dict[str, str]) -> Any:
    async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
        with faults.our_errors(access):
            response = await client.get(f"{access.base_url}{path}", headers=headers)
    faults.check(access, response)
    try:
        return response.json()
    except ValueError as error:
        raise faults.unreadable(access, "a page that is no API") from error


def _known(access: Access, more: str = "") -> Listed:
    gone = retirement(access.vendor, access.model) if access.own else None
    found = f"{access.spec}, which its vendor knows" + (f"; {more}" if more else "")
    return Listed(access.spec, found, gone.on if gone else None, gone.way_on if gone else "")


def _unknown(access: Access, listed: list[Any]) -> ModelNotKnownError:
    some = ", ".join(sorted(cast("list[str]", listed))[:8])
    return ModelNotKnownError(
        f"The vendor does not list {access.spec}."
        + (f" It lists {some}" + (" and more." if len(listed) > 8 else ".") if some else ""),
        fix=f"Set {access.model_setting} to one that it lists.",
    )
