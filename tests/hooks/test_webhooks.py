"""Webhooks: every event that is wanted arrives at least once, signed, under one id; what fails is tried and told."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import events, problems, timeline
from mediaposter.core.context import Context
from mediaposter.core.errors import ConflictError
from mediaposter.core.locks import tried
from mediaposter.core.settings import Settings
from mediaposter.core.timeline import TimelineState
from mediaposter.hooks import sending, service, subscribers, workflows
from mediaposter.hooks.errors import EndpointError
from mediaposter.hooks.models import Delivery, DeliveryState, Endpoint
from mediaposter.hooks.routes import router
from tests.metrics.conftest import Clock, clock
from tests.servers.hook_receiver import HookReceiver, Received

__all__ = ["clock"]
pytestmark = pytest.mark.feature("EVENTS-001")


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver().running() as one:
        yield one


@pytest.fixture(autouse=True)
def _unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "_wanted", None)


async def add(clock: Clock, receiver: HookReceiver, *topics: str) -> tuple[Endpoint, str]:
    async with clock.ctx.database.session() as session:
        return await service.add_endpoint(
            session, url=receiver.url, topics=topics or ["*"], secrets=clock.ctx.secrets, clock=clock.ctx.clock
        )


async def tell(clock: Clock, topic: str = "publication.confirmed", **data: object) -> None:
    """Emit an event and let the subscriber have it."""
    async with clock.ctx.database.session() as session:
        await events.emit(session, topic, "pub_1", data)
    (one,) = [one for one in events.registered() if one.name == "hooks.queue"]
    await events.deliver(clock.ctx, one)


async def begin_listening(ctx: Context) -> None:
    (one,) = [one for one in events.registered() if one.name == "hooks.queue"]
    await events.deliver(ctx, one)


async def send_due(clock: Clock) -> int:
    """Do what a worker does with the rows that are due."""
    async with clock.ctx.database.session() as session:
        rows = await timeline.list_entries(session, kind=service.SEND, state=TimelineState.WAITING)
        due = [row for row in rows if row.due_at <= clock.now]
        for row in due:
            row.state = TimelineState.STARTED
    return sum([await workflows.send_due(row.id) for row in due])


async def deliveries(clock: Clock, endpoint: Endpoint) -> list[Delivery]:
    async with clock.ctx.database.session() as session:
        return await service.list_deliveries(session, endpoint.id)


def is_signed(message: Received, secret: str) -> bool:
    """Verify as standardwebhooks.com tells receivers to."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in message.headers["webhook-signature"].split(" ")


