"""What the API speaks of webhooks."""

from datetime import datetime
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from mediaposter.hooks.models import DeliveryState, Endpoint


class EndpointCreate(BaseModel):
    """An address to send events to. `topics` are topics, or beginnings such as `publication.*`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=1, max_length=2048)
    topics: list[str] = Field(default=["*"], min_length=1, max_length=50)
    description: str = Field(default="", max_length=200)


class EndpointUpdate(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = Field(default=None, min_length=1, max_length=2048)
    topics: list[str] | None = Field(default=None, min_length=1, max_length=50)
    description: str | None = Field(default=None, max_length=200)


class EndpointRead(BaseModel):
    """An endpoint. `secret` is there once, when it was made or rotated."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    url: str
    description: str
    topics: list[str]
    previous_until: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    failing_since: datetime | None
    created_at: datetime
    secret: str | None = None

    @classmethod
    def of(cls, endpoint: Endpoint, secret: str | None = None) -> Self:
        """Read a row."""
        return cls.model_validate(endpoint).model_copy(update={"secret": secret})


class DeliveryRead(BaseModel):
    """A message with every try: when, the status or null, what was answered, seconds."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    event_id: str
    topic: str
    state: DeliveryState
    tries: int
    next_at: datetime
    delivered_at: datetime | None
    created_at: datetime
    body: str
    trail: list[dict[str, Any]]


class ReplayRequest(BaseModel):
    """What to send again: one delivery, or those since a moment, by default the failed ones of all that is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delivery_id: str | None = None
    since: AwareDatetime | None = None
    failed_only: bool = True


class Replayed(BaseModel):
    """How many messages are sent again."""

    replayed: int
