"""The vendors' SDKs behind pydantic-ai. Imported only when something is written: the SDKs take seconds to load."""

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import TypeVar

import genai_prices
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai import exceptions as theirs
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles import InlineDefsJsonSchemaTransformer
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.google import GoogleProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RunUsage

from mediaposter.models.errors import (
    ModelAnswerError,
    ModelBusyError,
    ModelError,
    ModelKeyRefusedError,
    ModelNotKnownError,
    ModelQuotaError,
    ModelRefusedError,
    ModelTruncatedError,
    ModelUnreachableError,
    PromptTooLongError,
)
from mediaposter.models.language import LANGUAGE_ADDRESSES, Vendor

T = TypeVar("T", bound=BaseModel)
_OPENAI = LANGUAGE_ADDRESSES[Vendor.OPENAI]
_ANTHROPIC = LANGUAGE_ADDRESSES[Vendor.ANTHROPIC]
_GOOGLE = LANGUAGE_ADDRESSES[Vendor.GOOGLE]


def open_model(vendor: str, model: str, key: str | None, base_url: str | None) -> Model:
    """Return pydantic-ai's model; use it as an async context manager, which closes its connections."""
    # Base URLs are always given: the SDKs would else read environment variables that are not our settings.
    if vendor == "anthropic":
        return AnthropicModel(model, provider=AnthropicProvider(api_key=key, base_url=base_url or _ANTHROPIC))
    if vendor == "google":
        return GoogleModel(model, provider=GoogleProvider(api_key=key or "", base_url=base_url or _GOOGLE))
    if base_url is None or base_url.rstrip("/") == _OPENAI:
        return OpenAIChatModel(model, provider=OpenAIProvider(base_url=_OPENAI, api_key=key))
    # Local servers guide the decoder by the schema as it is: maxLength and maxItems must stay in, and llama.cpp and
    # Ollama read `max_tokens`, not OpenAI's newer name for it.
    profile = OpenAIModelProfile(
        supports_json_schema_output=True,
        json_schema_transformer=InlineDefsJsonSchemaTransformer,
        openai_chat_supports_max_completion_tokens=False,
    )
    provider = OpenAICompatibleProvider("openai-compatible", base_url=base_url, api_key=key, profile=profile)
    return OpenAIChatModel(model, provider=provider)


async def ask(
    model: Model, prompt: str, system: str, schema: type[T], *, seconds: float, max_tokens: int
) -> tuple[T, RunUsage]:
    """Ask once (and once more when the answer does not fit `schema`); return the answer and the tokens it took."""
    native = model.profile.get("supports_json_schema_output", False)
    agent = Agent(
        model,
        output_type=NativeOutput(schema) if native else schema,
        instructions=system,
        retries={"output": 1},
        # Retrying is ours: the SDKs' own would multiply with it, and only ours knows the limits of a run.
        model_settings=ModelSettings(max_tokens=max_tokens, request_timeout=seconds, timeout=seconds, max_retries=0),
        name="mediaposter",
    )
    result = await agent.run(prompt)
    return result.output, result.usage


def price(vendor: str, model: str, usage: RunUsage) -> Decimal | None:
    """Return the price in US dollars by the installed price list (no network), None when the model is not in it."""
    try:
        return genai_prices.calc_price(usage, model, provider_id=vendor).total_price
    except (LookupError, ValueError):
        return None


@contextmanager
def our_errors(name: str, timeout: float, max_tokens: int) -> Generator[None]:
    """Turn pydantic-ai's errors into ours. The vendor's words are kept; keys are in none of them."""
    try:
        yield
    except theirs.ContentFilterError as error:
        raise ModelRefusedError(
            f"{name} would not write this: {error.message}",
            fix="Reword the prompt, choose another model, or run with copywriter=local.",
        ) from error
    except theirs.OutputTokenLimitExceeded as error:
        raise ModelTruncatedError(
            f"{name} stopped at the limit of {max_tokens} tokens before its answer was whole.",
            fix="Raise MEDIAPOSTER_LANGUAGE_MODEL_MAX_TOKENS, or choose a model that thinks less before it writes.",
        ) from error
    except theirs.UnexpectedModelBehavior as error:
        raise ModelAnswerError(
            f"{name} answered twice with something that is not the JSON that was asked for: {_short(error.message)}",
            fix="Choose a model that supports JSON schemas, or run with copywriter=local.",
        ) from error
    except theirs.ModelAPIError as error:
        raise _api_error(name, timeout, error) from error


