"""The language-model port, run through the vendors' real SDKs against servers that speak their APIs."""

import json
import logging
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ConfigDict, Field

from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.models import errors
from mediaposter.models.language import LanguageModel, Written, language_model, parse_model_id
from mediaposter.models.vendors import price
from tests.models.conftest import model_at, server_of
from tests.servers.vendor import KEY, VendorServer

pytestmark = pytest.mark.feature("ARCH-003")


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=80)
    tags: list[str] = Field(max_length=5)


GOOD = {"title": "A robot that waters plants", "tags": ["robots", "plants"]}


async def write(model: LanguageModel) -> Written[Draft]:
    return await model.write("Write a title.", system="You write titles.", schema=Draft)


async def test_writes_an_instance_of_the_schema(server: VendorServer, model: LanguageModel) -> None:
    server.plays(GOOD)
    assert (await write(model)).value == Draft(**GOOD)


async def test_counts_tokens(server: VendorServer, model: LanguageModel) -> None:
    server.plays(GOOD)
    written = await write(model)
    assert (written.input_tokens, written.output_tokens) == (1000, 200)


async def test_sends_the_system_text_apart_from_the_prompt(server: VendorServer, model: LanguageModel) -> None:
    server.plays(GOOD)
    await write(model)
    body = server.requests[0]
    prompt = [m for m in body.get("messages", body.get("contents", [])) if m["role"] == "user"]
    assert "You write titles." not in json.dumps(prompt)
    assert "You write titles." in json.dumps(body)


async def test_gives_the_schema_to_the_vendor(server: VendorServer, model: LanguageModel) -> None:
    server.plays(GOOD)
    await write(model)
    assert '"tags"' in json.dumps(server.requests[0])


@pytest.mark.parametrize("fault", ["rate_limit", "broken", "overloaded"])
async def test_asks_again_after_a_passing_fault(server: VendorServer, model: LanguageModel, fault: str) -> None:
    server.plays(fault, GOOD)
    assert (await write(model)).value == Draft(**GOOD)


async def test_asks_again_when_the_answer_does_not_fit_the_schema(server: VendorServer, model: LanguageModel) -> None:
    server.plays({"title": "No tags"}, GOOD)
    assert (await write(model)).value == Draft(**GOOD)


async def test_gives_up_when_the_vendor_stays_busy(server: VendorServer, model: LanguageModel) -> None:
    server.plays("rate_limit", "rate_limit", "rate_limit", GOOD)
    with pytest.raises(errors.ModelBusyError):
        await write(model)


async def test_a_long_wait_is_an_error_with_its_time(vendor: str, server: VendorServer, model: LanguageModel) -> None:
    server.retry_after = "600"
    server.plays("rate_limit", GOOD)
    with pytest.raises(errors.ModelBusyError) as caught:
        await write(model)
    assert caught.value.retry_after == 600


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (["unknown_model"], errors.ModelNotKnownError),
        (["quota"], errors.ModelQuotaError),
        (["refusal"], errors.ModelRefusedError),
        (["truncated"], errors.ModelTruncatedError),
        (["text:not json", "text:still not json"], errors.ModelAnswerError),
        (["too_long"], errors.PromptTooLongError),
        (["web_page"], errors.ModelAnswerError),
    ],
)
async def test_each_failure_is_an_error_that_says_what_to_do(
    server: VendorServer, model: LanguageModel, script: list[str], error: type[errors.ModelError]
) -> None:
    server.plays(*script)
    with pytest.raises(error) as caught:
        await write(model)
    assert caught.value.fix


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "google"])
async def test_a_refused_key_names_the_setting(vendor: str, server: VendorServer, settings: Settings) -> None:
    model = model_at(server, vendor, settings, **{f"{vendor}_api_key": "wrong"})
    with pytest.raises(errors.ModelKeyRefusedError) as caught:
        await write(model)
    assert f"{vendor.upper()}_API_KEY" in caught.value.fix


