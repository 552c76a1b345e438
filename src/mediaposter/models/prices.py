"""What voices, transcripts and pictures cost before they are made: the vendors' list prices, as data.

Amounts are millionths of a US dollar ("micros"), without tax. What the bill says later may differ by the plan; where
the answer tells the true use (an image's tokens), the cost is taken from that.
"""

import math
from dataclasses import dataclass
from datetime import date

READ_ON = date(2026, 11, 23)
SOURCES = {
    "openai": "https://developers.openai.com/api/docs/pricing",
    "elevenlabs": "https://elevenlabs.io/pricing/api",
    "stability": "https://platform.stability.ai/pricing",
}


@dataclass(frozen=True)
class Price:
    """What something costs at most. `listed` is False where the model is in no list of ours and a figure is assumed."""

    micros: int
    listed: bool = True

    def __str__(self) -> str:
        amount = f"{self.micros / 1_000_000:.4f} USD"
        return amount if self.listed else f"about {amount} (this model is in no price list of ours)"


FREE = Price(0)

# Micros per 1,000 characters of text; by the longest beginning of the model's name.
# gpt-4o-mini-tts is billed by tokens (0.60 USD a million in, 12 USD a million out), which OpenAI puts at 0.015 USD a
# minute. Slow speech has about 750 characters a minute, so 1,000 characters are at most 1.35 minutes.
_SPEECH: dict[str, dict[str, int]] = {
    "openai": {"tts-1-hd": 30_000, "tts-1": 15_000, "gpt-4o-mini-tts": 20_250, "": 30_000},
    "elevenlabs": {"eleven_flash": 50_000, "eleven_turbo": 50_000, "eleven_multilingual": 100_000, "eleven_v3": 100_000,
                   "": 100_000},
}  # fmt: skip
# Micros per minute of sound.
_TRANSCRIPTS: dict[str, int] = {
    "gpt-transcribe": 4_500,
    "whisper-1": 6_000,
    "gpt-4o-mini-transcribe": 3_000,
    "gpt-4o-transcribe": 6_000,
    "": 6_000,
}
# Micros per picture; a credit is a cent.
_STABILITY: dict[str, int] = {
    "ultra": 80_000,
    "core": 30_000,
    "sd3.5-large-turbo": 40_000,
    "sd3.5-large": 65_000,
    "sd3.5-medium": 35_000,
    "": 80_000,
}
# Cells of the longer side by quality. A picture takes cells x cells x (2,000,000 + pixels) / 4,000,000 tokens: our
# reading of OpenAI's calculator, which it meets in all eight figures we know (tests/models/test_prices.py).
_CELLS_2: dict[str, int] = {"low": 16, "medium": 48, "high": 96}
_CELLS_25: dict[str, int] = {"low": 16, "medium": 24, "high": 48}
_IMAGE_OUTPUT = 30  # micros per token of a picture: 30 USD a million, for gpt-image-2, 2.5 and 2.6 alike
_IMAGE_INPUT = 5  # micros per token of text: 5 USD a million
_LETTERS_PER_TOKEN = 2  # of a prompt, at the least: prices are upper bounds


def speech_price(vendor: str, model: str, text: str) -> Price:
    """Return what speaking `text` costs at most."""
    per_thousand, listed = _longest(_SPEECH[vendor], model)
    return Price(math.ceil(len(text) * per_thousand / 1000), listed)


def transcript_price(model: str, seconds: float) -> Price:
    """Return what the transcript of `seconds` of sound costs."""
    per_minute, listed = _longest(_TRANSCRIPTS, model)
    return Price(math.ceil(seconds * per_minute / 60), listed)


def image_price(vendor: str, model: str, prompt: str, *, width: int, height: int, quality: str) -> Price:
    """Return what a picture of `width` x `height` pixels costs at most."""
    if vendor == "stability":
        return Price(*_longest(_STABILITY, model))
    listed = model.startswith("gpt-image-2")
    cells = _CELLS_25 if model.startswith(("gpt-image-2.5", "gpt-image-2.6")) else _CELLS_2
    tokens = image_tokens(width, height, cells[quality])
    return Price(tokens * _IMAGE_OUTPUT + math.ceil(len(prompt) / _LETTERS_PER_TOKEN) * _IMAGE_INPUT, listed)


def image_cost(model: str, *, text_tokens: int, image_tokens: int) -> int | None:
    """Return what an OpenAI picture cost by the tokens of its answer, in micros; None for a model not in our list."""
    if not model.startswith("gpt-image-2"):
        return None
    return text_tokens * _IMAGE_INPUT + image_tokens * _IMAGE_OUTPUT


def image_tokens(width: int, height: int, cells: int) -> int:
    """Return the tokens of a picture whose longer side has `cells` cells."""
    long, short = max(width, height), min(width, height)
    return math.ceil(cells * round(cells * short / long) * (2_000_000 + width * height) / 4_000_000)


def _longest(table: dict[str, int], model: str) -> tuple[int, bool]:
    name = max((name for name in table if model.startswith(name)), key=len)
    return table[name], bool(name)
