"""Models that draw, behind one small port: a prompt and a size in, a picture out.

The model is configuration (`MEDIAPOSTER_IMAGE_MODEL=vendor:model`, the vendor `openai` or `stability`). A picture costs
cents, so it is bought once: see `models.purchases`. Nothing falls back: a refusal is an error.
"""

import asyncio
import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import FieldProblem, InvalidInputError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.media import ffmpeg
from mediaposter.media.errors import MediaError
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe_async
from mediaposter.models import faults, stability
from mediaposter.models.access import Access, reach, split_spec
from mediaposter.models.models import PurchaseKind
from mediaposter.models.patience import patiently
from mediaposter.models.prices import FREE, Price, image_cost, image_price
from mediaposter.models.purchases import Bought, Delivery, Order, buy

VENDORS = ("openai", "stability")
EXAMPLE = "openai:gpt-image-2.6-flare or stability:core"
_GRID = 16  # pixels: both sides of an OpenAI picture are multiples of it
_LEAST, _MOST = 655_360, 2560 * 1440  # pixels of an OpenAI picture; beyond the latter is marked experimental
_NARROWEST = 3.0  # of the longer side to the shorter
_LONGEST = 10_000  # characters of a prompt; Stability's limit, OpenAI's is 32,000


@dataclass(frozen=True)
class Picture:
    """What is to be drawn. `variation`: another number buys another picture of the same prompt."""

    prompt: str
    width: int
    height: int
    variation: int = 0

    def __post_init__(self) -> None:
        """Raise InvalidInputError for what no model draws."""
        if not self.prompt.strip() or len(self.prompt) > _LONGEST:
            raise _invalid("prompt", f"has 1 to {_LONGEST} characters", "Say what the picture shows.")
        if not (64 <= self.width <= 4096 and 64 <= self.height <= 4096):
            raise _invalid("size", "has sides of 64 to 4096 pixels", "Ask for a size such as 1280x720.")
        if max(self.width, self.height) > _NARROWEST * min(self.width, self.height):
            raise _invalid("size", "is at most three times as long as wide", "Ask for a size such as 1280x720.")


@dataclass(frozen=True)
class Drawn:
    """What a model drew, as it came: the PNG file, who drew it, and its cost in micros (None: the price stands)."""

    path: Path
    model: str
    cost_micros: int | None
    facts: JsonObject


class ImageModel(Protocol):
    """Anything that draws. `identity` tells all that decides its pictures beside the prompt and the size."""

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> str: ...

    def form(self, picture: Picture) -> str:
        """Return the size or ratio in which the vendor draws `picture`: pictures of one form are one purchase."""
        ...

    def price(self, picture: Picture) -> Price:
        """Return what it costs at most."""
        ...

    async def draw(self, picture: Picture, into: Path) -> Drawn:
        """Draw into `into`, in the vendor's own size near the one asked for. Costs money. Raises ModelErrors."""
        ...


def image_model(settings: Settings, spec: str | None = None, *, clock: Clock = utc_now) -> ImageModel:
    """Return the model that `spec` names, or the configured one.

    Raises NotConfiguredError (no model, or no key for it), ModelIdError and ModelRetiredError.
    """
    chosen = spec or settings.image_model
    if not chosen:
        raise NotConfiguredError(
            "MEDIAPOSTER_IMAGE_MODEL",
            "No image model is configured, so no pictures can be drawn.",
            fix=f"Set MEDIAPOSTER_IMAGE_MODEL (such as {EXAMPLE}) and the vendor's key (OPENAI_API_KEY or "
            "STABILITY_API_KEY), or give pictures of your own.",
        )
    vendor, model = split_spec(chosen, VENDORS, example=EXAMPLE)
    base_url = settings.image_base_url
    access = reach(settings, chosen, vendor, model, field="image_model", base_url=base_url, clock=clock)
    return _Stability(access) if vendor == "stability" else _OpenAI(access, settings.image_quality)


def order_of(model: ImageModel, picture: Picture) -> Order:
    """Return the purchase that `picture` by `model` is."""
    return Order(
        PurchaseKind.IMAGE,
        model.name,
        {
            "prompt": picture.prompt,
            "form": model.form(picture),
            "variation": picture.variation,
            "identity": model.identity,
        },
        model.price(picture),
        suffix=".png",
        again=f"When it is not there, buy it once more: mediaposter images draw {shlex.quote(picture.prompt)} --again "
        f"--model {model.name} --size {picture.width}x{picture.height}"
        + (f" --variation {picture.variation}" if picture.variation else ""),
    )


