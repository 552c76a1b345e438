"""Copy by a language model: written within the rules of a channel, checked, mended once by the model, else refused."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import regex
from pydantic import BaseModel, ConfigDict, Field, create_model

from mediaposter.analysis import prompts
from mediaposter.analysis.brief import CopyBrief
from mediaposter.analysis.errors import rejected
from mediaposter.models.language import LanguageModel, Written
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.rules import LinkPolicy, TextRules, Violation, check_copy

_LINK = regex.compile(r"(?:https?://|www\.)\S*|\b[\w-]+\.(?:com|org|io|co|ly|shop|link)\b(?:/\S*)?", regex.I)
_PLACEHOLDER = regex.compile(r"\[(?:link|url|your [^\]]*|insert [^\]]*|name)\]|\{\{?\w+\}?\}", regex.I)


_BOUNDS = {"title": 150, "description": 1500, "first_comment": 300, "alt_text": 400}  # nobody reads more of a video
_TAGS, _TAG = 15, 25
_LEAST = 8  # characters of a title or description that says something
_SHORT = 500  # characters of a description within which every hashtag counts


class Draft(BaseModel):
    """What the model fills in. The bounds are wide; what breaks a platform's is mended, see `write_copy`."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=400)
    description: str = Field(max_length=4000)
    hashtags: list[str] = Field(max_length=30)
    first_comment: str = Field(max_length=600)
    alt_text: str = Field(max_length=1500)
    thumbnail: int = Field(ge=0, le=100)


@lru_cache(maxsize=64)
def draft_of(
    title: int | None, description: int | None, hashtags: int | None, comment: int | None, alt: int | None
) -> type[Draft]:
    """Return Draft with a schema of these bounds, in characters; None: the platform has none, 0: it stays empty.

    A server that leads its model by the schema, as llama.cpp does, cannot let it write past them, nor for ever. They
    are not checked here: a draft that is too long is mended and not thrown away.
    """

    def text(name: str, most: int | None, least: int = 0) -> Any:
        bound = min(_BOUNDS[name], _BOUNDS[name] if most is None else most)
        return (str, Field(max_length=4000, json_schema_extra={"minLength": min(least, bound), "maxLength": bound}))

    tags: dict[str, Any] = {"maxItems": min(_TAGS, _TAGS if hashtags is None else hashtags)}
    tag = Annotated[str, Field(json_schema_extra={"maxLength": _TAG})]
    fields: dict[str, Any] = {
        "title": text("title", title, _LEAST),
        "description": text("description", description, _LEAST),
        "hashtags": (list[tag], Field(max_length=30, json_schema_extra=tags)),
        "first_comment": text("first_comment", comment),
        "alt_text": text("alt_text", alt),
    }
    return create_model("Draft", __base__=Draft, **fields)


def _schema(rules: TextRules) -> type[Draft]:
    comment = (rules.comment_max or rules.description_max) if rules.first_comment else 0
    description, hashtags = rules.description_max, rules.hashtags_max
    if description is not None and description <= _SHORT:
        # The hashtags stand in the same text, and some characters count twice.
        description, hashtags = round(description * 0.75), min(3, 3 if hashtags is None else hashtags)
    return draft_of(rules.title_max, description, hashtags, comment, rules.alt_text_max)


@dataclass(frozen=True)
class WrittenCopy:
    """A copy within the rules, and what writing it took. Money as in models.language.Written."""

    copy: Copy
    model: str
    tokens: int
    cost_micros: int | None
    cost_minor: int
    currency: str
    repaired: bool


async def write_copy(brief: CopyBrief, rules: TextRules, *, model: LanguageModel) -> WrittenCopy:
    """Return copy for one account, written by `model` within `rules`.

    A draft that breaks rules goes back to the model once with the list of them. Raises CopyRejectedError when the
    second one breaks rules too, and the ModelErrors of the model itself.
    """
    first = await model.write(prompts.copy_prompt(brief, rules), system=prompts.SYSTEM, schema=_schema(rules))
    copy = _as_copy(first.value, brief, rules, model.name, ())
    broken = violations(copy, rules)
    if not broken:
        return _result(copy, [first])
    again = prompts.repair_prompt(brief, rules, json.dumps(first.value.model_dump(), ensure_ascii=False), broken)
    second = await model.write(again, system=prompts.SYSTEM, schema=_schema(rules))
    copy = _as_copy(second.value, brief, rules, model.name, broken)
    still_broken = violations(copy, rules)
    if still_broken:
        raise rejected(brief.channel, model.name, still_broken)
    return _result(copy, [first, second])


def violations(copy: Copy, rules: TextRules) -> list[Violation]:
    """Return what is wrong with a model's copy: the channel's rules, and what no model may do in any channel."""
    broken = check_copy(copy, rules)
    if not copy.description.strip():
        broken.append(
            Violation("description", "a description is required", "none", "Write a description.", "TEXT_REQUIRED")
        )
    for name, text in (("title", copy.title), ("description", copy.description), ("first_comment", copy.first_comment)):
        if found := _LINK.search(text or ""):
            # A link of the model's own leads nowhere, or somewhere nobody checked.
            broken.append(
                Violation(
                    name, "no links in the text", found.group(), "Leave every link and address out.", "LINK_INVENTED"
                )
            )
        if found := _PLACEHOLDER.search(text or ""):
            broken.append(
                Violation(name, "no placeholders", found.group(), "Write the words themselves.", "PLACEHOLDER")
            )
    return broken


def _as_copy(
    draft: Draft, brief: CopyBrief, rules: TextRules, writer: str, mended: tuple[Violation, ...] | list[Violation]
) -> Copy:
    provenance = {"copywriter": writer}
    if mended:
        provenance["repaired"] = "; ".join(f"{v.field}: {v.rule}" for v in mended)
    frames = brief.key_frames
    chosen = frames[draft.thumbnail - 1] if 1 <= draft.thumbnail <= len(frames) else brief.best_frame
    return Copy(
        title=_line(draft.title) if rules.title_max != 0 else "",
        description=draft.description.strip(),
        hashtags=_tags(draft.hashtags, rules),
        first_comment=_line(draft.first_comment) or None if rules.first_comment else None,
        alt_text=_line(draft.alt_text) or None if rules.alt_text_max != 0 else None,
        thumbnail_at=chosen,
        link=brief.link if rules.links is not LinkPolicy.REFUSED else None,
        provenance=provenance,
    )


def _tags(tags: list[str], rules: TextRules) -> tuple[str, ...]:
    if rules.hashtags_max == 0:
        return ()
    clean = (regex.sub(r"[^\p{L}\p{M}\p{N}_]", "", tag) for tag in tags)
    return tuple({tag.lower(): tag for tag in clean if tag and not tag.isdigit()}.values())


def _line(text: str) -> str:
    return " ".join(text.split())


def _result(copy: Copy, written: list[Written[Draft]]) -> WrittenCopy:
    known = [one.cost_micros for one in written if one.cost_micros is not None]
    return WrittenCopy(
        copy=copy,
        model=written[0].model,
        tokens=sum(one.input_tokens + one.output_tokens for one in written),
        cost_micros=sum(known) if known else None,
        cost_minor=sum(one.cost_minor for one in written),
        currency=written[0].currency,
        repaired=len(written) > 1,
    )