def _api_error(name: str, timeout: float, error: theirs.ModelAPIError) -> ModelError:
    words = {
        "name": name,
        "said": _said(error),
        "seconds": f"{timeout:g}",
        "key": f"{name.partition(':')[0].upper()}_API_KEY",
    }
    for kinds, ours, detail, fix in _TRANSLATION:
        # Google says "resource exhausted" for a rate limit and for spent credit alike: the status tells them apart.
        spent = isinstance(error, theirs.ModelHTTPError) and error.status_code == 402 and ours is ModelQuotaError
        if spent or isinstance(error, kinds):
            made = ours(detail.format(**words), fix=fix.format(**words))
            if isinstance(made, ModelBusyError):
                made.retry_after = error.retry_after
            return made
    return ModelError(f"{name} failed: {words['said']}", fix="Try again, or choose another model.")


# In this order: the vendors' errors are kinds of each other. The last line catches what could not even be read.
_TRANSLATION: tuple[tuple[tuple[type[theirs.ModelAPIError], ...], type[ModelError], str, str], ...] = (
    (
        (theirs.ModelAuthenticationError,),
        ModelKeyRefusedError,
        "The vendor of {name} refused the key: {said}",
        "Check {key}: is it whole, of this vendor, and allowed to use this model?",
    ),
    (
        (theirs.ModelContextWindowExceededError,),
        PromptTooLongError,
        "The prompt is too long for {name}: {said}",
        "Choose a model with a larger context window.",
    ),
    (
        (theirs.ModelNotFoundError,),
        ModelNotKnownError,
        "There is no model {name}: {said}",
        "Check MEDIAPOSTER_LANGUAGE_MODEL against the vendor's list, and the base URL if one is set.",
    ),
    (
        (theirs.ModelQuotaExceededError,),
        ModelQuotaError,
        "The quota for {name} is used up: {said}",
        "Add credit or raise the limit at the vendor.",
    ),
    (
        (theirs.ModelRateLimitError, theirs.ModelUnavailableError),
        ModelBusyError,
        "{name} is busy: {said}",
        "Try again in a few minutes, or raise the rate limit at the vendor.",
    ),
    (
        (theirs.ModelTimeoutError, theirs.ModelRequestTimeout),
        ModelUnreachableError,
        "{name} did not answer within {seconds} seconds.",
        "Try again, or raise MEDIAPOSTER_LANGUAGE_MODEL_TIMEOUT_SECONDS for a slow local model.",
    ),
    (
        (theirs.ModelConnectionError, theirs.ModelServerError),
        ModelUnreachableError,
        "{name} cannot be reached: {said}",
        "Check the network and the base URL, then try again.",
    ),
    (
        (theirs.ModelRequestRejectedError,),
        ModelError,
        "{name} rejected the request: {said}",
        "Choose another model: this one may not support JSON schemas or these settings.",
    ),
    (
        (theirs.ModelAPIError,),
        ModelAnswerError,
        "{name} answered with something unreadable: {said}",
        "Check that the base URL is the API itself and not a web page in front of it.",
    ),
)


def _said(error: theirs.ModelAPIError) -> str:
    """Return the vendor's own sentence out of its error body, else the library's."""
    body: object = error.body
    while isinstance(body, dict) and isinstance(body.get("error"), dict):
        body = body["error"]
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return _short(body["message"])
    return _short(error.message)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"