async def buy_picture(ctx: Context, model: ImageModel, picture: Picture, *, again: bool = False) -> Bought:
    """Return the picture as the vendor drew it, bought unless it was before.

    Raises ModelErrors, and PurchaseUnknownError where an earlier order's answer was lost, unless `again`.
    """

    async def make(into: Path) -> Delivery:
        drawn = await model.draw(picture, into)
        try:
            facts = await probe_async(into, MediaLimits.of(ctx.settings))
        except MediaError as error:
            raise faults.unreadable_by(model.name, "something that is no picture") from error
        if facts.kind != "image":
            raise faults.unreadable_by(model.name, "something that is no picture")
        return Delivery(drawn.facts, drawn.cost_micros)

    return await buy(ctx, order_of(model, picture), make, again=again)


async def fit(source: Path, into: Path, *, width: int, height: int) -> None:
    """Write `source` in exactly `width` x `height` pixels: scaled to cover, and cropped in the middle."""
    chain = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos,crop={width}:{height},setsar=1"
    form = ("-f", "image2", "-update", "1", "-c:v", "mjpeg" if into.suffix in {".jpg", ".jpeg"} else "png")
    quality = ("-q:v", "3") if into.suffix in {".jpg", ".jpeg"} else ()
    await ffmpeg.run(
        [*ffmpeg.input_args(source), "-frames:v", "1", "-vf", chain, *form, *quality, ffmpeg.source(into)], timeout=60
    )


def openai_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in which OpenAI draws for `width` x `height`: that size where it can, else one that covers it."""
    if width % _GRID == 0 and height % _GRID == 0 and _LEAST <= width * height <= _MOST:
        return width, height
    scale = math.sqrt(min(max(width * height, _LEAST), _MOST) / (width * height))
    rounded = math.ceil if scale >= 1 else math.floor
    return rounded(width * scale / _GRID) * _GRID, rounded(height * scale / _GRID) * _GRID


class _OpenAI:
    def __init__(self, access: Access, quality: str) -> None:
        self._access = access
        self._quality = quality
        self.name = access.spec
        self.identity = f"{access.spec}/{quality}" + ("" if access.own else f"@{access.base_url}")

    def form(self, picture: Picture) -> str:
        width, height = openai_size(picture.width, picture.height)
        return f"{width}x{height}"

    def price(self, picture: Picture) -> Price:
        if not self._access.own:
            return FREE
        width, height = openai_size(picture.width, picture.height)
        return image_price(
            "openai", self._access.model, picture.prompt, width=width, height=height, quality=self._quality
        )

    async def draw(self, picture: Picture, into: Path) -> Drawn:
        sdk = await asyncio.to_thread(_load_sdk)
        data, used = await patiently(
            lambda: sdk.draw(self._access, picture.prompt, size=self.form(picture), quality=self._quality),
            self.name,
            paid=True,
        )
        into.write_bytes(data)
        cost = 0 if not self._access.own else image_cost(self._access.model, **used) if used else None
        return Drawn(into, self.name, cost, {"usage": used} if used else {})


class _Stability:
    def __init__(self, access: Access) -> None:
        self._access = access
        self.name = access.spec
        self.identity = access.spec

    def form(self, picture: Picture) -> str:
        return stability.nearest_ratio(picture.width, picture.height)

    def price(self, picture: Picture) -> Price:
        return image_price(
            "stability", self._access.model, picture.prompt, width=picture.width, height=picture.height, quality=""
        )

    async def draw(self, picture: Picture, into: Path) -> Drawn:
        data = await patiently(
            lambda: stability.draw(self._access, picture.prompt, ratio=self.form(picture), seed=picture.variation),
            self.name,
            paid=True,
        )
        into.write_bytes(data)
        return Drawn(into, self.name, None, {})


def _invalid(field: str, rule: str, fix: str) -> InvalidInputError:
    return InvalidInputError(
        f"This picture cannot be drawn: its {field} {rule}.", fix=fix, errors=[FieldProblem(field, rule, fix)]
    )


def _load_sdk() -> Any:
    from mediaposter.models import openai_media  # noqa: PLC0415 - the SDK takes a second to load

    return openai_media
