"""The provider itself: jobs, pictures, keys. What a card looks like is in the files beside this one."""

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from mediaposter.core import context, http
from mediaposter.core.errors import FieldProblem, InvalidInputError, MediaPosterError, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import SCHEME, Storage
from mediaposter.generation.local_jobs import LocalJobs, Report
from mediaposter.generation.provider import FREE, Capabilities, JobState, Money
from mediaposter.generation.providers.cards.render import Draft, clear, draft, render, speaker
from mediaposter.generation.schemas import SILENT, Aspect, ClipRequest
from mediaposter.generation.script import shown_text, spoken_text, write_script
from mediaposter.media.errors import MediaError
from mediaposter.media.hashing import sha256_of
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe_async
from mediaposter.media.service import Inspected
from mediaposter.models.images import Picture, buy_picture, image_model

GENERATED = "generated"
# Pixels: about a megapixel is enough behind type, under a veil and a moving camera.
_BACKGROUNDS: dict[Aspect, tuple[int, int]] = {"9:16": (720, 1280), "1:1": (1024, 1024), "16:9": (1280, 720)}
VERSION = 1  # of the looks: raise it when the same request gives another picture


class CardsProvider:
    """Makes clips out of type, colour and a voice, here and for nothing but what a vendor's voice or picture costs."""

    name = "cards"
    title = "Cards (built in)"
    capabilities = Capabilities(
        seconds_min=1,
        seconds_max=180,
        images=True,
        audio=True,
        max_parallel=min(4, os.cpu_count() or 1),  # each keeps a core busy
        resubmit_is_free=True,
        poll_seconds=0.2,
        deadline_seconds=1800,
    )

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._jobs = LocalJobs(self.name, storage, at_once=self.capabilities.max_parallel)

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:
        """Return what the voice or the background lacks, when `request` wants one."""
        if request is None:
            return None
        try:
            if request.voice != SILENT:
                speaker(self._settings, request)
            if request.background:
                image_model(self._settings)
        except NotConfiguredError as error:
            return error
        return None

    def price(self, request: ClipRequest) -> Money:
        """Return what a vendor's voice and a drawn background cost at most; all else is made here for nothing.

        Nothing is counted for what was bought before, nor for a request whose voice or model is not to be had.
        """
        try:
            micros = 0
            if request.voice != SILENT:
                micros += speaker(self._settings, request).price(spoken_text(write_script(request))).micros
            if request.background:
                micros += image_model(self._settings).price(picture_of(request)).micros
        except MediaPosterError:
            return FREE
        return _money(micros)

    async def content_key(self, request: ClipRequest) -> str | None:
        """Return a key over all that shapes the clip; None with pictures from the network, which may change."""
        named = [*chosen_images(request), *([request.brand.logo] if request.brand.logo else [])]
        files = [*named, *([request.brand.font] if Path(request.brand.font).suffix else [])]
        if any("://" in name for name in files):
            return None
        try:
            hashes = [await sha256_of(Path(name).expanduser()) for name in files]
        except MediaError:
            return None  # the job will say what is wrong with it
        spoken_by = "" if request.voice == SILENT else speaker(self._settings, request).identity
        drawn_by = image_model(self._settings).identity if request.background else ""
        # By who speaks and draws, not by how that was said: the configured voice is the same as the one named.
        plain = request.model_copy(update={"voice": SILENT})
        return f"cards:{plain.digest(version=VERSION, files=hashes, speaker=spoken_by, drawn_by=drawn_by)}"

    async def submit(self, request: ClipRequest, job_key: str) -> str:
        """Check the request and begin to render. Raises InvalidInputError and its kinds, NotConfiguredError."""
        absent = self.missing(request)
        if absent is not None:
            raise absent
        if not (request.prompt or request.script):
            raise InvalidInputError(
                "Cards need words, and the request has neither a prompt nor a script.",
                fix="Give a prompt.",
                errors=[FieldProblem("prompt", "needed by the provider cards", "Say what the clip is about.")],
            )
        work = draft(request)

        async def make(into: Path, report: Report) -> Inspected | None:
            await self._make(work, into, report, _Bill(lambda bill: self._jobs.spent(job_key, *bill.total())))
            return None

        return self._jobs.start(job_key, make)

    async def poll(self, external_id: str) -> JobState:
        """Say how far the render is. Raises the error that ended it."""
        return self._jobs.poll(external_id)

    async def reference(self, external_id: str) -> Inspected | None:  # noqa: ARG002
        """Return None: the clip is ours and moves into the storage."""
        return None

    async def download(self, external_id: str, into: Path) -> None:
        """Move the finished clip to `into`."""
        self._jobs.take(external_id, into)

    async def cancel(self, external_id: str) -> None:
        """Stop the render and its ffmpeg."""
        await self._jobs.cancel(external_id)

    async def _make(self, work: Draft, into: Path, report: Report, bill: "_Bill") -> None:
        folder = self._storage.scratch(".cards")
        folder.mkdir()
        try:
            request = work.request
            report(0.0, "Gathering pictures" if request.images else "Beginning")
            images = await self._pictures(chosen_images(request), folder, "images")
            if request.background:
                images = [await self._drawn(request, report, bill)]
            logo = (await self._pictures([request.brand.logo], folder, "brand.logo"))[0] if request.brand.logo else None
            await render(
                work,
                into,
                settings=self._settings,
                folder=folder,
                images=images,
                logo=logo,
                report=report,
                on_speech=lambda speech: bill.add(speech.model, speech.cost_micros),
            )
        finally:
            clear(folder)

    async def _drawn(self, request: ClipRequest, report: Report, bill: "_Bill") -> Path:
        """Return the background, bought unless it was before."""
        model = image_model(self._settings)
        report(0.0, f"{model.name} is drawing the background")
        bought = await buy_picture(context.current(), model, picture_of(request))
        bill.add(bought.model, bought.cost_micros)
        return bought.path

    async def _pictures(self, sources: Sequence[str], folder: Path, field: str) -> list[Path]:
        """Return a local file for each source, probed. Raises InvalidInputError for what is not a picture."""
        limits = MediaLimits.of(self._settings)
        paths: list[Path] = []
        for number, source in enumerate(sources):
            path = Path(source).expanduser()
            if source.startswith(SCHEME):
                path = await self._storage.local_path(source.removeprefix(SCHEME))
            elif "://" in source:
                path = folder / f"{field}{number}"
                await http.download(source, path, settings=self._settings, max_bytes=limits.max_bytes)
            facts = await probe_async(path, limits)
            if facts.kind != "image":
                raise InvalidInputError(
                    f"{source} is not a picture.",
                    fix="Give a JPEG, PNG or WebP file. A video is a part of its own: use the provider clips.",
                    errors=[FieldProblem(field, "must be a picture", "Give another file.")],
                )
            paths.append(path)
        return paths


