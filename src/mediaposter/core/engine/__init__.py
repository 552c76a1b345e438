"""Durable work. The only package that knows DBOS.

A workflow is an async function of ids and small values. It survives the death of its process: it is run again from its
start, and each step that had finished gives its recorded result instead of running. So a workflow does nothing itself
but call steps and start children, always in the same order for the same results; steps do the work. A step runs at
least once and its result is recorded exactly once: whatever it does outside must bear a repetition or go through a
ledger. The same workflow id is one execution, however often it is enqueued.

`VERSION` is pinned: a worker recovers only workflows that were begun under its own version. It stays as it is while
running workflows can be replayed by the new code (adding a step: `if await engine.patched("name"):`). When that cannot
be, raise it: queued workflows run on the new version, begun ones wait for a worker of the old one, and
`engine.stranded()` counts those.
"""

from mediaposter.core.engine.client import close_client, prepare
from mediaposter.core.engine.declare import (
    StepError,
    current_id,
    is_cancellation,
    name_of,
    patched,
    step,
    workflow,
    workflow_named,
)
from mediaposter.core.engine.queues import VERSION, Queue
from mediaposter.core.engine.runner import Engine
from mediaposter.core.engine.work import (
    Handle,
    WorkflowState,
    WorkflowStatus,
    cancel,
    delete_finished,
    enqueue,
    enqueue_named,
    result,
    resume,
    start_child,
    status,
    stranded,
)

__all__ = [
    "VERSION",
    "Engine",
    "Handle",
    "Queue",
    "StepError",
    "WorkflowState",
    "WorkflowStatus",
    "cancel",
    "close_client",
    "current_id",
    "delete_finished",
    "enqueue",
    "enqueue_named",
    "is_cancellation",
    "name_of",
    "patched",
    "prepare",
    "result",
    "resume",
    "start_child",
    "status",
    "step",
    "stranded",
    "workflow",
    "workflow_named",
]
