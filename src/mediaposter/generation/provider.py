"""The door through which clips come in: what a provider is, and how the installed ones are found.

A provider is a class with the members of `Provider`, made with `(settings, storage)` and named in the entry point group
`mediaposter.providers`. The workflow in `generation.workflows`, not the provider, decides about retries, deadlines,
the next provider and the money: a provider makes one call to the outside per method and says truly what came of it.

| a method meets | it raises | and the workflow |
|---|---|---|
| a setting that is missing | NotConfiguredError | tries the next provider |
| a full queue, a 429: nothing was created | ProviderBusyError(after) | waits, calls again |
| a clip it cannot or will not make | RequestUnsuitableError, ProviderRefusedError | tries the next provider |
| an ended service | ProviderRetiredError | tries the next provider |
| on submit: a timeout, a broken answer | SubmitUnknownError | submits again only if `resubmit_is_free` |
| on poll: a job nobody knows | JobNotFoundError | the same |
| on poll or download: a passing fault | UpstreamError | calls again until the deadline |
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import ProviderRetiredError, RequestUnsuitableError, UnknownProviderError
from mediaposter.generation.schemas import Aspect, ClipRequest
from mediaposter.media.service import Inspected

GROUP = "mediaposter.providers"


@dataclass(frozen=True)
class Money:
    """An amount in minor units (cents) of `currency`."""

    amount_minor: int = 0
    currency: str = "USD"


FREE = Money()


class JobStatus(StrEnum):
    """Where a job stands at the provider."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


@dataclass(frozen=True)
class JobState:
    """An answer to a poll. `progress` from 0 to 1; `message` says why when it failed; `cost` when known by then.

    `models`: which models made it, where the provider asks several (a voice, a background).
    `refused`: it failed because of what was asked for, and other words may pass.
    """

    status: JobStatus
    progress: float = 0.0
    message: str = ""
    cost: Money | None = None
    models: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Capabilities:
    """What a provider can do. Lengths in seconds; `choices` are the only lengths when there are any.

    `films`: a prompt says what is to be seen, and not what is to be said.
    `browser`: it drives the machine's browser, and its jobs wake the machine for that.
    `resubmit_is_free`: a second submit of the same job costs nothing, so an unclear one may be repeated.
    `retired_on`: the day the service ended; `alternatives` are then the providers to name instead.
    """

    aspects: tuple[Aspect, ...] = ("9:16", "1:1", "16:9")
    seconds_min: float = 1.0
    seconds_max: float = 600.0
    choices: tuple[float, ...] = ()
    images: bool = False
    audio: bool = False
    films: bool = False
    browser: bool = False
    max_parallel: int = 1
    resubmit_is_free: bool = False
    poll_seconds: float = 5.0
    deadline_seconds: float = 1800.0
    retired_on: date | None = None
    alternatives: tuple[str, ...] = ()


class Provider(Protocol):
    """Something that makes clips."""

    name: str
    capabilities: Capabilities

    def __init__(self, settings: Settings, storage: Storage) -> None: ...

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:
        """Return what keeps this provider from working at all, or from making `request`, or None. No network."""
        ...

    def price(self, request: ClipRequest) -> Money:
        """Return what `request` will cost at most."""
        ...

    async def content_key(self, request: ClipRequest) -> str | None:
        """Return a key that is the same whenever the result would be, or None when each job gives another clip."""
        ...

    async def submit(self, request: ClipRequest, job_key: str) -> str:
        """Start a job and return the provider's id of it. `job_key` is the same for a repeat of the same job."""
        ...

    async def poll(self, external_id: str) -> JobState:
        """Say where a job stands. Changes nothing."""
        ...

    async def reference(self, external_id: str) -> Inspected | None:
        """Return a finished clip that stays where it is, only referred to; None when it is to be downloaded."""
        ...

    async def download(self, external_id: str, into: Path) -> None:
        """Write the finished clip to `into`. May be called again."""
        ...

    async def cancel(self, external_id: str) -> None:
        """Stop a job where the provider allows it. A job that has ended, or that nobody knows, is left alone."""
        ...


@runtime_checkable
class Askable(Protocol):
    """A provider whose vendor can be asked, in a call that reads and costs nothing, whether the key is good."""

    async def ask(self) -> str:
        """Return what the vendor says, in a sentence. Raises ForbiddenError for a refused key, UpstreamError."""
        ...


def provider_names() -> list[str]:
    """Return the names of the installed providers, sorted."""
    return sorted(_entry_points())


def provider(name: str) -> Provider:
    """Return the provider `name` of this process: one instance per context. Raises UnknownProviderError."""
    ctx = context.current()
    held = _instances.get(name)
    if held is None or held[0] is not ctx:
        held = (ctx, load_provider(name, ctx.settings, ctx.storage))
        _instances[name] = held
    return held[1]


def load_provider(name: str, settings: Settings, storage: Storage) -> Provider:
    """Make a provider from its entry point. Raises UnknownProviderError naming those that exist."""
    entry = _entry_points().get(name)
    if entry is None:
        raise UnknownProviderError(
            f"There is no provider {name!r}.", fix=f"Installed are: {', '.join(provider_names()) or 'none'}."
        )
    return _load(entry)(settings, storage)


def check_suitable(provider: Provider, request: ClipRequest) -> None:
    """Raise what stands between `provider` and `request` and can be known without asking anybody.

    Raises ProviderRetiredError, NotConfiguredError or RequestUnsuitableError.
    """
    able = provider.capabilities
    if able.retired_on is not None:
        raise ProviderRetiredError.of(provider.name, retired_on=able.retired_on, alternatives=able.alternatives)
    missing = provider.missing(request)
    if missing is not None:
        raise missing
    if request.aspect not in able.aspects:
        raise RequestUnsuitableError(
            f"{provider.name} makes {', '.join(able.aspects)} and not {request.aspect}.",
            fix=f"Ask for {able.aspects[0]}, or name another provider.",
        )
    if request.seconds is not None:
        within = able.seconds_min <= request.seconds <= able.seconds_max
        if not within or (able.choices and request.seconds not in able.choices):
            allowed = (
                " or ".join(f"{choice:g}" for choice in able.choices)
                if able.choices
                else f"{able.seconds_min:g} to {able.seconds_max:g}"
            )
            raise RequestUnsuitableError(
                f"{provider.name} makes clips of {allowed} seconds and not of {request.seconds:g}.",
                fix=f"Ask for {allowed} seconds, or name another provider.",
            )


_instances: dict[str, tuple[Context, Provider]] = {}


def _entry_points() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@lru_cache(maxsize=64)
def _load(entry: EntryPoint) -> type[Provider]:
    return entry.load()
