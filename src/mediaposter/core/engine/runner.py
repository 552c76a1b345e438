"""The engine of a worker process: runs what is on the queues until it is stopped."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from dbos import DBOS, DBOSConfig
from sqlalchemy.exc import SQLAlchemyError

from mediaposter.core.context import Context
from mediaposter.core.engine.alarm import alarm
from mediaposter.core.engine.client import quiet_log, register_queues, sync_engine
from mediaposter.core.engine.declare import running_steps
from mediaposter.core.engine.queues import APPLICATION, VERSION
from mediaposter.core.errors import UnavailableError
from mediaposter.core.leases import Lease
from mediaposter.core.notifications import QUEUES, listening

_THREADS = 64  # for blocking calls of steps and of the engine; without a bound it makes one for each that waits
_CONNECTIONS = 8
_FIRST_POLL_SECONDS = 0.05
_SECONDS_TO_CANCEL = 10.0  # a workflow that does not let itself be cancelled goes on when it is recovered
_log = structlog.get_logger(__name__)


class Engine:
    """Runs workflows in this process's event loop. One at a time per process."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lease: Lease | None = None
        self._dbos: Any = None
        self._database: Any = None
        self._ears: asyncio.Task[None] | None = None

    @property
    def worker_id(self) -> str:
        """The id of this worker, new at each launch."""
        assert self._lease is not None
        return self._lease.id

    async def launch(self) -> None:
        """Take a lease, then begin to work. The declared workflows must have been imported.

        Raises UnavailableError when the engine's tables are missing or too old.
        """
        settings, url = self._ctx.settings, self._ctx.database.url
        self._lease = Lease(
            url, app_version=VERSION, seconds=settings.worker_lease_seconds, recover=_recover_workflows_of
        )
        await asyncio.to_thread(self._lease.register)
        # Their threads' first pause cannot be cut short yet, so it is a short one.
        await register_queues(url, _FIRST_POLL_SECONDS)
        self._database = sync_engine(url, pool_size=_CONNECTIONS)
        quiet_log()
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._database,
            "application_version": VERSION,
            "executor_id": self._lease.id,
            "run_migrations": False,
            # We use none of its messages. Polling for them keeps a LISTEN connection free and works through poolers.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.2,
            "max_executor_threads": _THREADS,
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        running_steps.draining = False
        try:
            self._dbos = DBOS(config=config)
            # In this thread: so workflows run in this very loop, with the context's database connections.
            DBOS.launch()
        except Exception as error:
            await self._stop_dbos()
            raise UnavailableError(
                f"The engine did not start: {error}", fix="Bring the database up to date with `mediaposter migrate`."
            ) from error
        alarm.attach(self._dbos.background_thread_stop_events)
        await register_queues(url, settings.queue_poll_seconds)
        self._ears = asyncio.create_task(self._ring_when_told(), name="queues")
        self._lease.keep()
        _log.info("worker.started", worker=self._lease.id, version=VERSION)

    async def destroy(self, *, drain_seconds: float = 20.0) -> None:
        """Begin nothing more, let running steps end for up to `drain_seconds`, then stop.

        Workflows that have not ended go on from their last finished step in another worker, or at the next start.
        """
        if self._dbos is None or self._lease is None:
            return
        for event in self._dbos.background_thread_stop_events:
            event.set()
        alarm.ring()
        running_steps.draining = True
        until = asyncio.get_running_loop().time() + drain_seconds
        while running_steps.count and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - once in a life
            await asyncio.sleep(0.02)
        if running_steps.count:
            _log.warning("worker.steps_cancelled", count=running_steps.count, after_seconds=drain_seconds)
        # A workflow that has done its last step only has its result to write.
        tasks: list[asyncio.Task[Any]] = list(self._dbos._workflow_tasks)
        if tasks:
            await _ended(tasks, within=0.1)
        until = asyncio.get_running_loop().time() + _SECONDS_TO_CANCEL
        while tasks and asyncio.get_running_loop().time() < until:
            for task in tasks:
                # Perhaps of the engine's own loop, where it begins them while this one does not run.
                task.get_loop().call_soon_threadsafe(task.cancel)
            tasks = await _ended(tasks, within=2)  # what it tidies up first, it does in this time
        if tasks:
            _log.warning("worker.workflows_abandoned", count=len(tasks), after_seconds=_SECONDS_TO_CANCEL)
        lease, self._lease = self._lease, None
        if self._ears is not None:
            self._ears.cancel()
            await asyncio.gather(self._ears, return_exceptions=True)
        with ThreadPoolExecutor(1) as thread:
            try:
                await _in(thread, lambda: _recover_workflows_of([lease.id]))
            except (SQLAlchemyError, OSError) as error:
                # The database is away: its peers, or its next start, see that this worker is gone.
                _log.warning("worker.not_handed_over", worker=lease.id, error=str(error).splitlines()[0])
            await _in(thread, lambda: lease.release("stopped"))
        await self._stop_dbos()
        running_steps.draining = False
        _log.info("worker.stopped", worker=lease.id)

    async def _ring_when_told(self) -> None:
        async with listening(self._ctx.database, QUEUES) as told:
            while True:
                await told.wait()
                for queue in told.take():
                    alarm.ring(queue)

    async def _stop_dbos(self) -> None:
        # In a thread of its own: it joins threads, and ends the pool that asyncio.to_thread uses here.
        with ThreadPoolExecutor(1) as thread:
            await _in(thread, DBOS.destroy)
        if self._database is not None:
            self._database.dispose()
        self._dbos = self._database = None
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))


async def _ended(tasks: list[asyncio.Task[Any]], *, within: float) -> list[asyncio.Task[Any]]:
    """Wait for tasks of whatever loop for up to `within` seconds, and return those that have not ended."""
    until = asyncio.get_running_loop().time() + within
    while left := [task for task in tasks if not task.done()]:
        if asyncio.get_running_loop().time() >= until:
            break
        await asyncio.sleep(0.005)
    return left


async def _in(thread: ThreadPoolExecutor, call: Callable[[], Any]) -> None:
    await asyncio.get_running_loop().run_in_executor(thread, call)


def _recover_workflows_of(executor_ids: Sequence[str]) -> None:
    """Put the begun workflows of dead executors back on their queues. Blocks; doing it twice does nothing more.

    The one private call we need of DBOS: its open core has no public one. Pinned with dbos==3.4.*.
    """
    DBOS._recover_pending_workflows(list(executor_ids))  # pyright: ignore[reportPrivateUsage]
    alarm.ring()
