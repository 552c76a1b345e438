"""The provider `veo`: Google's Veo by the Gemini API, through the `google-genai` SDK.

Facts: the SDK (generate_videos, operations, files; aspect ratios, lengths, what the safety filter took away) and
https://ai.google.dev/gemini-api/docs/video. Prices: https://ai.google.dev/gemini-api/docs/pricing, the highest
reported in 2026 for 720p and 1080p with sound. A video that the filter takes away costs nothing.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import regex

from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import JobNotFoundError
from mediaposter.generation.provider import JobState, JobStatus, Money
from mediaposter.generation.providers import vendor
from mediaposter.generation.providers.vendor import VideoModel
from mediaposter.generation.schemas import Aspect, ClipRequest
from mediaposter.media.service import Inspected

_SIZES: dict[Aspect, str] = {"9:16": "9:16", "16:9": "16:9"}
_LENGTHS = (4, 6, 8)
MODELS: dict[str, VideoModel] = {
    "veo-3.1-generate-preview": VideoModel(_SIZES, choices=_LENGTHS, prompt_max=4000, usd=Decimal("0.40")),
    "veo-3.1-fast-generate-preview": VideoModel(_SIZES, choices=_LENGTHS, prompt_max=4000, usd=Decimal("0.15")),
    "veo-3.1-generate-001": VideoModel(_SIZES, choices=_LENGTHS, prompt_max=4000, usd=Decimal("0.40")),
    "veo-3.1-fast-generate-001": VideoModel(_SIZES, choices=_LENGTHS, prompt_max=4000, usd=Decimal("0.15")),
}
_KEY = "google_api_key"
_FILE = regex.compile(r"files/[\w-]+")  # in the address of a video; the SDK itself reads https addresses only
_FREE = Money(0, "USD")


class VeoProvider:
    """Films by Google's Veo. Its jobs cost money: an unclear one is never begun again."""

    name = "veo"
    title = "Google Veo"

    def __init__(self, settings: Settings, storage: Storage) -> None:  # noqa: ARG002 - the provider's signature
        self._settings = settings
        self._model = settings.veo_model
        self._spec = MODELS.get(self._model, MODELS["veo-3.1-generate-preview"])
        self.capabilities = self._spec.able(settings, parallel=3)

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:  # noqa: ARG002
        """Return the missing key, an unknown model, or a model of unknown price."""
        if self._model not in MODELS:
            return vendor.unknown_model(self.name, "veo_model", self._model, list(MODELS))
        lacking = vendor.missing_key(self.name, _KEY, self._settings.google_api_key)
        return lacking or vendor.unpriced(self.name, self._model, self._spec, self._settings)

    def price(self, request: ClipRequest) -> Money:
        """Return what the clip costs at most, in cents."""
        return vendor.quote(self.name, self._model, self._spec, self._settings, request)

    async def content_key(self, request: ClipRequest) -> str | None:  # noqa: ARG002
        """Return None: each job gives another clip."""
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:  # noqa: ARG002 - the API takes no key of ours
        """Begin an operation and return its name. Raises as `provider.Provider` says."""
        wanted = {
            "number_of_videos": 1,
            "aspect_ratio": self._spec.sizes[request.aspect],
            "duration_seconds": round(vendor.seconds_of(self._spec, request)),
        }
        prompt = vendor.prompt_of(self._spec, request)
        async with self._client() as client:
            with vendor.submitting(self.name, _KEY):
                try:
                    made = await client.models.generate_videos(
                        model=self._model, source={"prompt": prompt}, config=wanted
                    )
                except Exception as error:
                    told = vendor.answer_of(error)
                    if told.status == 503:  # UNAVAILABLE: the model is overloaded and took nothing
                        raise vendor.refusal(self.name, _KEY, vendor.Answer(429, told.message)) from error
                    raise
        return str(made.name)

    async def poll(self, external_id: str) -> JobState:
        """Ask about an operation."""
        operation = await self._operation(external_id)
        if not operation.done:
            return JobState(JobStatus.RUNNING)
        if operation.error:
            message = str(operation.error.get("message") or operation.error)
            return JobState(JobStatus.FAILED, message=message, cost=_FREE)
        response = operation.response
        if response is None or not response.generated_videos:
            why = "; ".join((response.rai_media_filtered_reasons if response else None) or [])
            filtered = bool(response and response.rai_media_filtered_count)
            message = why or "the operation ended without a video"
            return JobState(JobStatus.FAILED, message=message, cost=_FREE, refused=filtered)
        return JobState(JobStatus.DONE, 1.0)

    async def reference(self, external_id: str) -> Inspected | None:  # noqa: ARG002
        """Return None: the clip is downloaded."""
        return None

    async def download(self, external_id: str, into: Path) -> None:
        """Write the clip, streamed. Google keeps it for two days."""
        operation = await self._operation(external_id)
        made = operation.response.generated_videos if operation.response else None
        name = _FILE.search(made[0].video.uri or "") if made and made[0].video else None
        if name is None:
            raise JobNotFoundError(f"veo has no clip for {external_id}.")
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                await client.files.download(file=name[0], destination=str(into))

    async def cancel(self, external_id: str) -> None:
        """Do nothing: the API has no word for it, and the operation ends by itself."""

    async def ask(self) -> str:
        """Ask for the model. Raises ForbiddenError, UpstreamError, NotConfiguredError for a model that is not there."""
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                try:
                    await client.models.get(model=self._model)
                except Exception as error:
                    if vendor.answer_of(error).status == 404:
                        raise vendor.unknown_model(self.name, "veo_model", self._model, list(MODELS)) from error
                    raise
        return f"Google knows the key and {self._model}."

    async def _operation(self, external_id: str) -> Any:
        genai = await asyncio.to_thread(_sdk)
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                return await client.operations.get(genai.types.GenerateVideosOperation(name=external_id))

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Any]:
        genai = await asyncio.to_thread(_sdk)
        key = self._settings.google_api_key
        options = genai.types.HttpOptions(
            base_url=self._settings.google_base_url,
            timeout=round(vendor.TIMEOUT * 1000),
            # A creating call is never repeated, and of the others the workflow takes care.
            retry_options=genai.types.HttpRetryOptions(attempts=1),
        )
        client = genai.Client(api_key=key.get_secret_value() if key else "", http_options=options)
        try:
            yield client.aio
        finally:
            await client.aio.aclose()
            client.close()


def _sdk() -> Any:
    from google import genai  # noqa: PLC0415 - it takes seconds to import: only who films pays for it

    return genai