async def test_an_event_arrives_signed(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, secret = await add(clock, receiver)
    await tell(clock, url="https://x.example/1")
    await send_due(clock)
    (message,) = receiver.got
    body = json.loads(message.body)
    assert (body["type"], body["data"]["url"]) == ("publication.confirmed", "https://x.example/1")
    assert is_signed(message, secret)
    assert [one.state for one in await deliveries(clock, endpoint)] == [DeliveryState.DELIVERED]


async def test_only_what_is_wanted_is_sent(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    await add(clock, receiver, "publication.*", "conversion.recorded")
    for topic in ("publication.rejected", "pipeline.run.failed", "conversion.recorded", "publications.x"):
        await tell(clock, topic)
    await send_due(clock)
    assert {json.loads(one.body)["type"] for one in receiver.got} == {"publication.rejected", "conversion.recorded"}


async def test_a_repetition_has_the_same_id_and_the_same_bytes(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, secret = await add(clock, receiver)
    receiver.answers = [500, 302, 503]
    await tell(clock)
    for _ in range(4):
        await send_due(clock)
        clock.later(hours=3)
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.got}) == 1
    assert len(receiver.got) == 4
    assert all(is_signed(one, secret) for one in receiver.got)
    (delivery,) = await deliveries(clock, endpoint)
    assert [line["status"] for line in delivery.trail] == [500, 302, 503, 200]


async def test_it_waits_as_long_as_the_receiver_asks(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.answers, receiver.headers = [429], {"Retry-After": "900"}
    await tell(clock)
    await send_due(clock)
    (delivery,) = await deliveries(clock, endpoint)
    assert delivery.next_at == clock.now + timedelta(seconds=900)


async def test_a_receiver_that_is_gone_for_good_gets_no_more(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.status = 410
    await tell(clock)
    await send_due(clock)
    await tell(clock)
    assert await send_due(clock) == 0
    async with clock.ctx.database.session() as session:
        found = await service.get_endpoint(session, endpoint.id)
    assert found.disabled_reason == "It answered 410 Gone."


async def test_after_five_days_of_failures_it_is_disabled_and_says_so(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.status = 500
    for _ in range(7):
        await tell(clock)
        await send_due(clock)
        clock.later(days=1)
    async with clock.ctx.database.session() as session:
        assert (await service.get_endpoint(session, endpoint.id)).disabled_at is not None
    told = await events.read(clock.ctx.database, after=0, topic="webhook.disabled")
    assert [one.subject for one in told] == [endpoint.id]


async def test_what_failed_is_sent_again_by_a_replay(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.status = 410
    await tell(clock)
    await send_due(clock)
    receiver.status = 200
    async with clock.ctx.database.session() as session:
        with pytest.raises(ConflictError):
            await service.replay(session, endpoint.id, clock=clock.ctx.clock)
        await service.enable(session, endpoint.id, now=clock.now)
        assert await service.replay(session, endpoint.id, clock=clock.ctx.clock) == 1
    clock.later(seconds=5)
    await send_due(clock)
    assert [one.state for one in await deliveries(clock, endpoint)] == [DeliveryState.DELIVERED]
    assert len({one.headers["webhook-id"] for one in receiver.got}) == 1


async def test_for_a_day_after_a_rotation_both_secrets_sign(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, old = await add(clock, receiver)
    async with clock.ctx.database.session() as session:
        _, new = await service.rotate_secret(session, endpoint.id, secrets=clock.ctx.secrets, clock=clock.ctx.clock)
    await tell(clock)
    await send_due(clock)
    clock.later(hours=25)
    await tell(clock)
    await send_due(clock)
    assert [(is_signed(one, old), is_signed(one, new)) for one in receiver.got] == [(True, True), (False, True)]


async def test_events_about_webhooks_are_not_sent(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    await add(clock, receiver)
    await tell(clock, "webhook.disabled")
    await tell(clock, "power.slept")
    assert await send_due(clock) == 0


async def test_an_event_is_queued_once_however_often_it_is_handed_over(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    await tell(clock)
    (event,) = await events.read(clock.ctx.database, after=0, topic="publication.confirmed")
    async with clock.ctx.database.session() as session:
        assert await service.queue_event(session, event, now=clock.now) == 0
    assert len(await deliveries(clock, endpoint)) == 1


async def test_without_an_endpoint_nothing_is_a_reason_to_look(clock: Clock) -> None:
    await begin_listening(clock.ctx)
    await tell(clock)
    assert not subscribers.is_wanted("publication.confirmed")


async def test_a_new_endpoint_is_noticed_by_every_process(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    await tell(clock)
    assert subscribers.is_wanted("webhook.created")
    assert subscribers.is_wanted("publication.confirmed")


async def test_a_private_address_is_not_sent_to(clock: Clock, receiver: HookReceiver, settings: Settings) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    await tell(clock)
    object.__setattr__(clock.ctx, "settings", settings.model_copy(update={"allow_private_urls": False}))
    await send_due(clock)
    (delivery,) = await deliveries(clock, endpoint)
    assert (receiver.got, delivery.trail[0]["status"]) == ([], None)
    assert "private" in delivery.trail[0]["told"]


async def test_a_test_message_says_whether_it_arrives(clock: Clock, receiver: HookReceiver) -> None:
    endpoint, _ = await add(clock, receiver)
    async with clock.ctx.database.session() as session:
        await service.send_test(session, endpoint.id, clock=clock.ctx.clock)
    await send_due(clock)
    assert [json.loads(one.body)["type"] for one in receiver.got] == ["webhook.test"]


async def test_old_messages_are_forgotten_and_waiting_ones_are_not(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    await tell(clock)
    await send_due(clock)
    receiver.status = 500
    await tell(clock)
    await send_due(clock)
    async with clock.ctx.database.session() as session:
        assert await subscribers.forget_deliveries(session, clock.now + timedelta(days=1)) == 1
    assert [one.state for one in await deliveries(clock, endpoint)] == [DeliveryState.PENDING]


@pytest.mark.parametrize(
    ("url", "topics"),
    [("ftp://x.example", ["*"]), ("https://", ["*"]), ("https://u:p@x.example", ["*"]), ("https://x.example", ["a*b"])],
)
async def test_what_cannot_be_is_refused_by_name(ctx: Context, url: str, topics: list[str]) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(EndpointError) as caught:
            await service.add_endpoint(session, url=url, topics=topics, secrets=ctx.secrets)
    assert caught.value.errors[0].field in ("url", "topics")


async def test_an_event_in_a_second_that_was_sent_already_is_sent_too(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    await add(clock, receiver)
    await tell(clock)
    await send_due(clock)
    await tell(clock)
    await send_due(clock)
    assert len(receiver.got) == 2


async def test_two_retries_in_one_second_both_happen(
    clock: Clock, receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    clock.now = clock.now.replace(microsecond=0)
    jitter = iter([1.0, 1.1])
    monkeypatch.setattr(sending.random, "uniform", lambda _low, _high: next(jitter, 1.0))
    receiver.answers = [500, 500]
    await tell(clock)
    await tell(clock)
    await send_due(clock)
    for seconds in (5, 1):
        clock.later(seconds=seconds)
        await send_due(clock)
    assert {one.state for one in await deliveries(clock, endpoint)} == {DeliveryState.DELIVERED}


async def test_while_a_message_waits_so_does_a_row(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.status = 500
    await tell(clock)
    await send_due(clock)
    (delivery,) = await deliveries(clock, endpoint)
    async with clock.ctx.database.session() as session:
        rows = await timeline.list_entries(session, kind=service.SEND, state=TimelineState.WAITING)
    assert [row.due_at for row in rows] == [delivery.next_at]


async def test_whoever_finds_another_sender_comes_back(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    await tell(clock)
    async with tried(clock.ctx.database, f"hooks:{endpoint.id}") as held:
        assert held
        assert await send_due(clock) == 0
    clock.later(seconds=3)
    assert await send_due(clock) == 1


async def test_a_slow_receiver_gets_each_message_once_and_few_at_a_time(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    await add(clock, receiver)
    receiver.seconds = 0.4
    for _ in range(6):
        await tell(clock)
    async with clock.ctx.database.session() as session:
        rows = await timeline.list_entries(session, kind=service.SEND, state=TimelineState.WAITING)
    await asyncio.gather(*(workflows.send_due(rows[0].id) for _ in range(3)))
    ids = [one.headers["webhook-id"] for one in receiver.got]
    assert len(ids) == len(set(ids)) == 6
    assert receiver.most <= 4


async def test_many_that_answer_gone_at_once_do_not_wait_for_each_other(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.status = 410
    for _ in range(8):
        await tell(clock)
    await send_due(clock)
    assert len(receiver.got) <= 8
    assert {one.state for one in await deliveries(clock, endpoint)} == {DeliveryState.FAILED}


@pytest.mark.parametrize("value", ["\xb2", "9" * 5000, "Fri, 01 Jan 2100 00:00:00 GMT", "soon"])
def test_odd_words_about_when_to_come_back_do_no_harm(clock: Clock, value: str) -> None:
    answer = httpx.Response(429, headers=[(b"retry-after", value.encode("latin-1"))])
    after = sending._retry_after(answer, clock.now)
    assert after is None or after <= timedelta(days=1)


async def test_enabling_sends_nothing_of_before(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    async with clock.ctx.database.session() as session:
        await service.disable(session, endpoint.id, reason="By hand.", now=clock.now)
        await events.emit(session, "publication.confirmed", "pub_missed")
    clock.later(seconds=10)
    async with clock.ctx.database.session() as session:
        await service.enable(session, endpoint.id, now=clock.now)
    await begin_listening(clock.ctx)
    await send_due(clock)
    assert receiver.got == []


async def test_what_looks_like_a_secret_in_an_answer_is_not_kept(clock: Clock, receiver: HookReceiver) -> None:
    await begin_listening(clock.ctx)
    endpoint, _ = await add(clock, receiver)
    receiver.status, receiver.says = 401, "denied: Authorization: Bearer abcdef0123456789"
    await tell(clock)
    await send_due(clock)
    (delivery,) = await deliveries(clock, endpoint)
    assert "abcdef0123456789" not in str(delivery.trail)


async def test_the_api_adds_lists_tests_and_replays(clock: Clock, receiver: HookReceiver) -> None:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    made = (await web.post("/api/webhooks", json={"url": receiver.url, "topics": ["publication.*"]})).json()
    assert made["secret"].startswith("whsec_")
    path = f"/api/webhooks/{made['id']}"
    assert (await web.post(f"{path}/test")).status_code == 202
    await send_due(clock)
    (delivery,) = (await web.get(f"{path}/deliveries")).json()
    assert (delivery["state"], (await web.get(path)).json()["secret"]) == ("delivered", None)
    assert (await web.post(f"{path}/replay", json={"delivery_id": delivery["id"]})).json() == {"replayed": 1}
    assert (await web.post("/api/webhooks", json={"url": "https://[bad"})).json()["code"] == "WEBHOOK"
    assert (await web.delete(path)).status_code == 204
    assert (await web.get(path)).status_code == 404


async def test_a_webhook_is_changed_by_what_is_given_and_keeps_the_rest(clock: Clock, receiver: HookReceiver) -> None:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    endpoint, secret = await add(clock, receiver, "publication.*")
    path = f"/api/webhooks/{endpoint.id}"
    made = (await web.patch(path, json={"topics": ["campaign.*"], "description": "the wall"})).json()
    assert (made["url"], made["topics"], made["description"]) == (receiver.url, ["campaign.*"], "the wall")
    assert (await web.patch(path, json={"url": "ftp://x.example"})).json()["errors"][0]["field"] == "url"
    await begin_listening(clock.ctx)
    await tell(clock, "campaign.edited")
    await send_due(clock)
    assert [is_signed(one, secret) for one in receiver.got] == [True]
