"""The event log: with the caller's transaction, none missed, in order per subject, replayed, streamed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, events, problems
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.errors import InvalidInputError
from mediaposter.core.events import EventRecord, Subscriber
from mediaposter.core.models import EventCursor
from mediaposter.core.notifications import wait_for
from mediaposter.core.routes import router
from tests.servers.loopback import serving_here

pytestmark = pytest.mark.feature("MOD-002")


async def emit(database: Database, topic: str, subject: str = "s", **data: object) -> None:
    async with database.session() as session:
        await events.emit(session, topic, subject, data)


async def topics(database: Database, **filters: object) -> list[str]:
    return [event.topic for event in await events.read(database, after=0, **filters)]  # type: ignore[arg-type]


async def test_an_event_is_there_when_its_transaction_commits_and_only_then(database: Database) -> None:
    async with database.session() as session:
        await events.emit(session, "a.thing.happened", "s")
        await session.rollback()
    await emit(database, "a.other.happened")
    assert await topics(database) == ["a.other.happened"]


async def test_filters_by_topic_beginning_and_subject(database: Database) -> None:
    for topic, subject in (("a.b.done", "1"), ("a.c.done", "2"), ("aXb.done", "1"), ("z.done", "1")):
        await emit(database, topic, subject)
    assert await topics(database, topic="a.*") == ["a.b.done", "a.c.done"]
    assert await topics(database, topic="a.b.done,z.done") == ["a.b.done", "z.done"]
    assert await topics(database, subject="1") == ["a.b.done", "aXb.done", "z.done"]


async def test_an_event_that_commits_late_is_not_missed(database: Database) -> None:
    async with database.session() as slow:
        await events.emit(slow, "slow.done", "s")
        await emit(database, "quick.done")
        cursor = (await events.read(database, after=0))[-1].sequence
    found = await events.read(database, after=cursor)
    assert [event.topic for event in found] == ["slow.done"]


async def test_of_one_subject_the_order_is_that_of_commits_whatever_the_transaction_ids(database: Database) -> None:
    # An old transaction emits last; another one that is still open lies between their ids.
    async with database.session() as old, database.session() as between:
        await old.execute(text("SELECT pg_current_xact_id()"))
        await between.execute(text("SELECT pg_current_xact_id()"))
        await emit(database, "first.done")
        await events.emit(old, "second.done", "s")
        await old.commit()
        assert await topics(database) == ["first.done", "second.done"]


async def test_many_writers_and_readers_see_each_event_once_and_in_order(database: Database) -> None:
    async def write(subject: str) -> None:
        for number in range(20):
            await emit(database, "n.counted", subject, number=number)

    async def watch() -> list[EventRecord]:
        seen: list[EventRecord] = []
        async with aclosing(events.follow(database, after=0)) as found:
            async for event in found:
                seen.append(event)
                if len(seen) == 100:
                    return seen
        return seen

    async with asyncio.timeout(60):
        first, second, *_ = await asyncio.gather(watch(), watch(), *(write(f"s{n}") for n in range(5)))
    assert [event.id for event in first] == [event.id for event in second]
    assert len({event.id for event in first}) == 100
    for n in range(5):
        assert [event.data["number"] for event in first if event.subject == f"s{n}"] == list(range(20))


async def test_a_follower_hears_of_a_new_event(database: Database) -> None:
    async with aclosing(events.follow(database, after=0)) as found, asyncio.timeout(20):
        waiting = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0.2)
        await emit(database, "a.done")
        assert (await waiting).topic == "a.done"


async def test_a_follower_survives_the_loss_of_its_listening_connection(database: Database) -> None:
    async with aclosing(events.follow(database, after=0)) as found, asyncio.timeout(20):
        waiting = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0.2)
        async with database.session() as session:
            await session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'mediaposter notifications' AND datname = current_database()"
                )
            )
        await emit(database, "a.done")
        assert (await waiting).topic == "a.done"


async def test_a_subscriber_gets_each_event_once_with_what_it_writes(ctx: Context) -> None:
    async def handle(session: AsyncSession, event: EventRecord) -> None:
        await events.emit(session, f"copy.{event.topic}", event.subject, {})

    subscriber = Subscriber("copies", "a.*", handle, from_start=True)
    await emit(ctx.database, "a.done")
    counts = await asyncio.gather(*(events.deliver(ctx, subscriber) for _ in range(3)))
    assert sum(counts) == 1
    assert await topics(ctx.database) == ["a.done", "copy.a.done"]


async def test_a_subscriber_that_fails_gets_the_event_again(ctx: Context) -> None:
    calls: list[str] = []

    async def handle(session: AsyncSession, event: EventRecord) -> None:
        calls.append(event.topic)
        if len(calls) == 1:
            raise InvalidInputError("not now")

    subscriber = Subscriber("failing", "*", handle, from_start=True)
    await emit(ctx.database, "a.done")
    await emit(ctx.database, "b.done")
    with pytest.raises(InvalidInputError):
        await events.deliver(ctx, subscriber)
    assert await events.deliver(ctx, subscriber) == 2
    assert calls == ["a.done", "a.done", "b.done"]


async def test_a_new_subscriber_begins_with_what_comes_next(ctx: Context) -> None:
    seen: list[str] = []

    async def handle(session: AsyncSession, event: EventRecord) -> None:
        seen.append(event.topic)

    subscriber = Subscriber("late", "*", handle, from_start=False)
    await emit(ctx.database, "before.done")
    await events.deliver(ctx, subscriber)
    await emit(ctx.database, "after.done")
    await events.deliver(ctx, subscriber)
    assert seen == ["after.done"]
    async with ctx.database.session() as session:
        assert await session.get(EventCursor, "late")


@pytest.fixture
async def site(ctx: Context) -> AsyncIterator[str]:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    async with serving_here(app) as url:
        yield url


async def read_stream(url: str, count: int, **options: object) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    async with httpx.AsyncClient() as client, client.stream("GET", f"{url}/api/events", **options) as answer:  # type: ignore[arg-type]
        id_ = ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                id_ = value
            elif name == "data":
                found.append((id_, json.loads(value)))
                if len(found) == count:
                    break
    return found


async def test_the_stream_replays_from_the_last_event_id(site: str) -> None:
    database = context.current().database
    for topic in ("a.done", "b.done", "c.done"):
        await emit(database, topic)
    async with asyncio.timeout(20):
        everything = await read_stream(site, 3, headers={"Last-Event-ID": "0"})
        rest = await read_stream(site, 2, headers={"Last-Event-ID": everything[0][0]})
        one = await read_stream(site, 1, headers={"Last-Event-ID": "0"}, params={"topic": "c.*"})
    assert [body["topic"] for _, body in everything] == ["a.done", "b.done", "c.done"]
    assert [body["topic"] for _, body in rest] == ["b.done", "c.done"]
    assert [body["topic"] for _, body in one] == ["c.done"]


async def test_a_stream_without_names_is_one_that_onmessage_hears(site: str) -> None:
    await emit(context.current().database, "a.done")
    asked = {"headers": {"Last-Event-ID": "0"}, "params": {"unnamed": "true"}}
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient() as client,
        client.stream("GET", f"{site}/api/events", **asked) as answer,  # type: ignore[arg-type]
    ):
        lines = answer.aiter_lines()
        first = [await anext(lines) for _ in range(3)]
    assert [line.partition(":")[0] for line in first if line] == ["id", "data"]


async def test_a_stream_ends_after_its_time_so_that_who_holds_it_is_asked_again(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_STREAM_SECONDS", 0.0)
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        assert (await client.get(f"{site}/api/events", headers={"Last-Event-ID": "0"})).status_code == 200


async def test_the_log_has_the_newest_first_by_pages_and_topics(site: str) -> None:
    database = context.current().database
    for topic in ("a.done", "b.done", "a.begun"):
        await emit(database, topic)
    await events.latest(database)
    async with httpx.AsyncClient(base_url=f"{site}/api") as client:
        page = (await client.get("/events/log", params={"limit": 2})).json()
        rest = (await client.get("/events/log", params={"before": page[-1]["sequence"]})).json()
        of_a = (await client.get("/events/log", params={"topic": "a.*"})).json()
    told = [[one["topic"] for one in some] for some in (page, rest, of_a)]
    assert told == [["a.begun", "b.done"], ["a.done"], ["a.begun", "a.done"]]


async def test_deleting_old_events_does_not_make_new_ones_look_old(database: Database, database_url: str) -> None:
    await emit(database, "a.done")
    cursor = await events.latest(database)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM events")
    await emit(database, "b.done")
    assert [event.topic for event in await events.read(database, after=cursor)] == ["b.done"]


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancel_is_heard_though_the_event_comes_in_the_same_moment(turns: int) -> None:
    event = asyncio.Event()
    goes_on = False

    async def follower() -> None:
        nonlocal goes_on
        await wait_for(event, 10)
        await asyncio.sleep(0.01)
        goes_on = True

    task = asyncio.create_task(follower())
    for _ in range(5):
        await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert not goes_on
