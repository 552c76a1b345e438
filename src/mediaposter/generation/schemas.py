"""What is asked of a provider: one clip, its words, its look, its sound."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from mediaposter.core.db import JsonObject
from mediaposter.core.errors import FieldProblem, InvalidInputError

Aspect = Literal["9:16", "1:1", "16:9"]
SIZES: dict[Aspect, tuple[int, int]] = {"9:16": (1080, 1920), "1:1": (1080, 1080), "16:9": (1920, 1080)}
_RATIOS: dict[Aspect, float] = {"9:16": 9 / 16, "1:1": 1.0, "16:9": 16 / 9}
_HEX = re.compile(r"^#[0-9a-fA-F]{6}$")

Text = Annotated[str, StringConstraints(strip_whitespace=True)]
# Who speaks. A form and no list: voices are configuration.
Speaker = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=250, pattern=r"^(configured|local|none|[a-z]+:[\w.@/:+-]+/[\w.@:+-]+)$"
    ),
]
CONFIGURED, SILENT = "configured", "none"


class Brand(BaseModel):
    """How the parts of one story look alike. Everything has a default; `palette` alone changes the whole mood."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = Field(default="", max_length=60, description="Shown in the footer when there is no handle.")
    handle: Text = Field(default="", max_length=40, description="Shown in the footer, such as @greenroom.")
    palette: tuple[str, ...] = Field(
        default=(),
        max_length=6,
        description="Colours as #rrggbb: background, accent, then further accents. Text colours follow by contrast.",
    )
    font: Text = Field(default="", max_length=200, description="A family of ours, or the path of your .ttf or .otf.")
    logo: Text = Field(default="", max_length=1000, description="Path or URL of a picture, shown beside the handle.")

    @field_validator("palette")
    @classmethod
    def _colours(cls, palette: tuple[str, ...]) -> tuple[str, ...]:
        for colour in palette:
            if not _HEX.match(colour):
                raise ValueError(f"{colour!r} is not a colour; write it as # and six hex digits, such as #0b1020")
        return tuple(colour.lower() for colour in palette)


class ClipRequest(BaseModel):
    """One clip to be made. `part` of `parts` says where it stands in its story; `cta` is shown by the last one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Text = Field(default="", max_length=4000, description="What the clip is about.")
    script: Text = Field(default="", max_length=4000, description="The very words to show and speak; else the prompt.")
    source: Text = Field(default="", max_length=2000, description="For the provider clips: a file or an http(s) URL.")
    seconds: float | None = Field(default=None, ge=1, le=600, description="Length in seconds; None: as it needs.")
    aspect: Aspect = "9:16"
    width: int = Field(default=0, ge=0, le=4096, description="Pixels; 0: by the aspect, such as 1080x1920.")
    height: int = Field(default=0, ge=0, le=4096, description="Pixels; 0: by the aspect.")
    fps: int = Field(default=30, ge=12, le=60)
    brand: Brand = Brand()
    notes: Text = Field(default="", max_length=2000, description="Style and characters that all parts share.")
    images: tuple[Text, ...] = Field(default=(), max_length=20, description="Paths or URLs of pictures to use.")
    background: Text = Field(
        default="",
        max_length=2000,
        description="A picture that a model draws behind the words: what it shows, or `generated`: after the words.",
    )
    voice: Speaker = Field(
        default=CONFIGURED,
        description="Who speaks the words: configured (by MEDIAPOSTER_VOICE), local, a voice such as "
        "openai:MODEL/VOICE, or none for a silent clip.",
    )
    captions: bool = Field(default=True, description="Burn word-timed captions in where the clip speaks.")
    cta: Text = Field(default="", max_length=80, description="What the viewer should do; the last part shows it.")
    part: int = Field(default=1, ge=1, le=20)
    parts: int = Field(default=1, ge=1, le=20)
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Another number gives another variation.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.prompt or self.script or self.source):
            raise ValueError("give a prompt, a script or a source")
        if self.part > self.parts:
            raise ValueError(f"part {self.part} is beyond parts={self.parts}; count parts from 1")
        if self.background and self.images:
            raise ValueError("give images or a background to be drawn, not both")
        if (self.width == 0) != (self.height == 0):
            raise ValueError("give both width and height, or neither")
        if self.width:
            if self.width % 2 or self.height % 2 or self.width < 64 or self.height < 64:
                raise ValueError("width and height must be even and at least 64 pixels")
            if abs(self.width / self.height / _RATIOS[self.aspect] - 1) > 0.02:
                raise ValueError(f"{self.width}x{self.height} is not {self.aspect}; change the size or the aspect")
        return self

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return (self.width, self.height) if self.width else SIZES[self.aspect]

    @property
    def last(self) -> bool:
        """Whether this part ends its story."""
        return self.part == self.parts

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Check `data` and return a request. Raises InvalidInputError naming each field, its rule and the mend."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise invalid(error, "The clip cannot be made as asked.") from error

    def to_json(self) -> JsonObject:
        """Return the request as it is stored in the ledger."""
        return self.model_dump(mode="json")

    def digest(self, **extra: object) -> str:
        """Return the sha256 (hex) of this request and `extra`: the same for the same clip, in any process."""
        data = {"request": self.to_json(), **extra}
        return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def invalid(error: ValidationError, detail: str) -> InvalidInputError:
    """Return pydantic's error as ours: one problem per field, with what to change."""
    problems = [
        FieldProblem(
            ".".join(str(part) for part in item["loc"]) or "request",
            item["msg"].removeprefix("Value error, "),
            f"Change {'.'.join(str(part) for part in item['loc']) or 'the request'}: "
            f"{item['msg'].removeprefix('Value error, ')}.",
        )
        for item in error.errors(include_url=False, include_context=False)
    ]
    listed = "; ".join(f"{problem.field}: {problem.rule}" for problem in problems)
    return InvalidInputError(f"{detail} {listed}.", fix=problems[0].fix, errors=problems)
