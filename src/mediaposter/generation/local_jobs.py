"""Jobs that run in this process: what a provider needs that makes its clips here, without a vendor.

A job dies with its process. A poll then raises JobNotFoundError and the workflow submits the job again, which is free.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from mediaposter.core.errors import MediaPosterError, UnavailableError, UpstreamError
from mediaposter.core.storage import Storage
from mediaposter.generation.errors import JobFailedError, JobNotFoundError
from mediaposter.generation.provider import JobState, JobStatus, Money
from mediaposter.media.service import Inspected

Report = Callable[[float, str], None]
Make = Callable[[Path, Report], Awaitable[Inspected | None]]
_KEPT = 64  # ended jobs whose state is remembered


@dataclass
class _Job:
    draft: Path
    task: asyncio.Task[Inspected | None]
    progress: float = 0.0
    message: str = ""
    cost: Money | None = None
    models: tuple[str, ...] = ()


class LocalJobs:
    """The running and the last ended jobs of one provider. `at_once` run, the others wait for their turn."""

    def __init__(self, name: str, storage: Storage, *, at_once: int) -> None:
        self._name = name
        self._turns = asyncio.Semaphore(at_once)
        self._storage = storage
        self._jobs: dict[str, _Job] = {}

    def start(self, key: str, make: Make, *, suffix: str = ".mp4") -> str:
        """Begin `make(draft, report)` and return the job's id. A job that runs or is done already is left as it is."""
        known = self._jobs.get(key)
        if known is not None and not _failed(known.task):
            return key
        draft = self._storage.scratch(suffix)

        def report(progress: float, message: str) -> None:
            job = self._jobs[key]
            job.progress, job.message = max(job.progress, min(progress, 1.0)), message

        async def run() -> Inspected | None:
            try:
                if self._turns.locked():
                    report(0.0, "Waiting for its turn")
                async with self._turns:
                    return await make(draft, report)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

        self._jobs[key] = _Job(draft, asyncio.create_task(run(), name=f"{self._name}:{key}"))
        self._forget()
        return key

    def poll(self, key: str) -> JobState:
        """Say where a job stands. Raises the error that ended it, JobNotFoundError for one of another process."""
        job = self._job(key)
        if not job.task.done():
            return JobState(JobStatus.RUNNING, job.progress, job.message)
        if job.task.cancelled():
            return JobState(JobStatus.CANCELLED, job.progress, "cancelled")
        error = job.task.exception()
        if error is not None and job.cost is not None and job.cost.amount_minor:
            # What was bought on the way is to be counted: a state has room for it, an error has not.
            fix = f" {error.fix}" if isinstance(error, MediaPosterError) else ""
            return JobState(JobStatus.FAILED, job.progress, f"{error}{fix}".strip(), job.cost, job.models)
        if isinstance(error, MediaPosterError) and not isinstance(error, UpstreamError | UnavailableError):
            raise error
        if error is not None:
            # Nothing outside will answer better the next time: the job itself is over.
            detail = error.detail if isinstance(error, MediaPosterError) else f"{type(error).__name__}: {error}"
            fix = error.fix if isinstance(error, MediaPosterError) else "The log of the worker has the whole error."
            raise JobFailedError(detail, fix=fix) from error
        return JobState(JobStatus.DONE, 1.0, job.message, job.cost, job.models)

    def spent(self, key: str, cost: Money, models: tuple[str, ...]) -> None:
        """Keep what a job has cost so far, and which models were paid or asked for it."""
        job = self._jobs[key]
        job.cost, job.models = cost, models

    def reference(self, key: str) -> Inspected | None:
        """Return what the job found, when its result stays where it is."""
        task = self._job(key).task
        return task.result() if task.done() else None

    def take(self, key: str, into: Path) -> None:
        """Move the finished file to `into`. A file that was taken before is gone: JobNotFoundError."""
        job = self._job(key)
        if not job.draft.exists():
            raise self._unknown(key)
        job.draft.replace(into)
        self._jobs.pop(key, None)

    async def cancel(self, key: str) -> None:
        """Stop a job and wait until its processes are gone."""
        job = self._jobs.get(key)
        if job is not None and not job.task.done():
            job.task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await job.task
        if job is not None:
            job.draft.unlink(missing_ok=True)

    def _job(self, key: str) -> _Job:
        job = self._jobs.get(key)
        if job is None:
            raise self._unknown(key)
        return job

    def _unknown(self, key: str) -> JobNotFoundError:
        return JobNotFoundError(
            f"{self._name} has no job {key}: the process that ran it has ended.", fix="Submit it again; that is free."
        )

    def _forget(self) -> None:
        ended = [key for key, job in self._jobs.items() if job.task.done()]
        for key in ended[:-_KEPT] if len(ended) > _KEPT else []:
            self._jobs.pop(key).draft.unlink(missing_ok=True)


def _failed(task: asyncio.Task[Inspected | None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
