"""A request's trace id is found in the logs of all the work that it starts."""

import pytest
import structlog

from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine, Queue

pytestmark = pytest.mark.feature("MOD-003")


@durable.step("trace.say")
async def say() -> str:
    return str(structlog.contextvars.get_contextvars().get("trace_id"))


@durable.workflow("trace.child")
async def child() -> str:
    return await say()


@durable.workflow("trace.parent")
async def parent() -> list[str]:
    handle = await durable.start_child(child, queue=Queue.GENERATE, id="trace-child", partition="p")
    return [await say(), await handle.result()]


async def test_the_trace_goes_through_the_queue_and_into_children(ctx: Context, engine: Engine) -> None:
    with structlog.contextvars.bound_contextvars(trace_id="abc123"):
        async with ctx.database.session() as session:
            await durable.enqueue(session, parent, queue=Queue.RUNS, id="traced")
    assert await durable.result("traced") == ["abc123", "abc123"]


async def test_work_that_no_request_started_gets_a_trace_of_its_own(ctx: Context, engine: Engine) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, child, queue=Queue.RUNS, id="alone")
    assert len(await durable.result("alone")) == 32
