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


_FILM = """\
You write the prompts of a short film of three parts for a model that films from words. Part 1 is the hook: the one
moment that makes people stop. Part 2 is the tension: what goes wrong or is at stake. Part 3 is the resolution: what
helps. Each part is one continuous shot: who is where, what happens, how the camera moves, what is heard; two to four
sentences, no text on the screen, no brands, no real people. The parts are filmed one by one by somebody who sees
nothing of the others: what must look the same in all of them (faces, clothes, place, light, lens) stands once in
`characters` and `style`, not in the parts. Use nothing but what the idea says: no figures or claims of your own."""

_REWORD = """\
A model that films refused a prompt. Write it again so that it keeps its story and its look and drops what such models
refuse: real people, brands, violence, nudity, dangerous acts, children in distress. Where nothing of that is in it, say
the same in plainer words. Make it no longer than it is. Answer with the prompt alone."""


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

    @property
    def notes(self) -> str:
        """What all parts share; words that are spoken share nothing."""
        return ""


class Film(BaseModel):
    """The three parts, each as it is seen, with what they share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: str = Field(min_length=3, max_length=250, description="Place, light, colours, lens, pace, sound.")
    characters: str = Field(max_length=300, description="Who is seen: age, face, hair, clothes. Empty for nobody.")
    hook: str = Field(min_length=3, max_length=420)
    tension: str = Field(min_length=3, max_length=420)
    resolution: str = Field(min_length=3, max_length=420)

    @property
    def parts(self) -> list[str]:
        """The prompts in order."""
        return [self.hook, self.tension, self.resolution]

    @property
    def notes(self) -> str:
        """What all parts share."""
        return "\n".join(
            f"{name}: {text.strip()}" for name, text in (("Style", self.style), ("Characters", self.characters)) if text
        )


class Reworded(BaseModel):
    """A refused prompt in other words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = Field(min_length=3, max_length=4000)


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
    return await model.write(_brief(idea, learned), system=_SYSTEM, schema=Story)


async def write_film(idea: str, model: LanguageModel, *, learned: str = "", cta: str = "") -> Written[Film]:
    """Let a language model write the three prompts for a model that films, and what they share.

    The resolution leads to `cta`, what the viewer should do. Raises what the model raises.
    """
    ends = f"\n\nThe last part ends on a picture that leads to: {cta.strip()}" if cta.strip() else ""
    return await model.write(_brief(idea, learned) + ends, system=_FILM, schema=Film)


async def reword_prompt(prompt: str, reason: str, model: LanguageModel) -> Written[Reworded]:
    """Let a language model say a refused prompt in other words. Raises what it raises."""
    return await model.write(
        f"The prompt:\n{prompt.strip()}\n\nWhy it was refused:\n{reason.strip()}", system=_REWORD, schema=Reworded
    )


def _brief(idea: str, learned: str) -> str:
    told = f"\n\nWhat is known of earlier posts; let it guide how you write, and not what you say:\n{learned}"
    return f"The idea:\n{idea.strip()}{told if learned else ''}"


def _clauses(text: str) -> list[str]:
    parts = regex.split(r"(?<=[,;:])\s+|\s+[\u2013\u2014]\s+|\s+(?=(?:because|but|so|until|while|when|then)\s)", text)
    return [part.strip(" ,;:") for part in parts if part and len(part.split()) >= 2]


def _sentence(pieces: list[str]) -> str:
    closed = [piece if piece[-1] in ".!?\u2026:" else f"{piece}." for piece in pieces]
    return " ".join(piece[0].upper() + piece[1:] for piece in closed)
