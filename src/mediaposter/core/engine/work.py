"""Starting, watching and steering workflows."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar, TypeVarTuple, cast

from dbos import DBOS, EnqueueOptions, SetEnqueueOptions, SetWorkflowAttributes, SetWorkflowID
from dbos import error as dbos_error
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context
from mediaposter.core.engine.alarm import alarm
from mediaposter.core.engine.client import current_client
from mediaposter.core.engine.declare import name_of
from mediaposter.core.engine.queues import VERSION, Queue
from mediaposter.core.engine.trace import current_trace
from mediaposter.core.errors import CancelledByUserError, NotFoundError, UnavailableError
from mediaposter.core.notifications import QUEUES, notify

R = TypeVar("R")
Ts = TypeVarTuple("Ts")
# Seconds between two looks at a workflow that is waited for: soon for what is short, seldom for what lasts.
_FIRST_LOOK, _LOOK_LATER_BY, _LAST_LOOK = 0.015, 1.4, 0.25
_DELETE_BATCH = 500


class WorkflowState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STATES = {
    "ENQUEUED": WorkflowState.QUEUED,
    "DELAYED": WorkflowState.QUEUED,
    "PENDING": WorkflowState.RUNNING,
    "SUCCESS": WorkflowState.DONE,
    "ERROR": WorkflowState.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": WorkflowState.FAILED,
    "CANCELLED": WorkflowState.CANCELLED,
}


@dataclass(frozen=True)
class WorkflowStatus:
    """Where a workflow stands. `worker` is the id of the one that ran it last."""

    id: str
    name: str
    state: WorkflowState
    queue: str | None
    worker: str | None
    error: Exception | None


class Handle(Generic[R]):
    """A workflow that was started."""

    def __init__(self, id: str, get_result: Callable[..., Awaitable[R]]) -> None:  # noqa: A002 - what everyone calls it
        self.id = id
        self._get_result = get_result

    async def result(self) -> R:
        """Wait for the workflow's result. Raises the error it ended with, CancelledByUserError when cancelled."""
        await _has_ended(self.id)
        try:
            return await self._get_result(polling_interval_sec=_LAST_LOOK)
        except dbos_error.DBOSAwaitedWorkflowCancelledError as error:
            raise CancelledByUserError(
                f"The workflow {self.id} was cancelled.", fix="Resume it, or start the work again."
            ) from error
        except dbos_error.DBOSAwaitedWorkflowMaxRecoveryAttemptsExceeded as error:
            raise UnavailableError(
                f"The workflow {self.id} was given up: worker after worker died while running it.",
                fix="Read the workers' logs for what kills them, then resume it.",
            ) from error


async def _has_ended(id: str) -> None:  # noqa: A002
    # Not by the engine's own waiting, which looks at a fixed interval; it fetches the result, or waits on by itself.
    query = text(
        "SELECT status NOT IN ('ENQUEUED', 'DELAYED', 'PENDING') FROM dbos.workflow_status WHERE workflow_uuid = :id"
    )
    pause = _FIRST_LOOK
    while True:
        try:
            async with context.current().database.session() as session:
                if (await session.execute(query, {"id": id})).scalar_one_or_none() is not False:
                    return
        except (SQLAlchemyError, OSError):
            return  # the engine waits for the database to come back
        await asyncio.sleep(pause)
        pause = min(pause * _LOOK_LATER_BY, _LAST_LOOK)


async def enqueue(
    session: AsyncSession,
    function: Callable[[*Ts], Coroutine[Any, Any, Any]],
    *args: *Ts,
    queue: Queue,
    id: str,  # noqa: A002
    partition: str | None = None,
    delay: timedelta | float | None = None,
) -> str:
    """Put a workflow on a queue, in the transaction of `session`: it is there when that commits, and only then.

    Nothing happens when a workflow of this id exists already. `delay` (seconds) is for up to a minute; for later there
    is the timeline. The queues GENERATE and PUBLISH need a `partition`.
    """
    return await enqueue_named(session, name_of(function), *args, queue=queue, id=id, partition=partition, delay=delay)


