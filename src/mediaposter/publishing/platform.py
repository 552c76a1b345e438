"""Talking to a platform over HTTP: one client for all channels, and answers judged by the channel's table of errors.

What went wrong is said in the five classes of `errors`, and the difference that the ledger lives by is made here: a
request that never left is RetryLaterError, one that left and was not answered is OutcomeUnknownError when it creates.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.core.http import UrlRefusedError, guarded_client
from mediaposter.publishing.errors import (
    ChannelError,
    OutcomeUnknownError,
    ReconnectNeededError,
    RejectedError,
    RetryLaterError,
)

_TIMEOUT = httpx.Timeout(60.0, connect=10.0, pool=30.0)
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# A public call goes out on a connection of its own: one that the platform is just closing, after a while of rest, would
# leave its outcome unknown for nothing.
_FRESH = httpx.Limits(max_connections=200, max_keepalive_connections=0)
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[bool, bool], httpx.AsyncClient]] = WeakKeyDictionary()


class Means(StrEnum):
    """What an answer of a platform means for the publication."""

    LATER = "later"  # refused for now, and nothing was made
    REJECTED = "rejected"  # refused for good
    RECONNECT = "reconnect"  # the credentials are void
    UNKNOWN = "unknown"  # it may have been made


@dataclass(frozen=True)
class ErrorRule:
    """One line of a channel's table of errors. It applies when all that it names is so; the first that does decides.

    `code` is the platform's own, `says` a part of its message in lower case. `after` is how many seconds to wait where
    the platform does not say. `creating` narrows a line to calls that make something public, or to the others.
    """

    means: Means
    status: int | None = None
    code: str | None = None
    says: str = ""
    fix: str = ""
    after: float | None = None
    creating: bool | None = None


@dataclass(frozen=True)
class Complaint:
    """What the platform says is wrong: its code as text, its message, and how long to wait where it says so."""

    code: str = ""
    message: str = ""
    after: timedelta | None = None


@dataclass(frozen=True)
class Answer:
    """An answer of a platform. `data` is its JSON, None when it is none."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    data: Any = None

    @property
    def body(self) -> JsonObject:
        """The JSON as an object; anything else under `body`."""
        return self.data if isinstance(self.data, dict) else {"body": self.data if self.data is not None else self.text}

    def kept(self) -> JsonObject:
        """Return the answer as the ledger keeps it (and redacts it)."""
        return {"status": self.status, **self.body}


def common_complaint(answer: Answer) -> Complaint:
    """Read the usual shapes of an error: `error`, `message`, `detail`, `title`, `errors[0]`, or the text itself."""
    told: Any = answer.data
    if isinstance(told, dict):
        for name in ("error", "errors"):
            inner = told.get(name)
            inner = inner[0] if isinstance(inner, list) and inner else inner
            if isinstance(inner, dict):
                told = {**told, **inner}
            elif isinstance(inner, str):
                told = {"message": inner, **told}
        code = next((str(told[name]) for name in ("code", "type", "reason", "status") if told.get(name)), "")
        names = ("error_description", "message", "detail", "title", "description")
        message = next((str(told[name]) for name in names if told.get(name)), "")
        return Complaint(code, message)
    return Complaint("", answer.text.strip()[:300])


