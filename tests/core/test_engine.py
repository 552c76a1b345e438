"""Durable work: enqueued with the caller's transaction, run once, cancelled, resumed, its errors kept whole."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from mediaposter.core import context
from mediaposter.core import engine as durable
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine, Queue, WorkflowState
from mediaposter.core.errors import (
    CancelledByUserError,
    FieldProblem,
    InvalidInputError,
    NotConfiguredError,
    NotFoundError,
)

pytestmark = pytest.mark.feature("MOD-003")


class StrangeError(Exception):
    """Pickles, but does not come back: its constructor wants more than it passes on."""

    def __init__(self, *, needed: str) -> None:
        super().__init__(needed)


def note(word: str) -> None:
    """Leave a mark that a later attempt of the same workflow can count."""
    with (context.current().settings.home / "notes").open("a") as file:
        file.write(f"{word}\n")


def notes(ctx: Context) -> list[str]:
    file = ctx.settings.home / "notes"
    return file.read_text().split() if file.exists() else []


@durable.step("test.note")
async def note_step(word: str) -> str:
    note(word)
    return word.upper()


@durable.workflow("test.two_steps")
async def two_steps(word: str) -> list[str]:
    return [await note_step(word), await note_step(f"{word}2")]


@durable.step("test.fail")
async def fail_step(how: str) -> None:
    note("fail")
    if how == "input":
        raise InvalidInputError("Too long.", fix="Shorten it.", errors=[FieldProblem("title", "100 at most", "cut")])
    if how == "setting":
        raise NotConfiguredError("OPENAI_API_KEY", "No key is set.")
    raise StrangeError(needed="something odd")


@durable.workflow("test.failing")
async def failing(how: str) -> None:
    await fail_step(how)


@durable.step("test.flaky", attempts=3, pause=0.01)
async def flaky_step() -> str:
    note("try")
    if notes(context.current()).count("try") < 3:
        raise InvalidInputError("Not yet.")
    return "done"


@durable.step("test.cut_off", pause=0.01)
async def cut_off_step() -> str:
    note("cut")
    if notes(context.current()).count("cut") < 3:
        raise OperationalError("SELECT 1", {}, ConnectionError("the server closed the connection"))
    return "done"


@durable.workflow("test.cut_off")
async def cut_off() -> str:
    return await cut_off_step()


@durable.workflow("test.flaky")
async def flaky() -> str:
    return await flaky_step()


@durable.workflow("test.parent")
async def parent(word: str) -> list[str]:
    handles = [
        await durable.start_child(child, f"{word}{n}", queue=Queue.GENERATE, id=f"child-{word}-{n}", partition="cards")
        for n in range(3)
    ]
    return [await handle.result() for handle in handles]


@durable.workflow("test.child")
async def child(word: str) -> str:
    return await note_step(word)


@durable.workflow("test.parent_of_failing")
async def parent_of_failing(how: str) -> str:
    handle = await durable.start_child(failing, how, queue=Queue.RUNS, id=f"failing-{how}")
    try:
        await handle.result()
    except NotConfiguredError as error:
        return error.setting
    return "no error"


@durable.step("test.sleep")
async def sleep_step() -> str:
    note("asleep")
    if notes(context.current()).count("asleep") == 1:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            note("woken")
            raise
    return "slept"


@durable.workflow("test.sleeping")
async def sleeping() -> str:
    await note_step("before")
    return await sleep_step()


@durable.workflow("test.sleeping_parent")
async def sleeping_parent() -> str:
    handle = await durable.start_child(sleeping, queue=Queue.RUNS, id="sleeping-child")
    return await handle.result()


async def start(ctx: Context, function: Callable[..., Awaitable[object]], *args: object, workflow_id: str) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, function, *args, queue=Queue.RUNS, id=workflow_id)  # type: ignore[arg-type]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not done():
            await asyncio.sleep(0.01)


async def test_an_enqueued_workflow_runs_and_gives_its_result(ctx: Context, engine: Engine) -> None:
    await start(ctx, two_steps, "a", workflow_id="w1")
    assert await durable.result("w1") == ["A", "A2"]


async def test_a_workflow_does_not_exist_when_the_transaction_is_rolled_back(ctx: Context, engine: Engine) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, two_steps, "a", queue=Queue.RUNS, id="w1")
        await session.rollback()
    assert await durable.status("w1") is None


async def test_the_same_id_runs_once(ctx: Context, engine: Engine) -> None:
    for _ in range(3):
        await start(ctx, two_steps, "a", workflow_id="w1")
    await durable.result("w1")
    await start(ctx, two_steps, "a", workflow_id="w1")
    await durable.result("w1")
    assert notes(ctx) == ["a", "a2"]


async def test_an_error_comes_back_whole(ctx: Context, engine: Engine) -> None:
    await start(ctx, failing, "input", workflow_id="w1")
    with pytest.raises(InvalidInputError) as caught:
        await durable.result("w1")
    assert (caught.value.detail, caught.value.fix, caught.value.errors) == (
        "Too long.",
        "Shorten it.",
        (FieldProblem("title", "100 at most", "cut"),),
    )


async def test_an_error_with_its_own_constructor_comes_back_to_the_parent(ctx: Context, engine: Engine) -> None:
    await start(ctx, parent_of_failing, "setting", workflow_id="w1")
    assert await durable.result("w1") == "OPENAI_API_KEY"


async def test_an_error_that_cannot_be_stored_comes_back_as_a_step_error(ctx: Context, engine: Engine) -> None:
    await start(ctx, failing, "strange", workflow_id="w1")
    with pytest.raises(durable.StepError, match="StrangeError: something odd"):
        await durable.result("w1")


async def test_a_failed_step_without_attempts_left_is_not_repeated(ctx: Context, engine: Engine) -> None:
    await start(ctx, failing, "input", workflow_id="w1")
    with pytest.raises(InvalidInputError):
        await durable.result("w1")
    assert notes(ctx) == ["fail"]


async def test_a_step_with_attempts_is_tried_again(ctx: Context, engine: Engine) -> None:
    await start(ctx, flaky, workflow_id="w1")
    assert await durable.result("w1") == "done"


async def test_children_run_and_answer_their_parent(ctx: Context, engine: Engine) -> None:
    await start(ctx, parent, "x", workflow_id="w1")
    assert await durable.result("w1") == ["X0", "X1", "X2"]


async def test_cancel_reaches_a_running_step(ctx: Context, engine: Engine) -> None:
    await start(ctx, sleeping, workflow_id="w1")
    await until(lambda: "asleep" in notes(ctx))
    await durable.cancel("w1")
    await until(lambda: "woken" in notes(ctx))
    status = await durable.status("w1")
    assert status
    assert status.state is WorkflowState.CANCELLED


async def test_cancel_reaches_the_steps_of_children(ctx: Context, engine: Engine) -> None:
    await start(ctx, sleeping_parent, workflow_id="w1")
    await until(lambda: "asleep" in notes(ctx))
    await durable.cancel("w1")
    await until(lambda: "woken" in notes(ctx))
    with pytest.raises(CancelledByUserError):
        await durable.result("w1")


async def test_a_resumed_workflow_goes_on_after_its_last_finished_step(ctx: Context, engine: Engine) -> None:
    await start(ctx, sleeping_parent, workflow_id="w1")
    await until(lambda: "asleep" in notes(ctx))
    await durable.cancel("w1")
    await until(lambda: "woken" in notes(ctx))
    await durable.resume("w1")
    assert await durable.result("w1") == "slept"
    assert notes(ctx) == ["before", "asleep", "woken", "asleep"]


async def test_work_in_hand_goes_on_at_the_next_start(ctx: Context) -> None:
    ctx.settings.worker_lease_seconds = 60
    first = Engine(ctx)
    await first.launch()
    await start(ctx, sleeping, workflow_id="w1")
    await until(lambda: "asleep" in notes(ctx))
    await first.destroy(drain_seconds=0)
    second = Engine(ctx)
    await second.launch()
    assert await durable.result("w1") == "slept"
    await second.destroy(drain_seconds=2)
    await durable.close_client(ctx.database.url)
    assert notes(ctx) == ["before", "asleep", "woken", "asleep"]


async def test_a_draining_engine_lets_a_running_step_end(ctx: Context) -> None:
    ctx.settings.worker_lease_seconds = 60
    running = Engine(ctx)
    await running.launch()
    (ctx.settings.home / "notes").write_text("asleep\n")
    await start(ctx, slow, workflow_id="w1")
    await until(lambda: "slow" in notes(ctx))
    await running.destroy(drain_seconds=10)
    assert "slow-end" in notes(ctx)
    assert "after" not in notes(ctx)
    await durable.close_client(ctx.database.url)


@durable.step("test.slow")
async def slow_step() -> None:
    note("slow")
    await asyncio.sleep(0.5)
    note("slow-end")


@durable.workflow("test.slow")
async def slow() -> None:
    await slow_step()
    await note_step("after")


async def test_an_unknown_workflow_has_no_status_and_no_result(ctx: Context, engine: Engine) -> None:
    assert await durable.status("nothing") is None
    with pytest.raises(NotFoundError):
        await durable.result("nothing")
    with pytest.raises(NotFoundError):
        await durable.resume("nothing")


async def test_a_step_outside_of_a_workflow_is_a_plain_function(ctx: Context, tmp_path: Path) -> None:
    assert await note_step("plain") == "PLAIN"


async def test_only_declared_workflows_can_be_enqueued(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(TypeError, match="not declared"):
            await durable.enqueue(session, until, lambda: True, queue=Queue.RUNS, id="w1")


async def test_finished_workflows_can_be_deleted(ctx: Context, engine: Engine) -> None:
    await start(ctx, two_steps, "a", workflow_id="w1")
    await durable.result("w1")
    await asyncio.sleep(0.01)
    assert await durable.delete_finished(ctx.clock()) == 1
    assert await durable.status("w1") is None


async def test_a_workflow_of_another_loop_does_not_keep_the_engine_from_stopping(ctx: Context) -> None:
    running = Engine(ctx)
    await running.launch()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> asyncio.Task[bool]:
        return asyncio.create_task(asyncio.Event().wait())

    elsewhere = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(begin(), loop))
    running._dbos._workflow_tasks.add(elsewhere)
    async with asyncio.timeout(30):
        await running.destroy(drain_seconds=0)
    await durable.close_client(ctx.database.url)
    loop.call_soon_threadsafe(loop.stop)
    await asyncio.to_thread(thread.join)
    loop.close()
    assert elsewhere.cancelled()


async def test_a_step_outlives_a_database_that_is_away_for_a_moment(ctx: Context, engine: Engine) -> None:
    async with ctx.database.session() as session:
        await durable.enqueue(session, cut_off, queue=Queue.RUNS, id="cut-off")
    assert (await durable.result("cut-off"), notes(ctx)) == ("done", ["cut"] * 3)
