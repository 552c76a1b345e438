"""Declaring workflows and steps."""

import asyncio
import functools
import pickle
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn, ParamSpec, TypeVar

import structlog
from dbos import DBOS
from dbos import error as dbos_error
from sqlalchemy.exc import OperationalError

from mediaposter.core.engine import activity
from mediaposter.core.engine.alarm import alarm
from mediaposter.core.engine.trace import origin_of
from mediaposter.core.errors import MediaPosterError

P = ParamSpec("P")
R = TypeVar("R")
_log = structlog.get_logger(__name__)
_SECONDS_TO_WRITE = 0.03
_ATTEMPTS_AT_DATABASE = 5  # over some 15 seconds: a restart of the database fails no workflow
_ENDINGS = (
    asyncio.CancelledError,
    dbos_error.DBOSWorkflowCancelledError,
    dbos_error.DBOSWorkflowConflictIDError,
)
_names: dict[Callable[..., Any], str] = {}


class StepError(MediaPosterError):
    """A step failed with an error that cannot be stored. `kind` is the class it had."""

    code = "STEP_FAILED"
    title = "A step failed"

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}", fix="Read the log of the worker: it has the whole error.")
        self.kind = kind


class RunningSteps:
    """The steps that run in this process, so that a stopping worker can wait for them and begin no more."""

    def __init__(self) -> None:
        self.count = 0
        self.draining = False

    @asynccontextmanager
    async def entered(self) -> AsyncGenerator[None]:
        """Count one step. While the worker drains, it waits here until it is cancelled."""
        if self.draining:
            await asyncio.Event().wait()
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


running_steps = RunningSteps()


def workflow(name: str) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Declare a durable workflow, named `room.verb`. The name is stored with every run: it must not change."""

    def declare(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @functools.wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            workflow_id = DBOS.workflow_id or ""
            activity.touch()
            trace, queue = await origin_of(workflow_id)
            with structlog.contextvars.bound_contextvars(workflow=name, workflow_id=workflow_id, **trace):
                try:
                    return await function(*args, **kwargs)
                except Exception as error:
                    _raise_storable(error)
                finally:
                    activity.touch()
                    # Its place is free a moment after its result is written.
                    asyncio.get_running_loop().call_later(_SECONDS_TO_WRITE, alarm.ring, queue)

        declared: Callable[P, Coroutine[Any, Any, R]] = DBOS.workflow(name=name)(guarded)
        _names[declared] = name
        return declared

    return declare


def step(
    name: str,
    *,
    attempts: int = 1,
    pause: float = 1.0,
    backoff: float = 2.0,
    retry_on: Callable[[Exception], bool] = lambda _: True,
    cancellable: bool = True,
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Declare a step of a workflow, named `room.verb`. Outside of a workflow it is a plain function.

    It is tried `attempts` times, `pause` seconds apart at first and `backoff` times longer each time, for errors that
    `retry_on` says yes to, and five times at least when the database is away; the last error comes out. When its
    workflow is cancelled, a running step gets asyncio.CancelledError within about a second, unless it is not
    `cancellable`: then it ends first (the call that makes something public).
    """

    def declare(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @functools.wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            wait = pause
            # Not the engine's own retries: those hide the last error behind one of theirs and log every try.
            tries = 0
            while True:
                tries += 1
                try:
                    async with running_steps.entered():
                        return await function(*args, **kwargs)
                except Exception as error:
                    away = isinstance(error, OperationalError)
                    most = max(attempts, _ATTEMPTS_AT_DATABASE) if away else attempts
                    if tries >= most or not (away or retry_on(error)):
                        _raise_storable(error)
                    _log.info("step.retried", step=name, error=f"{type(error).__name__}: {error}", again_in=wait)
                await asyncio.sleep(wait)
                wait *= backoff

        return DBOS.step(name=name, preemptible=cancellable)(guarded)

    return declare


async def patched(name: str) -> bool:
    """Say in a workflow whether this run knows the change `name`: yes for new runs, no for those begun before it."""
    return await DBOS.patch_async(name)


def current_id() -> str | None:
    """Return the id of the workflow that runs here, None outside of one."""
    return DBOS.workflow_id


def is_cancellation(error: BaseException) -> bool:
    """Say whether `error` means that the running workflow itself is to end here, and must pass on untouched."""
    return isinstance(error, _ENDINGS)


def name_of(function: Callable[..., Any]) -> str:
    """Return the name a workflow was declared with. Raises TypeError for any other function."""
    try:
        return _names[function]
    except KeyError:
        raise TypeError(f"{function!r} is not declared with @engine.workflow.") from None


def workflow_named(name: str) -> Callable[..., Coroutine[Any, Any, Any]] | None:
    """Return the declared workflow of this name, or None."""
    return next((function for function, known in _names.items() if known == name), None)


def _raise_storable(error: Exception) -> NoReturn:
    """Raise `error` itself, or a StepError in its place when it would not come back from the database as it is."""
    try:
        kept = type(pickle.loads(pickle.dumps(error))) is type(error)  # noqa: S301 - our own bytes
    except Exception:
        kept = False
    if kept:
        raise error
    raise StepError(type(error).__name__, str(error)) from error
