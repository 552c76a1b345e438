"""One idea into the three prompts of a story: hook, tension, resolution."""

import regex
from pydantic import BaseModel, ConfigDict, Field

from mediaposter.core.errors import InvalidInputError
from mediaposter.generation.schemas import ClipRequest
from mediaposter.generation.script import BeatKind, write_script
from mediaposter.models.language import LanguageModel, Written

PARTS = 3
_SYSTEM = """\
You write short vertical videos of three parts. Part 1 is the hook: one surprising, concrete sentence that is true to
the idea. Part 2 is the tension: what goes wrong or is at stake. Part 3 is the resolution: what helps. Each part is what
a voice says: one to three short sentences, plain words, no hashtags, no emoji, no stage directions, no call to action.
Use nothing but what the idea says: no figures, names or claims of your own."""


class Story(BaseModel):
    """The three parts, each as it is spoken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hook: str = Field(min_length=3, max_length=300)
    tension: str = Field(min_length=3, max_length=400)
    resolution: str = Field(min_length=3, max_length=400)

    @property
    def parts(self) -> list[str]:
        """The prompts in order."""
        return [self.hook, self.tension, self.resolution]


def split_story(idea: str) -> list[str]:
    """Split an idea into three prompts by rule: its own sentences, dealt out in order; nothing is added.

    An idea of fewer than three sentences is cut at its clauses. Raises InvalidInputError for one too short to be split.
    """
    beats = [beat for beat in write_script(ClipRequest(prompt=idea)) if beat.kind is not BeatKind.CTA]
    pieces = [beat.text for beat in beats]
    if len(pieces) < PARTS:
        pieces = [part for piece in pieces for part in _clauses(piece)]
    if len(pieces) < PARTS:
        raise InvalidInputError(
            "The idea is too short to be split into three parts without inventing something.",
            fix="Write three sentences: a hook, what is at stake, what helps. Or set MEDIAPOSTER_LANGUAGE_MODEL, which "
            "can write them from one.",
        )
    # The hook stays short; what is left is halved, the greater half to the end.
    rest = pieces[1:]
    middle = max(1, len(rest) // 2)
    return [_sentence([pieces[0]]), _sentence(rest[:middle]), _sentence(rest[middle:])]


async def write_story(idea: str, model: LanguageModel, *, learned: str = "") -> Written[Story]:
    """Let a language model write the three prompts. `learned` is what earlier posts taught. Raises what it raises."""
    told = f"\n\nWhat is known of earlier posts; let it guide how you write, and not what you say:\n{learned}"
    return await model.write(f"The idea:\n{idea.strip()}{told if learned else ''}", system=_SYSTEM, schema=Story)


def _clauses(text: str) -> list[str]:
    parts = regex.split(r"(?<=[,;:])\s+|\s+[\u2013\u2014]\s+|\s+(?=(?:because|but|so|until|while|when|then)\s)", text)
    return [part.strip(" ,;:") for part in parts if part and len(part.split()) >= 2]


def _sentence(pieces: list[str]) -> str:
    closed = [piece if piece[-1] in ".!?\u2026:" else f"{piece}." for piece in pieces]
    return " ".join(piece[0].upper() + piece[1:] for piece in closed)
