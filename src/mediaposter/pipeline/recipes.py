"""What a run's post was made from: the recipe that learning scores, the prompts and the clips."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mediaposter.core import context
from mediaposter.generation.schemas import CONFIGURED
from mediaposter.pipeline import book
from mediaposter.pipeline.models import Run, Stage

# Upper ends in seconds. Short-form platforms treat these lengths differently; finer steps would never gather evidence.
_LENGTHS = ((15, "under 15 s"), (30, "15-30 s"), (60, "30-60 s"), (180, "1-3 min"))
_SLOTS = ((6, "night"), (11, "morning"), (14, "noon"), (18, "afternoon"), (24, "evening"))


@dataclass(frozen=True)
class MadeFrom:
    """The creative choices, by dimension, and what they were made of."""

    recipe: dict[str, str]
    prompts: list[str]
    clip_ids: list[str]


def made_from(run: Run, *, seconds: float | None, at: datetime, zone: str) -> MadeFrom:
    """Read a run whose stages are loaded. `seconds` is the master's length, `at` when it is published."""
    config = book.config_of(run)
    made = run.stage(Stage.GENERATE).outputs
    hook = (run.stage(Stage.ANALYZE).outputs.get("hook") or {}).get("verdict")
    recipe = {
        "template": "story" if config.story else "parts" if len(config.prompts or config.clips) > 1 else "single",
        "style": config.tone.strip().lower()[:60] or None,
        "provider": "+".join(made.get("providers", [])) or None,
        "length": length_of(seconds) if seconds else None,
        "slot": slot_of(at, zone),
        "voice": _voice_of(config.speech),
        "hook": hook,
    }
    return MadeFrom(
        recipe={dimension: value for dimension, value in recipe.items() if value},
        prompts=list(made.get("prompts") or config.prompts),
        clip_ids=list(made.get("asset_ids", [])),
    )


def _voice_of(speech: str) -> str:
    return context.current().settings.voice if speech == CONFIGURED else speech


def length_of(seconds: float) -> str:
    """Return the length as recipes know it."""
    return next((name for end, name in _LENGTHS if seconds < end), "over 3 min")


def slot_of(at: datetime, zone: str) -> str:
    """Return the part of the day in an IANA zone."""
    hour = at.astimezone(ZoneInfo(zone)).hour
    return next(name for end, name in _SLOTS if hour < end)
