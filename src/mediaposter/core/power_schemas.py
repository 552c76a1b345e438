"""What the API says about sleep."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from mediaposter.core.models import PowerMode, WakeTrigger


class WorkerPowerRead(BaseModel):
    """How one worker process stands."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    host: str
    pid: int
    mode: PowerMode
    since: datetime
    told_to_sleep: bool
    next_wake_at: datetime | None
    next_trigger: str | None
    last_trigger: str | None
    sleeps: int
    slept_seconds: float


class SleepStatusRead(BaseModel):
    """How the workers stand together: asleep when all that live are; null where there is none."""

    model_config = ConfigDict(from_attributes=True)

    mode: PowerMode | None
    since: datetime | None
    next_wake_at: datetime | None
    next_trigger: str | None
    last_trigger: str | None
    sleeps: int
    slept_seconds: float
    workers: list[WorkerPowerRead]


class WakeRequest(BaseModel):
    """A moment to wake at, with its zone, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wake_time: AwareDatetime
    trigger_type: WakeTrigger = WakeTrigger.SCHEDULED


class WakeRead(BaseModel):
    """A wake-up that was scheduled; its id cancels it."""

    wake_id: str
    wake_time: datetime
    trigger_type: WakeTrigger
