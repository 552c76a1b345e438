"""What the API says of settings, of what is configured outside, and of tokens."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mediaposter.core.models import ApiToken
from mediaposter.core.tokens import Scope

VendorKind = Literal["video", "language", "image", "voice", "transcription", "browser"]


class SettingRead(BaseModel):
    """A setting with its value now. A secret's `value` is always null: `is_set` says whether it has one.

    `variable` is the environment variable to set; the server reads it when it starts.
    """

    name: str
    variable: str
    description: str
    group: str
    secret: bool
    is_set: bool
    is_default: bool
    value: Any
    default: Any


class VendorRead(BaseModel):
    """Something outside that makes things for us, or a part of ours that stands in its place.

    `needs` are the variables that are missing, `fix` what to do; `model` is the configured one. `ends` is the day on
    which it stops answering, or did. `testable` says whether it can be asked without buying anything.
    """

    id: str
    kind: VendorKind
    title: str
    configured: bool
    needs: list[str]
    model: str | None
    note: str
    fix: str
    ends: date | None
    testable: bool


class VendorTested(BaseModel):
    """What came of asking a vendor. `latency_ms` is null when nobody was asked; `ends` as the vendor says."""

    ok: bool
    detail: str
    fix: str
    latency_ms: float | None
    ends: date | None


class TokenCreate(BaseModel):
    """A new token: who will use it, and what it may do. Each scope includes those before it: read, write, admin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    scope: Scope = Field(default=Scope.READ, description="read: look. write: start and change. admin: everything.")


class TokenRead(BaseModel):
    """A token as it is kept: the token itself is not."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, row: ApiToken) -> Self:
        """Read a row."""
        return cls.model_validate(row, from_attributes=True)


class TokenMade(TokenRead):
    """A new token with its secret, which is shown this once."""

    token: str
