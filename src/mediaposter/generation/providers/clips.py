"""The provider `clips`: the user's own files and URLs as parts. Nothing is copied that can be referred to."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mediaposter.core.errors import FieldProblem, NotConfiguredError
from mediaposter.core.settings import Settings
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import RequestUnsuitableError
from mediaposter.generation.local_jobs import LocalJobs, Report
from mediaposter.generation.provider import FREE, Capabilities, JobState, Money
from mediaposter.generation.schemas import ClipRequest
from mediaposter.media import ffmpeg
from mediaposter.media import service as media
from mediaposter.media.service import Inspected

_SHORTER = 0.05  # seconds by which a clip may be longer than asked for and still be used whole


class ClipsProvider:
    """Takes `source` of a request, checks that it is a video, and cuts it to `seconds` when it is longer."""

    name = "clips"
    title = "Your own clips"
    capabilities = Capabilities(
        seconds_min=0.1, audio=True, max_parallel=4, resubmit_is_free=True, poll_seconds=0.05, deadline_seconds=3600
    )

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings = settings
        self._storage = storage
        self._jobs = LocalJobs(self.name, storage, at_once=self.capabilities.max_parallel)

    def missing(self, request: ClipRequest | None = None) -> NotConfiguredError | None:  # noqa: ARG002
        """Return None: nothing is needed."""
        return None

    def price(self, request: ClipRequest) -> Money:  # noqa: ARG002
        """Return nothing: your own clips are free."""
        return FREE

    async def content_key(self, request: ClipRequest) -> str | None:  # noqa: ARG002
        """Return None: the file behind a name may have changed."""
        return None

    async def submit(self, request: ClipRequest, job_key: str) -> str:
        """Begin to fetch and check the source. Raises RequestUnsuitableError when the request names none."""
        if not request.source:
            raise RequestUnsuitableError(
                "The provider clips needs a file or URL, and the request has none.",
                fix="Give your clips (--clips a.mp4 b.mp4), or name a provider that makes clips from a prompt.",
                errors=[FieldProblem("source", "needed by the provider clips", "Give a file or an http(s) URL.")],
            )

        async def make(draft: Path, report: Report) -> Inspected | None:
            return await self._bring(request, draft, report)

        return self._jobs.start(job_key, make)

    async def poll(self, external_id: str) -> JobState:
        """Say how far the fetch is. Raises MediaError and its kinds for a source that cannot be used."""
        return self._jobs.poll(external_id)

    async def reference(self, external_id: str) -> Inspected | None:
        """Return the source itself, unless it was cut."""
        return self._jobs.reference(external_id)

    async def download(self, external_id: str, into: Path) -> None:
        """Move the cut clip to `into`."""
        self._jobs.take(external_id, into)

    async def cancel(self, external_id: str) -> None:
        """Stop fetching."""
        await self._jobs.cancel(external_id)

    async def _bring(self, request: ClipRequest, draft: Path, report: Report) -> Inspected | None:
        report(0.0, "Reading the file" if "://" not in request.source else "Fetching the clip")
        found = await media.inspect(
            request.source,
            storage=self._storage,
            settings=self._settings,
            on_progress=lambda share: report(0.9 * share, "Reading"),
        )
        if found.facts.kind != "video":
            raise RequestUnsuitableError(
                f"{request.source} is {_article(found.facts.kind)} and not a video.",
                fix="Give a video. Pictures can be the background of cards: give them as images.",
                errors=[FieldProblem("source", "must be a video", "Give another file.")],
            )
        if request.seconds is None or found.facts.duration <= request.seconds + _SHORTER:
            report(1.0, "Used as it is")
            return found
        report(0.9, "Cutting")
        path = await self._path(found)
        await ffmpeg.run(
            [
                *ffmpeg.input_args(path),
                *("-t", f"{request.seconds:.3f}", "-map", "0:v:0", "-map", "0:a:0?", "-c", "copy"),
                *("-f", "mp4" if "mp4" in found.facts.container else "matroska", f"file:{draft}"),
            ],
            duration=request.seconds,
            on_progress=lambda share: report(0.9 + 0.1 * share, "Cutting"),
        )
        return None

    async def _path(self, found: Inspected) -> Path:
        if found.storage_key is not None:
            return await self._storage.local_path(found.storage_key)
        return Path(unquote(urlsplit(found.source_uri).path))


def _article(kind: str) -> str:
    return {"audio": "sound only", "image": "a still picture"}.get(kind, f"of the kind {kind}")
