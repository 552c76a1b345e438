"""What a run may be asked for, and what is said when it may not."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from mediaposter.cli.runs import parse_config
from mediaposter.core.errors import InvalidInputError
from mediaposter.pipeline.schemas import PipelineConfig, PublishMode, TweetPlan

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


def test_tweets_are_due_one_interval_apart_after_the_start() -> None:
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    times = TweetPlan(account="x", count=3).times(start)
    assert times == [start + timedelta(hours=2 * n) for n in (1, 2, 3)]


def test_tweets_end_at_the_moment_given() -> None:
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    times = TweetPlan(account="x", until=start + timedelta(hours=5)).times(start)
    assert times == [start + timedelta(hours=2), start + timedelta(hours=4)]
