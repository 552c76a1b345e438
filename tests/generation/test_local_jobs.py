"""Jobs of this process take turns."""

import asyncio
from pathlib import Path

import pytest

from mediaposter.core.storage import Storage
from mediaposter.generation.local_jobs import LocalJobs, Report
from mediaposter.generation.provider import JobStatus

pytestmark = pytest.mark.feature("ARCH-002")


async def test_no_more_jobs_run_at_once_than_allowed(tmp_path: Path) -> None:
    jobs = LocalJobs("here", Storage(tmp_path), at_once=2)
    running: set[str] = set()
    most = 0
    go_on = asyncio.Event()

    def job(name: str) -> None:
        async def make(draft: Path, report: Report) -> None:
            nonlocal most
            running.add(name)
            most = max(most, len(running))
            await go_on.wait()
            running.remove(name)

        jobs.start(name, make)

    for name in "abc":
        job(name)
    while len(running) < 2:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = jobs.poll("c")
    go_on.set()
    while jobs.poll("c").status is not JobStatus.DONE:
        await asyncio.sleep(0)

    assert (most, waiting.status, waiting.message) == (2, JobStatus.RUNNING, "Waiting for its turn")


async def test_a_job_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    jobs = LocalJobs("here", Storage(tmp_path), at_once=1)
    started: list[str] = []

    async def make(draft: Path, report: Report) -> None:
        started.append(draft.name)
        await asyncio.Event().wait()

    for name in ("first", "second"):
        jobs.start(name, make)
    await asyncio.sleep(0)
    await jobs.cancel("second")
    state = jobs.poll("second").status
    await jobs.cancel("first")

    assert (len(started), state) == (1, JobStatus.CANCELLED)
