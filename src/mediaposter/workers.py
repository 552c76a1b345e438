"""Starting the worker as a process of its own, and keeping it running while its owner lives."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from types import TracebackType
from typing import Self

import structlog

from mediaposter.core.errors import UnavailableError
from mediaposter.core.settings import Settings

_SECONDS_TO_READY = 60.0
_SECONDS_TO_DRAIN = 30.0
_log = structlog.get_logger(__name__)


class WorkerProcess:
    """A worker beside us. An async context manager: ready when the block begins, drained and gone when it ends.

    The worker ends when we do, however we end: it holds the other end of a pipe of ours. With `keep`, it is started
    again when it dies.
    """

    def __init__(self, settings: Settings, url: str, *, keep: bool = False) -> None:
        self._environment = {
            **os.environ,
            "DATABASE_URL": url,
            # What its owner was told on the command line counts for the worker as well.
            "MEDIAPOSTER_HOST": settings.host,
            "MEDIAPOSTER_PORT": str(settings.port),
            "MEDIAPOSTER_LOG_LEVEL": settings.log_level,
            "MEDIAPOSTER_LOG_FORMAT": settings.log_format,
        }
        self._keep = keep
        self._process: Process | None = None
        self._guard: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await self._start()
        if self._keep:
            self._guard = asyncio.create_task(self._start_again())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._guard is not None:
            self._guard.cancel()
            await asyncio.gather(self._guard, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_SECONDS_TO_DRAIN):
                await process.wait()
        except TimeoutError:
            _log.warning("worker.killed", seconds=_SECONDS_TO_DRAIN, why="its work in flight did not end")
            process.kill()
            await process.wait()
        except asyncio.CancelledError:  # told to stop once more, by somebody who will not wait
            process.kill()
            raise

    async def _start(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "mediaposter.worker",
            "--with-parent",
            "--announce",
            stdin=PIPE,
            stdout=PIPE,
            stderr=None,
            env=self._environment,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(_SECONDS_TO_READY):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        except asyncio.CancelledError:  # it has nothing in hand yet
            process.kill()
            await process.wait()
            raise
        if not line:
            if process.returncode is None:
                process.kill()
            raise UnavailableError(
                "The worker did not start.", fix="Run `mediaposter worker` to see why; its log names the fault."
            )
        return process

    async def _start_again(self) -> None:
        pause = 0.5
        while True:
            assert self._process is not None
            code = await self._process.wait()
            _log.error("worker.died", code=code, again_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)
            try:
                self._process = await self._start()
            except UnavailableError:
                continue
            pause = 0.5
