"""What a run may be asked for, and what is said when it may not."""

import pytest
from pydantic import ValidationError

from mediaposter.cli.runs import parse_config
from mediaposter.core.errors import InvalidInputError
from mediaposter.pipeline.schemas import PipelineConfig, PublishMode

pytestmark = pytest.mark.feature("ARCH-001")


def test_a_prompt_alone_is_a_whole_config() -> None:
    config = PipelineConfig.model_validate({"prompts": ["Why plants die"]})
    assert (config.chain, config.accounts, config.publish) == (("cards",), ("all",), PublishMode.NOW)


def test_clips_come_from_the_provider_of_clips_whatever_the_chain() -> None:
    config = PipelineConfig.model_validate({"clips": ["a.mp4"], "provider": ["runway", "cards"]})
    assert config.chain == ("clips",)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"prompts": ["a"], "clips": ["b.mp4"]},
        {"prompts": []},
        {"prompts": ["a"] * 6},
        {"prompts": ["   "]},
        {"prompts": ["a"], "aspect": "4:3"},
        {"prompts": ["a"], "seconds": 0},
        {"prompts": ["a"], "publish": "2026-12-01T09:00"},
        {"prompts": ["a"], "publish": "tomorrow"},
        {"prompts": ["a"], "accounts": []},
        {"prompts": ["a"], "offer": {"cta": "Buy"}},
        {"prompts": ["a"], "offer": {"url": "javascript:alert(1)"}},
        {"prompts": ["a"], "tweets": {"account": "x"}},
        {"prompts": ["a"], "promts": ["a typo"]},
    ],
)
def test_a_config_that_cannot_be_meant_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PipelineConfig.model_validate(given)


def test_a_refusal_names_the_field_and_the_rule() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_config({"prompts": ["a"], "seconds": -3})
    assert [(e.field, "greater than or equal to 1" in e.rule) for e in caught.value.errors] == [("seconds", True)]