class _Bill:
    """What a clip has cost so far, and by whom."""

    def __init__(self, tell: Callable[["_Bill"], None]) -> None:
        self._tell = tell
        self._micros = 0
        self._models: dict[str, None] = {}

    def add(self, model: str, micros: int) -> None:
        """Add what `model` was paid, in millionths of a US dollar."""
        self._micros += micros
        self._models[model] = None
        self._tell(self)

    def total(self) -> tuple[Money, tuple[str, ...]]:
        """Return it in whole cents, rounded up, and the models in their order."""
        return _money(self._micros), tuple(self._models)


def picture_of(request: ClipRequest) -> Picture:
    """Return the background that `request` asks for: what it says, or a scene after the clip's own words."""
    about = request.background
    if about == GENERATED:
        words = shown_text(write_script(request))
        about = f"The place and mood of this story, without people's faces: {words[:1000]}"
    style = f" {request.notes}" if request.notes else ""
    prompt = f"{about}{style} A calm photographic background, no text, no letters, no logos."
    return Picture(prompt, *_BACKGROUNDS[request.aspect])


def _money(micros: int) -> Money:
    return Money(math.ceil(micros / 10_000))


def chosen_images(request: ClipRequest) -> list[str]:
    """Return the pictures that this part shows: all of them dealt out over the parts, none left without."""
    if len(request.images) < request.parts:
        return [request.images[(request.part - 1) % len(request.images)]] if request.images else []
    return list(request.images[request.part - 1 :: request.parts])
