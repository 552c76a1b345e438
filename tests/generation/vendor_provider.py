"""Providers of the tests: small, real, and installed through the same door as any other."""

import os
from datetime import date
from pathlib import Path
from typing import ClassVar

import httpx

from mediaposter.core.errors import NotConfiguredError, UpstreamError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import (
    JobNotFoundError,
    ProviderBusyError,
    ProviderRefusedError,
    RequestUnsuitableError,
    SubmitUnknownError,
)
from mediaposter.generation.provider import FREE, Capabilities, JobState, JobStatus, Money
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media.service import Inspected
from tests.servers.clip_vendor import KEY, PRICE

URL = "CLIP_VENDOR_URL"
_STATUS = {
    "PENDING": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "SUCCEEDED": JobStatus.DONE,
    "FAILED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}


class VendorProvider:
    """Speaks to tests/servers/clip_vendor.py. A second task would cost money."""

    name = "vendor"
    capabilities: ClassVar[Capabilities] = Capabilities(poll_seconds=0.02, deadline_seconds=20, max_parallel=3)

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._url = os.environ.get(URL, "")

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:
        return None if self._url else NotConfiguredError(URL, "The vendor's address is missing.")

    def price(self, request: ClipRequest) -> Money:
        return Money(PRICE, "USD")

    async def content_key(self, request: ClipRequest) -> str | None:
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:
        if not request.prompt:
            raise RequestUnsuitableError("The vendor needs a prompt.", fix="Give one.")
        try:
            answer = await self._call("POST", "/v1/tasks", json={"prompt": request.prompt})
        except httpx.HTTPError as error:
            raise SubmitUnknownError(f"no answer: {error!r}", fix="Look there.") from error
        if answer.status_code == 429:
            raise ProviderBusyError("The vendor is full.", after=float(answer.headers["retry-after"]))
        if answer.status_code in {400, 401}:
            raise ProviderRefusedError(answer.json()["error"], fix="Change the prompt or the key.")
        if answer.status_code != 201:
            raise SubmitUnknownError(f"it answered {answer.status_code}", fix="Look there.")
        return str(answer.json()["id"])

    async def poll(self, external_id: str) -> JobState:
        answer = await self._call("GET", f"/v1/tasks/{external_id}")
        if answer.status_code == 404:
            raise JobNotFoundError("The vendor does not know the task.")
        if answer.status_code != 200:
            raise UpstreamError(f"The vendor answered {answer.status_code}.")
        told = answer.json()
        status = _STATUS[told["status"]]
        cost = Money(told["credits"], "USD") if status in (JobStatus.DONE, JobStatus.FAILED) else None
        return JobState(status, told["progress"], told["error"] or "", cost)

    async def reference(self, external_id: str) -> Inspected | None:
        return None

    async def download(self, external_id: str, into: Path) -> None:
        answer = await self._call("GET", f"/v1/tasks/{external_id}/file")
        if answer.status_code != 200:
            raise UpstreamError(f"The vendor answered {answer.status_code}.")
        into.write_bytes(answer.content)

    async def cancel(self, external_id: str) -> None:
        await self._call("DELETE", f"/v1/tasks/{external_id}")

    async def _call(self, method: str, path: str, json: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=self._url, timeout=2.0, headers=headers) as client:
            return await client.request(method, path, json=json)


class FreeVendorProvider(VendorProvider):
    """The same vendor, where a second task costs nothing."""

    name = "vendor-free"
    capabilities: ClassVar[Capabilities] = Capabilities(poll_seconds=0.02, deadline_seconds=20, resubmit_is_free=True)

    def price(self, request: ClipRequest) -> Money:
        return FREE


class RetiredProvider(VendorProvider):
    name = "retired"
    capabilities: ClassVar[Capabilities] = Capabilities(
        retired_on=date(2026, 9, 24), alternatives=("cards", "vendor"), aspects=("9:16",)
    )


class UnreadyProvider(VendorProvider):
    name = "unready"

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:
        return NotConfiguredError("UNREADY_KEY", "The key of the unready vendor is missing.")
