"""One try to deliver a message, and what its answer means."""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import structlog

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.http import guarded_client
from mediaposter.hooks import repository, service, signing
from mediaposter.hooks.models import DeliveryState, Endpoint
from mediaposter.publishing.redaction import redact

# The pauses that Standard Webhooks recommends, with jitter: about three days in all.
_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
_TIMEOUT = 20.0  # seconds; the specification asks for 15 to 30
_ANSWER = 500  # bytes of an answer that are kept
_GIVE_UP_AFTER = timedelta(days=5)  # of failures without one success the endpoint is disabled
_GONE = 410
_LONGEST = timedelta(days=1)  # that a receiver may ask for
_FORESEEN = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, MediaPosterError)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Answer:
    """What came of a try. `status` is None where there was no answer."""

    status: int | None
    told: str
    seconds: float
    after: timedelta | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def deliver(ctx: Context, delivery_id: str) -> None:
    """Send a message once and keep what came of it. A death in between leads to another try with the same id."""
    async with ctx.database.session() as session:
        delivery = await repository.get_delivery(session, delivery_id)
        if delivery is None or delivery.state is not DeliveryState.PENDING or delivery.next_at > ctx.clock():
            return
        endpoint = await service.get_endpoint(session, delivery.endpoint_id)
    if endpoint.disabled_at is not None:
        return
    answer = await _send(ctx, endpoint, delivery_id, delivery.body)
    now = ctx.clock()
    async with ctx.database.session() as session:
        # The endpoint first, as everybody does who changes its deliveries: else two would wait for each other.
        endpoint = await service.get_endpoint(session, endpoint.id, lock=True)
        delivery = await repository.get_delivery(session, delivery_id, lock=True)
        if delivery is None:
            return
        if delivery.state is not DeliveryState.PENDING:  # disabled meanwhile; what has arrived has arrived
            delivery.state = DeliveryState.DELIVERED if answer.ok else delivery.state
            return
        delivery.tries += 1
        line: JsonObject = {"at": now.isoformat(), "status": answer.status, "told": answer.told}
        delivery.trail = [*delivery.trail, line | {"seconds": round(answer.seconds, 3)}]
        if answer.ok:
            delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, now
            endpoint.failing_since = None
            return
        since = endpoint.failing_since = endpoint.failing_since or now
        if answer.status == _GONE:
            await service.disable(session, endpoint.id, reason="It answered 410 Gone.", now=now)
        elif now - since > _GIVE_UP_AFTER:
            await service.disable(session, endpoint.id, reason="Nothing has arrived for five days.", now=now)
        elif delivery.tries > len(_PAUSES):
            delivery.state = DeliveryState.FAILED
        else:
            pause = _PAUSES[delivery.tries - 1] * random.uniform(1.0, 1.2)
            delivery.next_at = now + max(pause, answer.after or timedelta(0))


async def _send(ctx: Context, endpoint: Endpoint, message_id: str, body: str) -> _Answer:
    now, began = ctx.clock(), time.monotonic()
    try:
        keys = service.secrets_of(endpoint, ctx.secrets, now=now)
        headers = {"Content-Type": "application/json", **signing.headers(keys, message_id, body, at=now)}
        async with (
            asyncio.timeout(_TIMEOUT),
            guarded_client(ctx.settings) as client,
            client.stream("POST", endpoint.url, content=body.encode(), headers=headers) as answer,
        ):
            told = b""
            async for chunk in answer.aiter_bytes():
                told += chunk
                if len(told) >= _ANSWER:
                    break
        after = _retry_after(answer, now)
        text = _safe(told[:_ANSWER].decode("utf-8", "replace"))
        return _Answer(answer.status_code, text, time.monotonic() - began, after)
    except Exception as error:  # whatever it is, this message is tried again and the others go on
        if not isinstance(error, _FORESEEN):
            _log.warning("webhook.try_failed", endpoint=endpoint.id, message=message_id, error=repr(error))
        said = error.detail if isinstance(error, MediaPosterError) else str(error)
        return _Answer(None, _safe(f"{type(error).__name__}: {said}".rstrip(": ")), time.monotonic() - began)


def _safe(text: str) -> str:
    """Return what may be kept of an answer: cut, and without what looks like a secret."""
    kept = redact({"told": text.replace("\x00", "")[:_ANSWER]})
    return str((kept or {}).get("told", ""))


def _retry_after(answer: httpx.Response, now: datetime) -> timedelta | None:
    told = answer.headers.get("retry-after", "").strip()
    if answer.status_code not in (429, 502, 503, 504) or not told:
        return None
    if told.isascii() and told.isdecimal():
        return min(timedelta(seconds=int(told[:9])), _LONGEST)
    try:
        return min(max(parsedate_to_datetime(told) - now, timedelta(0)), _LONGEST)
    except (ValueError, TypeError, OverflowError):
        return None
