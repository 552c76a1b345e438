"""What the generation room speaks over HTTP: what is asked, and what is answered."""

from datetime import date, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.generation.models import BatchState, Clip, ClipBatch, ClipState
from mediaposter.generation.schemas import CONFIGURED, Aspect, Brand, Speaker
from mediaposter.generation.service import ProviderStatus


class ProviderRead(BaseModel):
    """An installed provider. Lengths in seconds; `missing` says what keeps it from working, `fix` what to do."""

    name: str
    aspects: list[Aspect]
    seconds_min: float
    seconds_max: float
    seconds_choices: list[float]
    images: bool
    audio: bool
    max_parallel: int
    configured: bool
    missing: str
    fix: str
    retired_on: date | None
    alternatives: list[str]

    @classmethod
    def of(cls, status: ProviderStatus) -> Self:
        """Read a provider."""
        able = status.provider.capabilities
        return cls(
            name=status.provider.name,
            aspects=list(able.aspects),
            seconds_min=able.seconds_min,
            seconds_max=able.seconds_max,
            seconds_choices=list(able.choices),
            images=able.images,
            audio=able.audio,
            max_parallel=able.max_parallel,
            configured=not status.missing and able.retired_on is None,
            missing=status.missing,
            fix=status.fix,
            retired_on=able.retired_on,
            alternatives=list(able.alternatives),
        )


class ClipRead(BaseModel):
    """A clip. Progress from 0 to 1, cost in minor units, times in UTC."""

    id: str
    owner_id: str
    position: int
    state: ClipState
    provider: str | None
    chain: list[str]
    progress: float
    message: str
    request: dict[str, Any]
    attempts: list[dict[str, Any]]
    asset_id: str | None
    cost_minor: int
    currency: str
    error: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, clip: Clip) -> Self:
        """Read a row."""
        return cls.model_validate(clip, from_attributes=True)


class BatchRead(BaseModel):
    """Clips asked for together, and the master they became."""

    id: str
    url: str
    stitch: bool
    state: BatchState
    asset_id: str | None
    error: dict[str, Any] | None
    created_at: datetime
    finished_at: datetime | None
    clips: list[ClipRead]

    @classmethod
    def of(cls, batch: ClipBatch, clips: list[Clip]) -> Self:
        """Read a row with its clips."""
        return cls(
            id=batch.id,
            url=f"/api/generation/multi-part/{batch.id}",
            stitch=batch.stitch,
            state=batch.state,
            asset_id=batch.asset_id,
            error=batch.error,
            created_at=batch.created_at,
            finished_at=batch.finished_at,
            clips=[ClipRead.of(clip) for clip in clips],
        )


class MultiPartRequest(BaseModel):
    """Prompts that become clips side by side and, with `stitch`, one master."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompts: list[str] = Field(min_length=1, max_length=20, description="One prompt a part, in order.")
    provider: list[str] = Field(default=["cards"], min_length=1, max_length=5, description="The chain, in order.")
    stitch: bool = True
    aspect: Aspect = "9:16"
    seconds: float | None = Field(default=None, ge=1, le=600, description="Length of each part; none: as it needs.")
    brand: Brand = Brand()
    images: list[str] = Field(default=[], max_length=20, description="Paths or URLs of your pictures.")
    background: str = Field(
        default="", max_length=2000, description="A picture that a model draws: what it shows, or `generated`."
    )
    voice: Speaker = Field(default=CONFIGURED, description="configured, local, openai:MODEL/VOICE ..., or none.")
    notes: str = Field(default="", max_length=2000, description="Style and characters that all parts share.")
    cta: str = Field(default="", max_length=80, description="What the last part asks the viewer to do.")


class RetryRequest(BaseModel):
    """How to go on with a clip. `external_id`: the job of its last attempt, found at the provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: str | None = Field(default=None, max_length=500)