@pytest.mark.parametrize("vendor", ["openai", "google"])
async def test_filtered_answers_are_refusals(server: VendorServer, model: LanguageModel) -> None:
    server.plays("filtered")
    with pytest.raises(errors.ModelRefusedError):
        await write(model)


@pytest.mark.parametrize("vendor", ["compatible"])
async def test_an_answer_that_takes_too_long_is_given_up(vendor: str, server: VendorServer, settings: Settings) -> None:
    server.slow_seconds = 2
    server.plays("slow", "slow", "slow")
    model = model_at(server, vendor, settings, language_model_timeout_seconds=0.2)
    with pytest.raises(errors.ModelUnreachableError, match=r"within 0\.2 seconds"):
        await write(model)


async def test_a_server_that_is_not_there_is_unreachable(settings: Settings) -> None:
    with server_of("compatible").running() as server:
        model = model_at(server, "compatible", settings)
    with pytest.raises(errors.ModelUnreachableError):
        await write(model)


@pytest.mark.parametrize("vendor", ["openai"])
async def test_no_key_reaches_an_error_or_a_log(
    server: VendorServer, model: LanguageModel, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.plays("broken", "broken", "unauthorised")
    with pytest.raises(errors.ModelKeyRefusedError) as caught:
        await write(model)
    shown = capsys.readouterr()
    assert KEY not in f"{caught.value!r} {caught.value.fix} {model!r} {caplog.text} {shown.out} {shown.err}"


def test_nothing_configured_names_the_setting_and_the_way_without(settings: Settings) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        language_model(settings)
    assert caught.value.setting == "MEDIAPOSTER_LANGUAGE_MODEL"
    assert "copywriter=local" in caught.value.fix


def test_a_missing_key_names_its_setting(settings: Settings) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        language_model(settings, "anthropic:claude-haiku-5-5")
    assert caught.value.setting == "ANTHROPIC_API_KEY"


@pytest.mark.parametrize("spec", ["gpt-6-luna", "acme:model", "openai:", "openai:a b", "openai:a\nb", ":x"])
def test_an_id_of_another_form_is_refused(spec: str) -> None:
    with pytest.raises(errors.ModelIdError):
        parse_model_id(spec)


@pytest.mark.parametrize(
    "spec", ["openai:gpt-6-luna", "openai:qwen3:4b", "openai:meta/llama-4-8b@q4", "google:models/x"]
)
def test_the_vendors_ids_are_accepted(spec: str) -> None:
    assert parse_model_id(spec)[1] == spec.partition(":")[2]


def test_a_retired_model_is_refused_with_its_day_and_its_successor(settings: Settings) -> None:
    with pytest.raises(errors.ModelRetiredError) as caught:
        language_model(settings, "openai:gpt-4-turbo", clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    assert "2026-10-23" in caught.value.detail
    assert "openai:gpt-6-luna" in caught.value.fix


def test_a_model_that_retires_later_still_works(settings: Settings) -> None:
    known = Settings(**{**settings.model_dump(), "openai_api_key": KEY})  # type: ignore[arg-type]
    model = language_model(known, "openai:gpt-4o", clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    assert model.name == "openai:gpt-4o"


def test_the_price_list_works_offline() -> None:
    from pydantic_ai.usage import RunUsage  # noqa: PLC0415

    assert price("anthropic", "claude-haiku-4-5", RunUsage(input_tokens=1000, output_tokens=200)) is not None


def test_an_unknown_model_has_no_price() -> None:
    from pydantic_ai.usage import RunUsage  # noqa: PLC0415

    assert price("openai", "my-own", RunUsage(input_tokens=1000, output_tokens=200)) is None


def test_a_cost_below_a_cent_counts_as_one() -> None:
    assert Written(Draft(**GOOD), "openai:x", 1, 1, cost_micros=450).cost_minor == 1
