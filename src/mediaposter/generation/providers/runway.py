"""The provider `runway`: one key of Runway's API reaches Gen-4.5, Veo 3.1, Kling and Seedance.

Facts: the `runwayml` SDK 5.24 (shapes, lengths, prompt limits, states, what a task cost), and
https://docs.dev.runwayml.com/errors/task-failures/. A credit is one US cent. Prices by
https://docs.dev.runwayml.com/guides/pricing/ as reported in 2026; models whose price is not known here need
MEDIAPOSTER_VIDEO_PRICES.
"""

import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from mediaposter.core import http
from mediaposter.core.errors import NotConfiguredError, UpstreamError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import JobNotFoundError
from mediaposter.generation.provider import JobState, JobStatus, Money
from mediaposter.generation.providers import vendor
from mediaposter.generation.providers.vendor import VideoModel
from mediaposter.generation.schemas import Aspect, ClipRequest
from mediaposter.media.service import Inspected

_HD: dict[Aspect, str] = {"9:16": "720:1280", "16:9": "1280:720"}
_FULL_HD: dict[Aspect, str] = {"9:16": "1080:1920", "16:9": "1920:1080"}
_SQUARE: dict[Aspect, str] = {**_HD, "1:1": "960:960"}
_VEO = VideoModel(_FULL_HD, choices=(4, 6, 8))
_KLING = VideoModel({**_FULL_HD, "1:1": "1440:1440"}, seconds=(3, 15), usual=5, prompt_max=2500)
_SEEDANCE = VideoModel(_SQUARE, seconds=(4, 12), usual=5, prompt_max=3500)
MODELS: dict[str, VideoModel] = {
    "gen4.5": VideoModel(_HD, seconds=(2, 10), usual=8, usd=Decimal("0.12")),
    "veo3.1": replace(_VEO, usd=Decimal("0.40")),
    "veo3.1_fast": replace(_VEO, usd=Decimal("0.15")),
    "kling3.0_pro": _KLING,
    "kling3.0_standard": replace(_KLING, sizes=_SQUARE),
    "kling_4": _KLING,
    "seedance2": _SEEDANCE,
    "seedance2_fast": _SEEDANCE,
    "seedance2_5": _SEEDANCE,
}
_SILENT = {"gen4.5", "kling_4"}  # models whose request has no word for sound
_STATES = {
    "PENDING": JobStatus.QUEUED,
    "THROTTLED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "SUCCEEDED": JobStatus.DONE,
    "FAILED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}
_KEY = "runway_api_key"


class RunwayProvider:
    """Films by Runway's API. Its jobs cost money: an unclear one is never begun again."""

    name = "runway"
    title = "Runway"

    def __init__(self, settings: Settings, storage: Storage) -> None:  # noqa: ARG002 - the provider's signature
        self._settings = settings
        self._model = settings.runway_model
        self._spec = MODELS.get(self._model, MODELS["gen4.5"])
        self.capabilities = self._spec.able(settings, parallel=3)

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:  # noqa: ARG002
        """Return the missing key, an unknown model, or a model of unknown price."""
        if self._model not in MODELS:
            return vendor.unknown_model(self.name, "runway_model", self._model, list(MODELS))
        lacking = vendor.missing_key(self.name, _KEY, self._settings.runway_api_key)
        return lacking or vendor.unpriced(self.name, self._model, self._spec, self._settings)

    def price(self, request: ClipRequest) -> Money:
        """Return what the clip costs at most, in cents."""
        return vendor.quote(self.name, self._model, self._spec, self._settings, request)

    async def content_key(self, request: ClipRequest) -> str | None:  # noqa: ARG002
        """Return None: each job gives another clip."""
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:  # noqa: ARG002 - the API takes no key of ours
        """Begin a task and return its id. Raises as `provider.Provider` says."""
        wanted: dict[str, Any] = {
            "model": self._model,
            "prompt_text": vendor.prompt_of(self._spec, request),
            "ratio": self._spec.sizes[request.aspect],
            "duration": math.ceil(vendor.seconds_of(self._spec, request)),
        }
        if self._model not in _SILENT:
            wanted["audio"] = True
        async with self._client() as client:
            with vendor.submitting(self.name, _KEY):
                made = await client.text_to_video.create(**wanted)
        return str(made.id)

    async def poll(self, external_id: str) -> JobState:
        """Ask about a task. Its cost is what Runway says it charged, refunds taken off."""
        task = await self._task(external_id)
        status = _STATES.get(task.status)
        if status is None:
            raise UpstreamError(f"runway answered with the unknown state {task.status!r}.", fix="Update MediaPoster.")
        cost = getattr(task, "cost", None)
        code = getattr(task, "failure_code", None)
        return JobState(
            status,
            1.0 if status is JobStatus.DONE else float(getattr(task, "progress", 0.0) or 0.0),
            getattr(task, "failure", "") or "",
            Money(math.ceil(cost.credits), "USD") if cost is not None else None,
            refused=vendor.is_moderation(code),
        )

    async def reference(self, external_id: str) -> Inspected | None:  # noqa: ARG002
        """Return None: the clip is downloaded."""
        return None

    async def download(self, external_id: str, into: Path) -> None:
        """Write the clip. Its address expires within a day or two, so a fresh one is asked for each time."""
        task = await self._task(external_id)
        outputs = getattr(task, "output", None)
        if not outputs:
            raise JobNotFoundError(f"runway has no clip for the task {external_id}.")
        await http.download(outputs[0], into, settings=self._settings, max_bytes=self._settings.media_max_bytes)

    async def cancel(self, external_id: str) -> None:
        """Cancel a task that is not done, and delete one that is."""
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                await client.tasks.delete(external_id)

    async def ask(self) -> str:
        """Ask for the account behind the key. Raises ForbiddenError, UpstreamError."""
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                account = await client.organization.retrieve()
        return f"Runway knows the key; {account.credit_balance} credits left."

    async def _task(self, external_id: str) -> Any:
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                return await client.tasks.retrieve(external_id)

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Any]:
        sdk = await asyncio.to_thread(_sdk)
        key = self._settings.runway_api_key
        async with sdk.AsyncRunwayML(
            api_key=key.get_secret_value() if key else "",
            base_url=self._settings.runway_base_url,
            timeout=vendor.TIMEOUT,
            max_retries=0,  # a creating call is never repeated, and of the others the workflow takes care
        ) as client:
            yield client


def _sdk() -> Any:
    import runwayml  # noqa: PLC0415 - it takes a second to import: only who films pays for it

    return runwayml
