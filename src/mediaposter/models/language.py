"""Language models behind one small port: a prompt and a Pydantic class in, an instance of that class out.

The model is configuration: `MEDIAPOSTER_LANGUAGE_MODEL=vendor:model`, where the vendor is `openai` (also any server
that speaks its chat completions, by OPENAI_BASE_URL), `anthropic` or `google`. Calls here only read, so a busy or
broken vendor is asked again a few times; what remains is one of the errors of `models.errors`, with what to do.
"""

import asyncio
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import regex
from pydantic import BaseModel, SecretStr

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.models.errors import ModelIdError
from mediaposter.models.patience import patiently
from mediaposter.models.retired import refuse_retired

T = TypeVar("T", bound=BaseModel)
_MODEL_ID = regex.compile(r"(?P<vendor>[a-z]+):(?P<model>[\w.@/:+-]{1,200})")


class Vendor(StrEnum):
    """Who serves the model."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"


# The vendors' own addresses, without the version that Anthropic's and Google's SDKs add themselves.
LANGUAGE_ADDRESSES = {
    Vendor.OPENAI: "https://api.openai.com/v1",
    Vendor.ANTHROPIC: "https://api.anthropic.com",
    Vendor.GOOGLE: "https://generativelanguage.googleapis.com",
}


@dataclass(frozen=True)
class Written(Generic[T]):
    """What a model wrote and what it took. `cost_micros`: millionths of `currency`, None where no price is known."""

    value: T
    model: str
    input_tokens: int
    output_tokens: int
    cost_micros: int | None
    currency: str = "USD"

    @property
    def cost_minor(self) -> int:
        """The cost in whole minor units (cents), rounded up so that a budget is never overrun; 0 when not known."""
        return math.ceil((self.cost_micros or 0) / 10_000)


class LanguageModel(Protocol):
    """Anything that writes. `name` is its id as configured, such as `openai:gpt-6-luna`."""

    @property
    def name(self) -> str: ...

    async def write(self, prompt: str, *, system: str, schema: type[T]) -> Written[T]:
        """Return an instance of `schema` written after `prompt`, under the rules of `system`.

        Give text fields and lists of `schema` a max_length: local servers write until they are stopped.
        Raises one of the ModelErrors.
        """
        ...


def language_model(settings: Settings, spec: str | None = None, *, clock: Clock = utc_now) -> LanguageModel:
    """Return the model that `spec` names, or the configured one.

    Raises NotConfiguredError (no model, or no key for it), ModelIdError (not of the form vendor:model) and
    ModelRetiredError (switched off by its vendor, with the day and the successor).
    """
    chosen = spec or settings.language_model
    if not chosen:
        raise NotConfiguredError(
            "MEDIAPOSTER_LANGUAGE_MODEL",
            "No language model is configured, so titles and descriptions cannot be written by one.",
            fix="Set MEDIAPOSTER_LANGUAGE_MODEL (such as openai:gpt-6-luna) and the vendor's key (OPENAI_API_KEY, "
            "ANTHROPIC_API_KEY or GOOGLE_API_KEY), or run with copywriter=local, which needs no model.",
        )
    vendor, model = parse_model_id(chosen)
    base_url = _base_url(settings, vendor)
    if base_url is None:
        refuse_retired(vendor, model, clock().date())
    key = _key(settings, vendor)
    if key is None and not (vendor is Vendor.OPENAI and base_url):
        setting = f"{vendor.upper()}_API_KEY"
        raise NotConfiguredError(
            setting,
            f"The language model {chosen} needs a key of its vendor, and {setting} is not set.",
            fix=f"Set {setting}, choose another MEDIAPOSTER_LANGUAGE_MODEL, or run with copywriter=local.",
        )
    return _PydanticAIModel(
        name=chosen,
        vendor=vendor,
        model=model,
        key=key,
        base_url=base_url,
        timeout=settings.language_model_timeout_seconds,
        max_tokens=settings.language_model_max_tokens,
    )


def parse_model_id(spec: str) -> tuple[Vendor, str]:
    """Split `vendor:model`. Raises ModelIdError naming the vendors when it is not of that form."""
    match = _MODEL_ID.fullmatch(spec.strip())
    if match and match["vendor"] in set(Vendor):
        return Vendor(match["vendor"]), match["model"]
    raise ModelIdError(
        f"{spec!r} is not a model id: it must be vendor:model, the vendor one of {', '.join(Vendor)}.",
        fix="Write for example openai:gpt-6-luna, anthropic:claude-haiku-5-5 or google:gemini-3.1-flash-lite. A server "
        "that speaks OpenAI's API is openai:<its model> with OPENAI_BASE_URL.",
    )


def _key(settings: Settings, vendor: Vendor) -> SecretStr | None:
    keys = {
        Vendor.OPENAI: settings.openai_api_key,
        Vendor.ANTHROPIC: settings.anthropic_api_key,
        Vendor.GOOGLE: settings.google_api_key,
    }
    key = keys[vendor]
    return key if key is not None and key.get_secret_value().strip() else None


def _base_url(settings: Settings, vendor: Vendor) -> str | None:
    urls = {
        Vendor.OPENAI: settings.openai_base_url,
        Vendor.ANTHROPIC: settings.anthropic_base_url,
        Vendor.GOOGLE: settings.google_base_url,
    }
    return urls[vendor] or None


@dataclass(frozen=True)
class _PydanticAIModel:
    """A model of one of the three vendors, reached through pydantic-ai and the vendor's own SDK."""

    name: str
    vendor: Vendor
    model: str
    key: SecretStr | None
    base_url: str | None
    timeout: float
    max_tokens: int

    async def write(self, prompt: str, *, system: str, schema: type[T]) -> Written[T]:
        """Return `schema` written by the model. See LanguageModel.write."""
        return await patiently(lambda: self._once(prompt, system, schema), self.name)

    async def _once(self, prompt: str, system: str, schema: type[T]) -> Written[T]:
        # The SDKs take seconds to import: only who writes pays for it, and the event loop never does.
        vendors = await asyncio.to_thread(_load_vendors)
        key = self.key.get_secret_value() if self.key else None
        with vendors.our_errors(self.name, self.timeout, self.max_tokens):
            # One client per call: clients belong to an event loop, and workers have several over their life.
            async with vendors.open_model(self.vendor, self.model, key, self.base_url) as model:
                value, usage = await vendors.ask(
                    model, prompt, system, schema, seconds=self.timeout, max_tokens=self.max_tokens
                )
        price = None if self.base_url else vendors.price(self.vendor, self.model, usage)
        return Written(value, self.name, usage.input_tokens, usage.output_tokens, _micros(price))


def _load_vendors() -> Any:
    from mediaposter.models import vendors  # noqa: PLC0415 - see _once

    return vendors


def _micros(price: Decimal | None) -> int | None:
    return None if price is None else math.ceil(price * 1_000_000)
