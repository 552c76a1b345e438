"""Progress of a running stage: from any thread to its row and its event, at most a few times a second."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.pipeline import repository
from mediaposter.pipeline.models import Stage

_INTERVAL = 0.4  # seconds between two writes; a person sees no more


class StageProgress:
    """Collects progress and writes the newest. Call it with a share from 0 to 1; use it as an async context manager."""

    def __init__(self, ctx: Context, run_id: str, stage: Stage) -> None:
        self._ctx = ctx
        self._run_id = run_id
        self._stage = stage
        self._latest: tuple[float, str] | None = None
        self._task: asyncio.Task[None] | None = None

    def __call__(self, share: float, message: str = "") -> None:
        """Note the share done. Cheap, never blocks, may come from a thread."""
        self._latest = (min(max(share, 0.0), 1.0), message)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._write_often())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write_often(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            if self._latest is not None:
                (share, message), self._latest = self._latest, None
                await report(self._ctx, self._run_id, self._stage, share, message)


Look = Callable[[], Awaitable[tuple[float, str]]]


@asynccontextmanager
async def watching(ctx: Context, run_id: str, stage: Stage, look: Look) -> AsyncGenerator[None]:
    """Report what `look` sees (a share and a message) while the block runs. For workflows that wait for children.

    It only reports: nothing that is durable depends on it.
    """

    async def report_often() -> None:
        last = None
        while True:
            seen = await look()
            if seen != last:
                await report(ctx, run_id, stage, *seen)
                last = seen
            await asyncio.sleep(_INTERVAL)

    task = asyncio.create_task(report_often())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def report(ctx: Context, run_id: str, stage: Stage, share: float, message: str) -> None:
    """Write the progress of a stage, with its event, unless the stage has ended meanwhile."""
    async with ctx.database.session() as session:
        if await repository.report_progress(session, run_id, stage, share, message):
            data = {"stage": stage, "progress": round(share, 4), "message": message}
            await events.emit(session, "pipeline.stage.progressed", run_id, data)