@dataclass(frozen=True)
class Platform:
    """A platform's HTTP API as one channel uses it.

    `connect` is the command that gives new credentials. `guarded` is for addresses that users give (an instance, a
    webhook): they must not lead into the private network. `secret_urls` is for platforms whose addresses carry the
    token: of them only the host is kept and told. `reads` tells how the platform words its errors.
    """

    name: str
    errors: Sequence[ErrorRule] = ()
    reads: Callable[[Answer], Complaint] = common_complaint
    guarded: bool = False
    secret_urls: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def ask(
        self,
        method: str,
        url: str,
        *,
        creating: bool = False,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        fine: Sequence[int] = (),
        timeout: float | None = None,  # noqa: ASYNC109 - of the one request, below the verb's own
        **request: Any,
    ) -> Answer:
        """Make one request and return its answer when it is 2xx or in `fine`; else raise what it means.

        `creating` marks the call that makes something public: unanswered, or answered by 5xx, its outcome is unknown.
        `request` is what httpx takes: params, json, data, files, content.
        """
        sent = {**self.headers, **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        limit = httpx.Timeout(timeout, connect=10.0) if timeout else _TIMEOUT
        try:
            response = await _client(self.guarded, fresh=creating).request(
                method, url, headers=sent, timeout=limit, **request
            )
        except _NEVER_LEFT as error:
            raise RetryLaterError(f"{self.name} could not be reached: {_told(error)}.") from error
        except UrlRefusedError as error:
            if self.secret_urls:
                # Without its cause, which names the address.
                raise RejectedError(
                    f"{self.name}: the address was refused: {error.errors[0].rule}.", fix=error.fix
                ) from None
            raise RejectedError(error.detail, fix=error.fix) from error
        except httpx.HTTPError as error:
            if creating:
                raise OutcomeUnknownError(f"{self.name} did not answer: {_told(error)}") from error
            raise RetryLaterError(f"{self.name} did not answer: {_told(error)}.") from error
        answer = _answer(response, secret_url=self.secret_urls)
        if response.is_success or response.status_code in fine:
            return answer
        raise self.judge(answer, creating=creating)

    def judge(self, answer: Answer, *, creating: bool) -> ChannelError:
        """Return the error that an answer stands for, by the table first and by its status else."""
        complaint = self.reads(answer)
        said = f"{self.name} answered {answer.status}: {complaint.message or answer.text[:200] or 'nothing'}"
        said += f" ({complaint.code})" if complaint.code else ""
        waits = complaint.after if complaint.after is not None else retry_after(answer)
        for rule in self.errors:
            if _applies(rule, answer, complaint, creating):
                after = waits if waits is not None else timedelta(seconds=rule.after) if rule.after else None
                return self._error(rule.means, answer, said, fix=rule.fix, after=after)
        return self._error(_by_status(answer.status, creating), answer, said, after=waits)

    def _error(
        self, means: Means, answer: Answer, said: str, *, fix: str = "", after: timedelta | None = None
    ) -> ChannelError:
        kept = answer.kept()
        match means:
            case Means.LATER:
                return RetryLaterError(said, after=after, fix=fix, answer=kept)
            case Means.RECONNECT:
                again = f"Connect it again: mediaposter accounts connect {self.name}"
                return ReconnectNeededError(said, fix=fix or again, answer=kept)
            case Means.UNKNOWN:
                return OutcomeUnknownError(said, fix=fix, answer=kept)
            case Means.REJECTED:
                return RejectedError(said, fix=fix or "Read what the platform says and mend it.", answer=kept)


def _applies(rule: ErrorRule, answer: Answer, complaint: Complaint, creating: bool) -> bool:
    return (
        (rule.status is None or rule.status == answer.status)
        and (rule.code is None or rule.code == complaint.code)
        and (not rule.says or rule.says in complaint.message.lower())
        and (rule.creating is None or rule.creating == creating)
    )


def _by_status(status: int, creating: bool) -> Means:
    if status == 429:
        return Means.LATER
    if status == 401:
        return Means.RECONNECT
    if status >= 500 or status == 408:
        return Means.UNKNOWN if creating else Means.LATER
    return Means.REJECTED


def retry_after(answer: Answer, *, now: datetime | None = None) -> timedelta | None:
    """Return how long the answer's headers ask to wait, None when they do not say.

    Reads `Retry-After` (seconds or a date, RFC 9110) and the resets that platforms send (epoch seconds or ISO 8601).
    """
    present = now or datetime.now(UTC)
    told = answer.headers.get("retry-after")
    if told is not None:
        try:
            return timedelta(seconds=max(0.0, float(told)))
        except ValueError:
            pass
        try:
            return max(timedelta(0), parsedate_to_datetime(told) - present)
        except (ValueError, TypeError):
            pass
    names = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
    reset = next((answer.headers[name] for name in names if answer.headers.get(name)), None)
    if reset is not None and answer.status == 429:
        try:
            moment = datetime.fromtimestamp(float(reset), UTC) if float(reset) > 1e9 else None
            return max(timedelta(0), moment - present) if moment else timedelta(seconds=float(reset))
        except ValueError:
            pass
        try:
            return max(timedelta(0), datetime.fromisoformat(reset) - present)
        except (ValueError, TypeError):
            pass
    return None


async def close_clients() -> None:
    """Close the connections of this event loop."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


def _client(guarded: bool, *, fresh: bool) -> httpx.AsyncClient:
    here = _clients.setdefault(asyncio.get_running_loop(), {})
    if (guarded, fresh) not in here:
        limits = _FRESH if fresh else _LIMITS
        here[guarded, fresh] = (
            guarded_client(context.current().settings, limits=limits)
            if guarded
            else httpx.AsyncClient(trust_env=False, limits=limits, headers={"User-Agent": "MediaPoster/0.1"})
        )
    return here[guarded, fresh]


def _answer(response: httpx.Response, *, secret_url: bool) -> Answer:
    text = response.text
    try:
        data = json.loads(text) if text else None
    except ValueError:
        data = None
    asked = response.request.url
    url = str(asked.copy_with(path="/", query=None) if secret_url else asked.copy_with(query=None))
    return Answer(response.request.method, url, response.status_code, response.headers, text, data)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")
