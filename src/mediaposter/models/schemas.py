"""What the models room says over the API. Amounts in millionths of a US dollar."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.media.schemas import AssetRead
from mediaposter.models.drawing import Quote
from mediaposter.models.models import Purchase, PurchaseKind, PurchaseState


class DrawRequest(BaseModel):
    """A picture to be drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: str = Field(min_length=1, max_length=10_000, description="What the picture shows.")
    width: int = Field(default=1280, ge=64, le=4096, description="Pixels.")
    height: int = Field(default=720, ge=64, le=4096, description="Pixels.")
    model: str | None = Field(default=None, description="Instead of the configured one: vendor:model.")
    variation: int = Field(default=0, ge=0, le=2**31 - 1, description="Another number buys another picture.")
    again: bool = Field(default=False, description="Buy it once more where an earlier order's answer was lost.")
    dry_run: bool = Field(default=False, description="Say the price and buy nothing.")


class DrawnRead(BaseModel):
    """What a picture costs and, unless it was a dry run, the asset that it became."""

    model: str
    size: str
    drawn_in: str
    price_micros: int
    price_listed: bool
    had_before: bool
    purchase: str
    cost_micros: int | None
    asset: AssetRead | None

    @classmethod
    def of(cls, quoted: Quote, *, asset: AssetRead | None, cost_micros: int | None) -> Self:
        """Return a quote, with what came of it."""
        return cls(
            model=quoted.model,
            size=quoted.size,
            drawn_in=quoted.drawn_in,
            price_micros=quoted.price.micros,
            price_listed=quoted.price.listed,
            had_before=quoted.had_before,
            purchase=quoted.purchase,
            cost_micros=cost_micros,
            asset=asset,
        )


class PurchaseRead(BaseModel):
    """Something that a model was paid to make."""

    key: str
    kind: PurchaseKind
    model: str
    state: PurchaseState
    request: dict[str, Any]
    attempts: list[dict[str, Any]]
    cost_micros: int
    currency: str
    error: dict[str, Any] | None
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Purchase) -> Self:
        """Read a row."""
        return cls.model_validate(row, from_attributes=True)
