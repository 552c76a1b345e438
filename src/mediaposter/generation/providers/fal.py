"""The provider `fal`: the models on fal.ai that take a prompt, a length and a shape, by its queue.

Facts: https://fal.ai/docs/api-reference/inference-api (submit, status, result and cancel; the answer names their
addresses), https://fal.ai/docs/errors and https://fal.ai/docs/documentation/model-apis/request-errors. Its Python
client repeats creating calls and cannot be told not to, so these four calls are made over HTTP. Prices: the models'
pages, 2026.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from mediaposter.core import http
from mediaposter.core.errors import NotConfiguredError, UpstreamError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import JobNotFoundError, SubmitUnknownError
from mediaposter.generation.provider import JobState, JobStatus, Money
from mediaposter.generation.providers import vendor
from mediaposter.generation.providers.vendor import VideoModel
from mediaposter.generation.schemas import Aspect, ClipRequest
from mediaposter.media.service import Inspected

QUEUE = "https://queue.fal.run"
_SIZES: dict[Aspect, str] = {"9:16": "9:16", "16:9": "16:9", "1:1": "1:1"}
MODELS: dict[str, VideoModel] = {
    "fal-ai/kling-video/v2.5-turbo/pro/text-to-video": VideoModel(
        _SIZES, choices=(5, 10), usual=5, prompt_max=2500, usd=Decimal("0.07")
    ),
    "fal-ai/kling-video/v3/pro/text-to-video": VideoModel(_SIZES, seconds=(3, 15), usual=5, prompt_max=2500),
    "fal-ai/kling-video/o3/pro/text-to-video": VideoModel(_SIZES, seconds=(3, 15), usual=5, prompt_max=2500),
}
_STATES = {"IN_QUEUE": JobStatus.QUEUED, "IN_PROGRESS": JobStatus.RUNNING, "COMPLETED": JobStatus.DONE}
_KEY = "fal_key"
_FREE = Money(0, "USD")  # only what came out is charged: https://fal.ai/docs/documentation/model-apis/pricing


class FalProvider:
    """Films by a model on fal.ai. Its jobs cost money: an unclear one is never begun again."""

    name = "fal"
    title = "fal.ai"

    def __init__(self, settings: Settings, storage: Storage) -> None:  # noqa: ARG002 - the provider's signature
        self._settings = settings
        self._model = settings.fal_model
        self._spec = MODELS.get(self._model, VideoModel(_SIZES, seconds=(3, 15), usual=5, prompt_max=2000))
        self._base = (settings.fal_base_url or QUEUE).rstrip("/")
        self.capabilities = self._spec.able(settings, parallel=2)

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:  # noqa: ARG002
        """Return the missing key, or a model of unknown price."""
        lacking = vendor.missing_key(self.name, _KEY, self._settings.fal_key)
        return lacking or vendor.unpriced(self.name, self._model, self._spec, self._settings)

    def price(self, request: ClipRequest) -> Money:
        """Return what the clip costs at most, in cents."""
        return vendor.quote(self.name, self._model, self._spec, self._settings, request)

    async def content_key(self, request: ClipRequest) -> str | None:  # noqa: ARG002
        """Return None: each job gives another clip."""
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:  # noqa: ARG002 - the API takes no key of ours
        """Queue a request and return where it stands, such as fal-ai/kling-video/requests/ID."""
        wanted = {
            "prompt": vendor.prompt_of(self._spec, request),
            "duration": f"{vendor.seconds_of(self._spec, request):g}",
            "aspect_ratio": self._spec.sizes[request.aspect],
        }
        with vendor.submitting(self.name, _KEY):
            made = _checked(await self._call("POST", f"/{self._model}", json=wanted)).json()
        place = str(made.get("response_url", "")).removeprefix(f"{self._base}/")
        if not place or "://" in place:
            raise SubmitUnknownError(f"its answer names no place of the request: {made}", fix="Look into fal's log.")
        return place

    async def poll(self, external_id: str) -> JobState:
        """Ask about a request; a finished one is looked into, for it may hold an error."""
        with vendor.asking(self.name, _KEY):
            told = _checked(await self._call("GET", f"/{external_id}/status")).json()
        status = _STATES.get(told.get("status", ""))
        if status is None:
            raise UpstreamError(f"fal answered with the unknown state {told.get('status')!r}.", fix="Try again.")
        if status is not JobStatus.DONE:
            waiting = told.get("queue_position")
            return JobState(status, message=f"{waiting} requests ahead at fal" if waiting else "")
        answer = await self._call("GET", f"/{external_id}")
        if answer.status_code in (400, 422) or told.get("error"):
            failed = vendor.answer_of(_error(answer))
            message = failed.message if answer.is_error else str(told["error"])
            return JobState(JobStatus.FAILED, message=message, cost=_FREE, refused=failed.moderated)
        with vendor.asking(self.name, _KEY):
            _checked(answer)
        return JobState(JobStatus.DONE, 1.0)

    async def reference(self, external_id: str) -> Inspected | None:  # noqa: ARG002
        """Return None: the clip is downloaded."""
        return None

    async def download(self, external_id: str, into: Path) -> None:
        """Write the clip."""
        with vendor.asking(self.name, _KEY):
            made = _checked(await self._call("GET", f"/{external_id}")).json()
        url = (made.get("video") or {}).get("url")
        if not url:
            raise JobNotFoundError(f"fal has no clip for {external_id}.")
        await http.download(url, into, settings=self._settings, max_bytes=self._settings.media_max_bytes)

    async def cancel(self, external_id: str) -> None:
        """Take a request out of the queue, or ask its runner to stop."""
        answer = await self._call("PUT", f"/{external_id}/cancel")
        if answer.status_code not in (200, 202, 400, 404):
            with vendor.asking(self.name, _KEY):
                _checked(answer)

    async def _call(self, method: str, path: str, json: Any = None) -> httpx.Response:
        key = self._settings.fal_key
        headers = {"Authorization": f"Key {key.get_secret_value() if key else ''}"}
        async with httpx.AsyncClient(base_url=self._base, headers=headers, timeout=vendor.TIMEOUT) as client:
            return await client.request(method, path, json=json)


class _FalError(Exception):
    def __init__(self, response: httpx.Response, body: object) -> None:
        super().__init__(response.text[:300])
        self.response, self.body, self.status_code = response, body, response.status_code


def _error(response: httpx.Response) -> _FalError:
    try:
        return _FalError(response, response.json())
    except ValueError:
        return _FalError(response, None)


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise _error(response)
    return response
