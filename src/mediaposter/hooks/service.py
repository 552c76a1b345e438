"""What the webhooks room can do: keep endpoints, queue events for them, replay. Services never commit."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, events, timeline
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import ConflictError, FieldProblem, NotFoundError
from mediaposter.core.events import EventRecord
from mediaposter.core.ids import new_id
from mediaposter.core.secrets import SecretBox
from mediaposter.core.timeline import MissedPolicy
from mediaposter.hooks import repository
from mediaposter.hooks.errors import EndpointError, NoSuchEndpointError
from mediaposter.hooks.models import Delivery, DeliveryState, Endpoint
from mediaposter.hooks.signing import new_secret

SEND = "hooks.send"  # the kind of our rows in the timeline: send what is due to this endpoint
_OVERLAP = timedelta(hours=24)  # how long a rotated secret still signs
_TEST = "webhook.test"
_QUIET = ("webhook.", "power.")  # events about webhooks would go on for ever, those about sleep would keep all awake


async def add_endpoint(
    session: AsyncSession,
    *,
    url: str,
    topics: Sequence[str] = ("*",),
    description: str = "",
    secrets: SecretBox,
    clock: Clock = utc_now,
) -> tuple[Endpoint, str]:
    """Keep an address and return it with its secret, which is shown this once. Raises EndpointError."""
    _check(url, topics)
    secret = new_secret()
    endpoint = Endpoint(
        id=new_id("hook"),
        url=url.strip(),
        description=description.strip(),
        topics=[topic.strip() for topic in topics],
        sealed_secret=secrets.seal(secret),
        active_since=clock(),
        created_at=clock(),
    )
    session.add(endpoint)
    await session.flush()
    await events.emit(session, "webhook.created", endpoint.id, {"url": endpoint.url, "topics": endpoint.topics})
    return endpoint, secret


def _check(url: str, topics: Sequence[str]) -> None:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise EndpointError(
            f"{url[:80]!r} is no address that events can be sent to.",
            fix="Give a full http or https address without a user name.",
            errors=[FieldProblem("url", "a full http or https address", "Begin it with https://.")],
        )
    wrong = [topic for topic in topics if not topic.strip() or "*" in topic.strip()[:-1] or len(topic) > 100]
    if wrong or not topics:
        raise EndpointError(
            f"{(wrong or ['nothing'])[0]!r} is no topic.",
            fix="Give topics such as publication.confirmed, or beginnings such as publication.*, or * for all.",
            errors=[FieldProblem("topics", "topics, or their beginnings with * at the end", "Mend it.")],
        )


async def get_endpoint(session: AsyncSession, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """Return an endpoint. Raises NoSuchEndpointError."""
    endpoint = await repository.get_endpoint(session, endpoint_id, lock=lock)
    if endpoint is None:
        raise NoSuchEndpointError(
            f"There is no webhook {endpoint_id}.", fix="List them with `mediaposter webhooks list`."
        )
    return endpoint


async def list_endpoints(session: AsyncSession) -> list[Endpoint]:
    """Return the endpoints, newest first."""
    return await repository.list_endpoints(session)


async def update_endpoint(
    session: AsyncSession,
    endpoint_id: str,
    *,
    url: str | None = None,
    topics: Sequence[str] | None = None,
    description: str | None = None,
) -> Endpoint:
    """Change what is given, keep the rest; what waits for it goes to the new address. Raises EndpointError."""
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    _check(endpoint.url if url is None else url, endpoint.topics if topics is None else topics)
    if url is not None and url.strip() != endpoint.url:
        endpoint.url, endpoint.failing_since = url.strip(), None  # the new address has failed nobody yet
    if topics is not None:
        endpoint.topics = [topic.strip() for topic in topics]
    if description is not None:
        endpoint.description = description.strip()
    await session.flush()
    await events.emit(session, "webhook.edited", endpoint.id, {"url": endpoint.url, "topics": endpoint.topics})
    return endpoint


async def remove_endpoint(session: AsyncSession, endpoint_id: str) -> None:
    """Forget an endpoint with its deliveries. Raises NoSuchEndpointError."""
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    await timeline.cancel_all(session, subject=endpoint_id, kind=SEND, note="The webhook was removed.")
    await events.emit(session, "webhook.removed", endpoint_id, {"url": endpoint.url})
    await repository.delete_endpoint(session, endpoint_id)


async def enable(session: AsyncSession, endpoint_id: str, *, now: datetime) -> Endpoint:
    """Send events to an endpoint again, from now on; what it missed is sent by `replay`."""
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    if endpoint.disabled_at is not None:
        endpoint.active_since = now
    endpoint.disabled_at = endpoint.disabled_reason = endpoint.failing_since = None
    await session.flush()
    await events.emit(session, "webhook.enabled", endpoint.id, {"url": endpoint.url})
    return endpoint


async def disable(session: AsyncSession, endpoint_id: str, *, reason: str, now: datetime) -> Endpoint:
    """Send nothing more to an endpoint until it is enabled; what waits for it is given up and can be replayed."""
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    if endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_reason = now, reason
        await timeline.cancel_all(session, subject=endpoint.id, kind=SEND, note="The webhook is disabled.")
        await repository.give_up(session, endpoint.id)
        await events.emit(session, "webhook.disabled", endpoint.id, {"url": endpoint.url, "reason": reason})
    return endpoint


async def rotate_secret(
    session: AsyncSession, endpoint_id: str, *, secrets: SecretBox, clock: Clock = utc_now
) -> tuple[Endpoint, str]:
    """Give an endpoint another secret, shown this once. For a day both sign, so that receivers can change over."""
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    secret = new_secret()
    endpoint.sealed_previous_secret, endpoint.previous_until = endpoint.sealed_secret, clock() + _OVERLAP
    endpoint.sealed_secret = secrets.seal(secret)
    await session.flush()
    return endpoint, secret


def secrets_of(endpoint: Endpoint, secrets: SecretBox, *, now: datetime) -> list[str]:
    """Return the secrets that sign now, the newest first."""
    sealed = [endpoint.sealed_secret]
    if endpoint.sealed_previous_secret and endpoint.previous_until and now < endpoint.previous_until:
        sealed.append(endpoint.sealed_previous_secret)
    return [secrets.open(one) for one in sealed]


# Deliveries


async def queue_event(session: AsyncSession, event: EventRecord, *, now: datetime) -> int:
    """Write a delivery for each endpoint that wants an event, and return how many."""
    if event.topic.startswith(_QUIET):
        return 0
    queued = 0
    for endpoint in await repository.list_endpoints(session, enabled=True):
        if event.created_at >= endpoint.active_since and wants(endpoint.topics, event.topic):
            body = {
                "type": event.topic,
                "timestamp": event.created_at.isoformat(),
                "data": {"id": event.id, "subject": event.subject, **event.data},
            }
            message = _Message(event.id, event.sequence, event.topic, body)
            queued += await _queue(session, endpoint, message, now=now)
    return queued


async def send_test(session: AsyncSession, endpoint_id: str, *, clock: Clock = utc_now) -> Delivery:
    """Queue a message that says nothing, to see whether it arrives. Raises ConflictError for a disabled endpoint."""
    endpoint = await get_endpoint(session, endpoint_id)
    if endpoint.disabled_at is not None:
        raise ConflictError("The webhook is disabled.", fix=f"mediaposter webhooks enable {endpoint_id}")
    now, event_id = clock(), new_id("evt")
    body: JsonObject = {"type": _TEST, "timestamp": now.isoformat(), "data": {"id": event_id}}
    await _queue(session, endpoint, _Message(event_id, 0, _TEST, body), now=now)
    return (await repository.list_deliveries(session, endpoint_id, state=None, limit=1, before=None))[0]


@dataclass(frozen=True)
class _Message:
    """What is to be told."""

    event_id: str
    sequence: int
    topic: str
    body: JsonObject


async def _queue(session: AsyncSession, endpoint: Endpoint, message: _Message, *, now: datetime) -> bool:
    values: JsonObject = {
        "id": new_id("msg"),
        "endpoint_id": endpoint.id,
        "event_id": message.event_id,
        "sequence": message.sequence,
        "topic": message.topic,
        "body": json.dumps(message.body, separators=(",", ":"), ensure_ascii=False, default=str),
        "state": DeliveryState.PENDING,
        "tries": 0,
        "next_at": now,
        "trail": [],
        "created_at": now,
    }
    made = await repository.insert_delivery(session, values)
    if made:
        await schedule_sending(session, endpoint.id, at=now)
    return made


async def schedule_sending(session: AsyncSession, endpoint_id: str, *, at: datetime) -> None:
    """Let what is due to an endpoint be sent at a moment: by the row that waits for it already, or by a new one."""
    waiting = await timeline.list_entries(
        session, kind=SEND, subject=endpoint_id, state=timeline.TimelineState.WAITING, limit=1
    )
    if waiting:
        # Locked: a row that is being started now would be looked through before our message is there to be seen.
        row = await timeline.get(session, waiting[0].id, lock=True)
        if row.state is timeline.TimelineState.WAITING and row.due_at <= at:
            return
    await timeline.schedule(session, kind=SEND, subject=endpoint_id, due_at=at, missed=MissedPolicy.CATCH_UP)


async def replay(
    session: AsyncSession,
    endpoint_id: str,
    *,
    delivery_id: str | None = None,
    since: datetime | None = None,
    failed_only: bool = True,
    clock: Clock = utc_now,
) -> int:
    """Send again: one delivery, or those since a moment; with the same ids and bodies. Returns how many.

    Raises ConflictError for a disabled endpoint, NotFoundError for a delivery that is not its.
    """
    endpoint = await get_endpoint(session, endpoint_id, lock=True)
    if endpoint.disabled_at is not None:
        raise ConflictError("The webhook is disabled.", fix=f"mediaposter webhooks enable {endpoint_id}")
    now = clock()
    ids: Sequence[str] = [delivery_id] if delivery_id else []
    if delivery_id is None:
        since = since or now - timedelta(days=context.current().settings.keep_finished_days)
        ids = await repository.to_replay(session, endpoint_id, since=since, failed_only=failed_only)
    for one in ids:
        delivery = await repository.get_delivery(session, one, lock=True)
        if delivery is None or delivery.endpoint_id != endpoint_id:
            raise NotFoundError(f"There is no delivery {one} of this webhook.")
        delivery.state, delivery.tries, delivery.next_at = DeliveryState.PENDING, 0, now
    await session.flush()
    if ids:
        await schedule_sending(session, endpoint_id, at=now)
    return len(ids)


async def list_deliveries(
    session: AsyncSession,
    endpoint_id: str,
    *,
    state: DeliveryState | None = None,
    limit: int = 50,
    before: str | None = None,
) -> list[Delivery]:
    """Return an endpoint's deliveries, newest first. Raises NoSuchEndpointError."""
    await get_endpoint(session, endpoint_id)
    return await repository.list_deliveries(session, endpoint_id, state=state, limit=limit, before=before)


def wants(topics: Sequence[str], topic: str) -> bool:
    """Say whether one of the patterns is a topic, or its beginning."""
    return any(topic.startswith(one[:-1]) if one.endswith("*") else topic == one for one in topics)
