"""The provider `sora-web`: a site that works as Sora's did, worked by the browser that this machine drives."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mediaposter.browser import opening
from mediaposter.browser.errors import (
    BrowserUnavailableError,
    CaptchaError,
    LoginNeededError,
    OutcomeUnknownError,
    SiteRefusedError,
    UsageExhaustedError,
)
from mediaposter.browser.page import Page
from mediaposter.browser.sites.sora import run
from mediaposter.browser.sites.sora.recipe import CLOSED_ON, LENGTHS, Recipe
from mediaposter.browser.sites.sora.run import Job, Stage, Wish
from mediaposter.browser.turns import Urgency
from mediaposter.core import context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError, UpstreamError
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

_PERSON = 30.0  # seconds between two tries while somebody has to log in or to answer a captcha
_STAGES = {
    Stage.RUNNING: JobStatus.RUNNING,
    Stage.DONE: JobStatus.DONE,
    Stage.FAILED: JobStatus.FAILED,
    Stage.REFUSED: JobStatus.FAILED,
}


class SoraWebProvider:
    """Works the site as a person would, one step at a time. What it makes is paid by the account's own plan."""

    name = "sora-web"
    title = "Sora's site, in the browser"

    def __init__(self, settings: Settings, storage: Storage) -> None:  # noqa: ARG002 - the provider's signature
        self._settings = settings
        self._origin = (settings.sora_site_url or "").rstrip("/")
        self._recipe = Recipe()
        self._notes = settings.home / "browser" / "sora-drafts.json"
        self.capabilities = Capabilities(
            aspects=("9:16", "16:9"),
            seconds_min=LENGTHS[0],
            seconds_max=LENGTHS[-1],
            choices=LENGTHS,
            audio=True,
            films=True,
            browser=True,
            max_parallel=3,  # so many the site made at once
            poll_seconds=max(settings.video_poll_seconds, 0.2),
            deadline_seconds=settings.video_deadline_minutes * 60,
            retired_on=None if settings.sora_site_url else CLOSED_ON,
            alternatives=("runway", "veo", "fal", "cards"),
        )

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:  # noqa: ARG002
        """Return the missing site or browser."""
        if not self._origin:
            return NotConfiguredError(
                "MEDIAPOSTER_SORA_SITE_URL",
                f"Sora's site closed on {CLOSED_ON.isoformat()}, and no other that works like it is set.",
                fix="Set MEDIAPOSTER_SORA_SITE_URL to one, or name runway, veo or fal.",
            )
        return opening.missing(self._settings)

    def price(self, request: ClipRequest) -> Money:  # noqa: ARG002
        """Return nothing: the account's plan at the site pays."""
        return FREE

    async def content_key(self, request: ClipRequest) -> str | None:  # noqa: ARG002
        """Return None: each job gives another clip."""
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:
        """Begin a video and return what it is found by later. Raises as `provider.Provider` says."""
        if not request.prompt:
            raise RequestUnsuitableError("The site needs a prompt.", fix="Give one.")
        words = f"{request.prompt}\n\n{request.notes}" if request.notes else request.prompt
        wish = Wish(words, request.seconds or LENGTHS[0], request.aspect)
        try:
            async with self._page(self._recipe.drafts, Urgency.GENERATE) as page:
                return str(await run.begin(page, self._recipe, wish, job_key))
        except OutcomeUnknownError as error:
            raise SubmitUnknownError(error.detail, fix=error.fix) from error
        except SiteRefusedError as error:
            raise ProviderRefusedError(error.detail, fix=error.fix) from error
        except UsageExhaustedError as error:
            raise RequestUnsuitableError(error.detail, fix=error.fix) from error
        except (CaptchaError, LoginNeededError, BrowserUnavailableError) as error:  # a person is told, and has time
            raise ProviderBusyError(f"{error.detail} {error.fix}", after=_PERSON) from error
        except MediaPosterError as error:  # before the one click: the site has begun nothing
            raise RequestUnsuitableError(error.detail, fix=error.fix) from error

    async def poll(self, external_id: str) -> JobState:
        """Look for the video among the drafts."""
        job = self._job(external_id)
        claims = await self._claims()
        if job.key in claims:
            return JobState(JobStatus.DONE, 1.0)
        try:
            async with self._page(self._recipe.drafts, Urgency.POLL) as page:
                claims = await self._claims()
                seen = await run.look_for(page, self._recipe, job, set(claims.values()))
                if seen.stage is Stage.DONE:
                    await self._claim(claims, job.key, seen.draft)
        except MediaPosterError as error:  # the site goes on with the video, whatever this look at it met
            raise UpstreamError(error.detail, fix=error.fix) from error
        done = seen.stage is Stage.DONE
        return JobState(
            _STAGES[seen.stage],
            1.0 if done else 0.0,
            seen.message or ("" if done else "It is not among the drafts yet"),
            refused=seen.stage is Stage.REFUSED,
        )

    async def reference(self, external_id: str) -> Inspected | None:  # noqa: ARG002
        """Return None: the clip is downloaded."""
        return None

    async def download(self, external_id: str, into: Path) -> None:
        """Fetch the video with the page's own session."""
        draft = (await self._claims()).get(self._job(external_id).key)
        if draft is None:
            raise JobNotFoundError("The site's draft of this job is not known on this machine.")
        try:
            async with self._page(self._recipe.drafts, Urgency.POLL) as page:
                limit = self._settings.media_max_bytes
                await run.fetch(page, self._recipe, draft, into, max_bytes=limit)
        except MediaPosterError as error:
            raise UpstreamError(error.detail, fix=error.fix) from error

    async def cancel(self, external_id: str) -> None:
        """Do nothing: what the site has begun it finishes, as a draft that nobody needs."""

    def _page(self, path: str, urgency: Urgency) -> AbstractAsyncContextManager[Page]:
        return opening.page_on(context.current(), site="sora", origin=self._origin, path=path, urgency=urgency)

    def _job(self, external_id: str) -> Job:
        try:
            return Job.parse(external_id)
        except ValueError as error:
            raise JobNotFoundError(f"{external_id!r} is no job of the site.") from error

    async def _claims(self) -> dict[str, str]:
        """Which draft each job has: two with the same words must not take the same one."""
        try:
            return json.loads(await asyncio.to_thread(self._notes.read_text, "utf-8"))
        except FileNotFoundError:
            return {}

    async def _claim(self, claims: dict[str, str], key: str, draft: str) -> None:
        self._notes.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._notes.with_suffix(".new")
        await asyncio.to_thread(fresh.write_text, json.dumps(claims | {key: draft}), "utf-8")
        fresh.replace(self._notes)
