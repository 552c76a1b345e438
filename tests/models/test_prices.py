"""What things cost before they are made."""

from datetime import date

import pytest

from mediaposter.models.prices import image_price, image_tokens, speech_price, transcript_price
from mediaposter.models.retired import retirement

pytestmark = pytest.mark.feature("ARCH-002")


@pytest.mark.parametrize(
    ("width", "height", "cells", "tokens"),
    [
        (1024, 1024, 16, 196),
        (1024, 1024, 24, 439),
        (1024, 1024, 48, 1756),
        (1024, 1024, 64, 3122),
        (1024, 1024, 96, 7024),
        (1536, 1024, 96, 5488),
        (1024, 1536, 96, 5488),
        (1792, 1024, 96, 5063),
        (3584, 2048, 96, 12329),
    ],
)
def test_a_picture_takes_the_tokens_that_openai_calculates(width: int, height: int, cells: int, tokens: int) -> None:
    assert image_tokens(width, height, cells) == tokens


def test_a_picture_costs_its_tokens_and_its_prompt() -> None:
    price = image_price("openai", "gpt-image-2", "x" * 100, width=1024, height=1024, quality="medium")
    assert (price.micros, price.listed) == (1756 * 30 + 50 * 5, True)
    newer = image_price("openai", "gpt-image-2.6-flare", "", width=1024, height=1024, quality="medium")
    assert newer.micros == 439 * 30


def test_a_model_in_no_list_is_priced_like_a_dear_one_and_marked() -> None:
    price = speech_price("elevenlabs", "eleven_v9", "x" * 1000)
    assert (price.micros, price.listed) == (100_000, False)
    assert "no price list" in str(price)


def test_speech_costs_by_its_letters_and_a_transcript_by_its_minutes() -> None:
    assert speech_price("openai", "tts-1-hd", "x" * 500).micros == 15_000
    assert speech_price("elevenlabs", "eleven_flash_v2_5", "x" * 500).micros == 25_000
    assert transcript_price("gpt-transcribe", 120).micros == 9_000


def test_a_stability_picture_has_one_price() -> None:
    prices = {name: image_price("stability", name, "", width=1, height=1, quality="").micros
              for name in ("core", "ultra", "sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium")}  # fmt: skip
    assert list(prices.values()) == [30_000, 80_000, 65_000, 40_000, 35_000]


@pytest.mark.parametrize(
    ("model", "day", "successor"),
    [
        ("dall-e-3", date(2026, 5, 12), "gpt-image-2"),
        ("gpt-image-1", date(2026, 10, 23), "gpt-image-2"),
        ("gpt-image-1.5", date(2026, 12, 1), "gpt-image-2.6-flare"),
        ("gpt-4o-mini-tts", date(2027, 1, 6), ""),
        ("whisper-1", date(2027, 2, 26), "gpt-transcribe"),
    ],
)
def test_the_days_on_which_models_end_are_known(model: str, day: date, successor: str) -> None:
    gone = retirement("openai", model)
    assert gone is not None
    assert (gone.on, gone.successor) == (day, successor)
    assert gone.source in gone.way_on