async def enqueue_named(
    session: AsyncSession,
    name: str,
    *args: Any,
    queue: Queue,
    id: str,  # noqa: A002
    partition: str | None = None,
    delay: timedelta | float | None = None,
) -> str:
    """Do as `enqueue` does, for a workflow whose function this process has not loaded."""
    options: EnqueueOptions = {"workflow_name": name, "queue_name": queue.value, "workflow_id": id}
    options["attributes"] = dict(current_trace())
    if partition is not None:
        options["queue_partition_key"] = partition
    if delay is not None:
        options["delay_seconds"] = delay.total_seconds() if isinstance(delay, timedelta) else delay
    client = current_client()
    await session.run_sync(lambda sync: cast(Any, client).enqueue_in_transaction(sync, options, *args))
    await notify(session, QUEUES, queue)
    return id


async def start_child(
    function: Callable[[*Ts], Coroutine[Any, Any, R]],
    *args: *Ts,
    queue: Queue,
    id: str,  # noqa: A002
    partition: str | None = None,
) -> Handle[R]:
    """Start a child from inside a workflow, outside of its steps. A replay finds the same child again by `id`."""
    name_of(function)
    trace = dict(current_trace())
    with SetWorkflowID(id), SetWorkflowAttributes(trace), SetEnqueueOptions(queue_partition_key=partition):
        handle = await DBOS.enqueue_workflow_async(queue.value, cast(Any, function), *args)
    alarm.ring(queue)  # this worker's thread; a peer with more room looks within the interval
    return Handle(id, handle.get_result)


async def result(id: str) -> Any:  # noqa: A002
    """Wait from outside for the result of a workflow. Raises as `Handle.result` does, NotFoundError when unknown."""
    try:
        handle: Any = await current_client().retrieve_workflow_async(id)
    except dbos_error.DBOSNonExistentWorkflowError as error:
        raise NotFoundError(f"There is no workflow {id}.") from error
    return await Handle[Any](id, handle.get_result).result()


async def status(id: str) -> WorkflowStatus | None:  # noqa: A002
    """Return where a workflow stands, None when there is none of this id."""
    found = await current_client().list_workflows_async(workflow_ids=[id], load_input=False)
    if not found:
        return None
    one = found[0]
    return WorkflowStatus(
        id=one.workflow_id,
        name=one.name,
        state=_STATES[one.status],
        queue=one.queue_name,
        worker=one.executor_id,
        error=one.error,
    )


async def cancel(id: str) -> None:  # noqa: A002
    """Cancel a workflow and its children. Takes effect at once, in a transaction of its own; ended ones stay ended.

    A running step hears of it within about a second. What was done stays done.
    """
    await current_client().cancel_workflow_async(id, cancel_children=True)


async def resume(id: str, *, queue: Queue | None = None) -> None:  # noqa: A002
    """Let a cancelled workflow, and its cancelled children, go on after their last finished step.

    Without a `queue` it starts at once. Nothing happens to one that ended by itself. Raises NotFoundError.
    """
    client = current_client()
    children = await client.list_workflows_async(
        parent_workflow_id=id, status="CANCELLED", load_input=False, load_output=False
    )
    for child in children:
        await resume(child.workflow_id)
    try:
        await client.resume_workflow_async(id, queue_name=queue.value if queue else None)
    except dbos_error.DBOSNonExistentWorkflowError as error:
        raise NotFoundError(f"There is no workflow {id}.") from error
    async with context.current().database.session() as session:
        await notify(session, QUEUES)


async def stranded(session: AsyncSession) -> dict[str, int]:
    """Count, for each other version, the begun workflows that wait for a worker of that version."""
    rows = await session.execute(
        text(
            "SELECT application_version, count(*) FROM dbos.workflow_status"
            " WHERE status = 'PENDING' AND application_version <> :version GROUP BY 1"
        ),
        {"version": VERSION},
    )
    return {str(version): int(count) for version, count in rows}


async def delete_finished(before: datetime) -> int:
    """Delete what is stored of workflows that ended before a moment, and return how many there were."""
    client = current_client()
    deleted = 0
    while True:
        old = await client.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            completed_before=before.astimezone(UTC).isoformat(),
            limit=_DELETE_BATCH,
            load_input=False,
            load_output=False,
        )
        if not old:
            return deleted
        await client.delete_workflows_async([one.workflow_id for one in old])
        deleted += len(old)
