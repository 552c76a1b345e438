"""The provider `sora`: OpenAI's Videos API, which OpenAI itself has switched off, at a gateway that still speaks it.

Facts: the `openai` SDK 3.54 (create, retrieve, download, remix; seconds, sizes, states) and
https://developers.openai.com/api/docs/guides/video-generation. Prices: https://developers.openai.com/api/docs/models/sora-2,
those of OpenAI; a gateway's own go into MEDIAPOSTER_VIDEO_PRICES.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from mediaposter.core.errors import InvalidInputError, NotConfiguredError, UpstreamError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.provider import JobState, JobStatus, Money
from mediaposter.generation.providers import vendor
from mediaposter.generation.providers.vendor import VideoModel
from mediaposter.generation.schemas import Aspect, ClipRequest
from mediaposter.media.service import Inspected

RETIRED_ON = date(2026, 9, 24)
_HD: dict[Aspect, str] = {"9:16": "720x1280", "16:9": "1280x720"}
_LENGTHS = (4, 8, 12)
MODELS: dict[str, VideoModel] = {
    "sora-2": VideoModel(_HD, choices=_LENGTHS, usual=8, prompt_max=4000, usd=Decimal("0.10")),
    "sora-2-pro": VideoModel(
        {"9:16": "1024x1792", "16:9": "1792x1024"}, choices=_LENGTHS, usual=8, prompt_max=4000, usd=Decimal("0.50")
    ),
}
_STATES = {
    "queued": JobStatus.QUEUED,
    "in_progress": JobStatus.RUNNING,
    "completed": JobStatus.DONE,
    "failed": JobStatus.FAILED,
}
_KEY = "sora_api_key"


class SoraProvider:
    """Films by the Videos API's contract. Its jobs cost money: an unclear one is never begun again."""

    name = "sora"
    title = "Sora (Videos API)"

    def __init__(self, settings: Settings, storage: Storage) -> None:  # noqa: ARG002 - the provider's signature
        self._settings = settings
        self._model = settings.sora_model
        self._spec = MODELS.get(self._model, MODELS["sora-2"])
        able = self._spec.able(settings, parallel=2)
        ended = replace(able, retired_on=RETIRED_ON, alternatives=("runway", "veo", "fal", "cards"))
        self.capabilities = able if settings.sora_base_url else ended

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:  # noqa: ARG002
        """Return the missing gateway or key, an unknown model, or a model of unknown price."""
        if self._model not in MODELS:
            return vendor.unknown_model(self.name, "sora_model", self._model, list(MODELS))
        lacking = None
        if not self._settings.sora_base_url:
            lacking = NotConfiguredError(
                "MEDIAPOSTER_SORA_BASE_URL",
                f"OpenAI retired the Videos API on {RETIRED_ON.isoformat()}, and no other server of it is set.",
                fix="Set MEDIAPOSTER_SORA_BASE_URL to a gateway that speaks it, or name runway, veo or fal.",
            )
        lacking = lacking or vendor.missing_key(self.name, _KEY, self._key())
        return lacking or vendor.unpriced(self.name, self._model, self._spec, self._settings)

    def price(self, request: ClipRequest) -> Money:
        """Return what the clip costs at most, in cents."""
        return vendor.quote(self.name, self._model, self._spec, self._settings, request)

    async def content_key(self, request: ClipRequest) -> str | None:  # noqa: ARG002
        """Return None: each job gives another clip."""
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:  # noqa: ARG002 - the API takes no key of ours
        """Begin a video, or a remix where `source` names the id of an earlier one. Raises as `Provider` says."""
        prompt = vendor.prompt_of(self._spec, request)
        async with self._client() as client:
            with vendor.submitting(self.name, _KEY):
                if request.source.startswith("video_"):
                    made = await client.videos.remix(request.source, prompt=prompt)
                else:
                    made = await client.videos.create(
                        prompt=prompt,
                        model=self._model,
                        seconds=f"{vendor.seconds_of(self._spec, request):g}",
                        size=self._spec.sizes[request.aspect],
                    )
        return str(made.id)

    async def poll(self, external_id: str) -> JobState:
        """Ask about a video."""
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                video = await client.videos.retrieve(external_id)
        status = _STATES.get(video.status)
        if status is None:
            raise UpstreamError(f"sora answered with the unknown state {video.status!r}.", fix="Update MediaPoster.")
        error = video.error
        return JobState(
            status,
            1.0 if status is JobStatus.DONE else min((video.progress or 0) / 100, 1.0),
            error.message if error else "",
            refused=vendor.is_moderation(error.code if error else None),
        )

    async def reference(self, external_id: str) -> Inspected | None:  # noqa: ARG002
        """Return None: the clip is downloaded."""
        return None

    async def download(self, external_id: str, into: Path) -> None:
        """Write the clip, streamed."""
        limit, size = self._settings.media_max_bytes, 0
        async with self._client() as client:
            with vendor.asking(self.name, _KEY), into.open("wb") as file:
                async with client.videos.with_streaming_response.download_content(external_id) as answer:
                    async for chunk in answer.iter_bytes(1 << 20):
                        size += len(chunk)
                        if size > limit:
                            raise InvalidInputError(
                                f"The clip is larger than {limit} bytes.", fix="Raise MEDIAPOSTER_MEDIA_MAX_BYTES."
                            )
                        await asyncio.to_thread(file.write, chunk)

    async def cancel(self, external_id: str) -> None:
        """Delete the video."""
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                await client.videos.delete(external_id)

    async def ask(self) -> str:
        """Ask for the newest video of the account. Raises ForbiddenError, UpstreamError."""
        async with self._client() as client:
            with vendor.asking(self.name, _KEY):
                # `videos.list` warns of the end of OpenAI's own service, which is not the one that is asked.
                await client.get("/videos", cast_to=object, options={"params": {"limit": 1}})
        return f"The gateway at {self._settings.sora_base_url} knows the key."

    def _key(self) -> SecretStr | None:
        return self._settings.sora_api_key or self._settings.openai_api_key

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[Any]:
        sdk = await asyncio.to_thread(_sdk)
        key = self._key()
        async with sdk.AsyncOpenAI(
            api_key=key.get_secret_value() if key else "",
            base_url=self._settings.sora_base_url,
            timeout=vendor.TIMEOUT,
            max_retries=0,  # a creating call is never repeated, and of the others the workflow takes care
        ) as client:
            yield client


def _sdk() -> Any:
    import openai  # noqa: PLC0415 - it takes a second to import: only who films pays for it

    return openai
