"""Models that a vendor has switched off or announced to switch off: dates, and what to use instead.

Ids are configuration and any id may be tried; this table turns a vague "not found" into a date and a way on. The
vendors' pages are the source, read on the day below; where they differ by day and zone, the earlier day stands here.
OpenAI's dates of pictures, voices and transcripts also stand in its SDK (openai 3.54.0, `types/image_model.py`,
`types/audio/speech_model.py`, `types/audio_model.py`) and in `shutdown_date` of its list of models.
"""

from dataclasses import dataclass
from datetime import date

import structlog

from mediaposter.models.errors import ModelRetiredError

_log = structlog.get_logger(__name__)
READ_ON = date(2026, 11, 23)
SOURCES = {
    "openai": "https://developers.openai.com/api/docs/deprecations",
    "anthropic": "https://platform.claude.com/docs/en/about-claude/model-deprecations",
    "google": "https://ai.google.dev/gemini-api/docs/deprecations",
}


@dataclass(frozen=True)
class Retirement:
    """The day a model stops answering, and its successor by the vendor; empty where none does the same."""

    vendor: str
    model: str
    on: date
    successor: str

    @property
    def source(self) -> str:
        return SOURCES[self.vendor]

    @property
    def way_on(self) -> str:
        """What to do about it, in a sentence."""
        if self.successor:
            return f"Choose another model, such as {self.vendor}:{self.successor}. See {self.source}."
        return f"The vendor names no model that does the same: choose another vendor's, or local. See {self.source}."


_TABLE: dict[tuple[str, str, str], tuple[str, ...]] = {
    # (vendor, day, successor): ids
    ("openai", "2025-07-28", "gpt-6.1-sol"): ("o1-preview", "o1-preview-2024-09-12"),
    ("openai", "2025-10-27", "gpt-6.1-terra"): ("o1-mini", "o1-mini-2024-09-12"),
    ("openai", "2026-02-12", "gpt-6.1-sol"): ("codex-mini-latest",),
    ("openai", "2026-02-17", "gpt-6-luna"): ("chatgpt-4o-latest",),
    ("openai", "2026-07-23", "gpt-6.1-sol"): ("gpt-5.1-codex", "gpt-5.1-chat-latest", "gpt-5-chat-latest"),
    ("openai", "2026-08-10", "gpt-6.1-sol"): ("gpt-5.3-chat-latest", "gpt-5.2-chat-latest"),
    ("openai", "2026-09-28", "gpt-6-luna"): ("gpt-3.5-turbo-1106",),
    ("openai", "2026-10-23", "gpt-6-luna"): (
        "gpt-3.5-turbo",
        "gpt-3.5-turbo-0125",
        "gpt-4",
        "gpt-4-0613",
        "gpt-4-1106-preview",
        "gpt-4-turbo",
        "gpt-4-turbo-2024-04-09",
        "gpt-4.1-nano",
        "gpt-4.1-nano-2025-04-14",
        "gpt-4o-2024-05-13",
        "o1",
        "o1-2024-12-17",
        "o3-mini",
        "o3-mini-2025-01-31",
        "o4-mini",
        "o4-mini-2025-04-16",
    ),
    ("openai", "2026-12-11", "gpt-6.1-terra"): (
        "gpt-5",
        "gpt-5-2025-08-07",
        "gpt-5-mini",
        "gpt-5-mini-2025-08-07",
        "gpt-5-nano",
        "gpt-5-nano-2025-08-07",
        "o3",
        "o3-2025-04-16",
    ),
    ("openai", "2027-01-14", "gpt-6-luna"): (
        "gpt-4.1",
        "gpt-4.1-2025-04-14",
        "gpt-4.1-mini",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4o",
        "gpt-4o-2024-08-06",
        "gpt-4o-2024-11-20",
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
    ),
    ("openai", "2027-04-01", "gpt-6-luna"): (
        "gpt-5.1",
        "gpt-5.1-2025-11-13",
        "gpt-5.4-nano",
        "gpt-5.4-nano-2026-03-17",
    ),
    # Pictures.
    ("openai", "2026-05-12", "gpt-image-2"): ("dall-e-2", "dall-e-3"),
    ("openai", "2026-10-23", "gpt-image-2"): ("gpt-image-1",),
    ("openai", "2026-12-01", "gpt-image-2.6-flare"): (
        "gpt-image-1-mini",
        "gpt-image-1.5",
        "gpt-image-1.5-2025-12-16",
        "chatgpt-image-latest",
    ),
    # Voices. OpenAI names gpt-realtime-2.1-mini, which its speech endpoint does not serve: no `openai:` voice is left.
    ("openai", "2027-01-06", ""): (
        "tts-1",
        "tts-1-hd",
        "gpt-4o-mini-tts",
        "gpt-4o-mini-tts-2025-03-20",
        "gpt-4o-mini-tts-2025-12-15",
    ),
    # Transcripts.
    ("openai", "2027-02-26", "gpt-transcribe"): (
        "whisper-1",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-mini-transcribe-2025-12-15",
        "gpt-4o-transcribe-diarize",
    ),
    ("anthropic", "2024-11-06", "claude-haiku-5-5"): ("claude-instant-1.2",),
    ("anthropic", "2025-07-21", "claude-sonnet-5-5"): ("claude-2.0", "claude-2.1", "claude-3-sonnet-20240229"),
    ("anthropic", "2026-01-05", "claude-opus-5-5"): ("claude-3-opus-20240229",),
    ("anthropic", "2026-02-19", "claude-haiku-5-5"): ("claude-3-5-haiku-latest", "claude-3-5-haiku-20241022"),
    ("anthropic", "2026-02-19", "claude-sonnet-5-5"): ("claude-3-7-sonnet-latest", "claude-3-7-sonnet-20250219"),
    ("anthropic", "2026-06-15", "claude-opus-5-5"): ("claude-opus-4-0", "claude-opus-4-20250514"),
    ("anthropic", "2026-06-15", "claude-sonnet-5-5"): ("claude-sonnet-4-0", "claude-sonnet-4-20250514"),
    ("anthropic", "2026-11-30", "claude-sonnet-5-5"): ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
    ("google", "2026-06-01", "gemini-3.1-flash-lite"): (
        "gemini-2.0-flash",
        "gemini-2.0-flash-001",
        "gemini-2.0-flash-lite",
        "gemini-2.0-flash-lite-001",
    ),
}

_BY_ID = {
    (vendor, model): Retirement(vendor, model, date.fromisoformat(day), successor)
    for (vendor, day, successor), models in _TABLE.items()
    for model in models
}


def retirement(vendor: str, model: str) -> Retirement | None:
    """Return when `model` of `vendor` stops or stopped answering, None when nothing is announced."""
    return _BY_ID.get((vendor, model))


def refuse_retired(vendor: str, model: str, today: date) -> None:
    """Raise ModelRetiredError for a model that was switched off, with the day and the way on; warn of one that will."""
    gone = retirement(vendor, model)
    if gone is None:
        return
    if today >= gone.on:
        raise ModelRetiredError(f"{vendor} switched {model} off on {gone.on.isoformat()}.", fix=gone.way_on)
    _log.warning("models.retiring", model=f"{vendor}:{model}", on=gone.on.isoformat(), successor=gone.successor)
