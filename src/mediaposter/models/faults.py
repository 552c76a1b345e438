"""What a vendor's refusal means: one table for voices, pictures and transcripts, whatever the vendor's own words."""

import json
from collections.abc import Container, Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import httpx

from mediaposter.models.access import Access
from mediaposter.models.errors import (
    ModelAnswerError,
    ModelBusyError,
    ModelError,
    ModelKeyRefusedError,
    ModelNotKnownError,
    ModelQuotaError,
    ModelRefusedError,
    ModelUnreachableError,
)

_NONE: frozenset[str] = frozenset()
# The first line that fits counts. The vendors' own codes say more than the status (OpenAI `error.code`, ElevenLabs
# `detail.status`, Stability `name`): OpenAI sends 429 for a spent quota, ElevenLabs 401.
_MEANINGS: tuple[tuple[type[ModelError], frozenset[str], Container[int], str, str], ...] = (
    (
        ModelRefusedError,
        frozenset(
            {
                "moderation_blocked",
                "content_policy_violation",
                "content_moderation",
                "content_filtered",
                "content_against_policy",
            }
        ),
        (),
        "{name} will not make this: {said}",
        "Reword it, or choose another model.",
    ),
    (
        ModelQuotaError,
        frozenset({"insufficient_quota", "quota_exceeded", "billing_hard_limit_reached", "payment_required"}),
        (402,),
        "The quota for {name} is used up: {said}",
        "Add credit or raise the limit at the vendor.",
    ),
    (
        ModelNotKnownError,
        frozenset({"model_not_found", "voice_not_found", "model_does_not_exist", "invalid_model", "invalid_uid"}),
        (404,),
        "There is no {name}: {said}",
        "Check {model} against the vendor's list, and the base URL if one is set.",
    ),
    (
        ModelKeyRefusedError,
        _NONE,
        (401, 403),
        "The vendor of {name} refused the key: {said}",
        "Check {key}: is it whole, of this vendor, and allowed to use this model?",
    ),
    (
        ModelBusyError,
        _NONE,
        (429, 503),
        "{name} is busy: {said}",
        "Try again in a few minutes, or raise the rate limit at the vendor.",
    ),
    (ModelUnreachableError, _NONE, range(500, 600), "{name} failed: {said}", "Try again later."),
)


def status_error(
    access: Access, status: int, said: str, *, code: str = "", retry_after: float | None = None
) -> ModelError:
    """Return our error for an answer of an error. `said` are the vendor's words, `code` its code."""
    for kind, codes, statuses, detail, fix in _MEANINGS:
        if code in codes or status in statuses:
            words = {
                "name": access.spec,
                "said": said,
                "key": access.key_setting,
                "model": access.model_setting,
            }
            made = kind(detail.format(**words), fix=fix.format(**words))
            if isinstance(made, ModelBusyError):
                made.retry_after = retry_after
            return made
    return ModelError(
        f"{access.spec} rejected the request: {said}", fix="Choose another model: this one may not take it."
    )


def timed_out(access: Access) -> ModelUnreachableError:
    """Return the error of an answer that did not come in time."""
    return ModelUnreachableError(
        f"{access.spec} did not answer within {access.seconds:g} seconds.",
        fix="Try again, or raise MEDIAPOSTER_MEDIA_MODEL_TIMEOUT_SECONDS.",
    )


def unreachable(access: Access, said: str, *, asked: bool) -> ModelUnreachableError:
    """Return the error of a connection that failed; `asked` where the request may have got there before it did."""
    return ModelUnreachableError(
        f"{access.spec} cannot be reached: {said}",
        fix="Check the network and the base URL, then try again.",
        asked=asked,
    )


def unreadable(access: Access, what: str) -> ModelAnswerError:
    """Return the error of an answer that is not what the API promises."""
    return unreadable_by(access.spec, what)


def unreadable_by(name: str, what: str) -> ModelAnswerError:
    """Return the same for the model `name`."""
    return ModelAnswerError(
        f"{name} answered with {what}.",
        fix="Check that the base URL is the API itself and not a web page in front of it.",
    )


@contextmanager
def our_errors(access: Access) -> Generator[None]:
    """Turn httpx's errors into ours."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
        raise unreachable(access, short(str(error)) or "no connection", asked=False) from error
    except httpx.TimeoutException as error:
        raise timed_out(access) from error
    except httpx.HTTPError as error:
        raise unreachable(access, short(str(error)) or type(error).__name__, asked=True) from error


def check(access: Access, response: httpx.Response) -> None:
    """Raise our error for an answer of an error."""
    if response.is_success:
        return
    said, code = words_of(response.content)
    raise status_error(
        access,
        response.status_code,
        said or response.reason_phrase,
        code=code,
        retry_after=seconds_of(response.headers),
    )


def words_of(body: bytes) -> tuple[str, str]:
    """Return the vendor's sentence and code out of an error's body, as OpenAI, ElevenLabs and Stability write them."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return short(body[:600].decode(errors="replace")), ""
    for name in ("error", "detail"):
        if isinstance(found, dict) and isinstance(found.get(name), dict | str):
            found = cast("dict[str, Any]", found)[name]
    if isinstance(found, str):
        return short(found), ""
    if not isinstance(found, dict):
        return short(str(found)), ""
    fields = cast("dict[str, Any]", found)
    errors = fields.get("errors")
    said = fields.get("message") or ("; ".join(map(str, cast("list[Any]", errors))) if isinstance(errors, list) else "")
    code = fields.get("code") or fields.get("status") or fields.get("name") or ""
    return short(str(said)), str(code)


def seconds_of(headers: Mapping[str, str]) -> float | None:
    """Return what `Retry-After` asks for, in seconds; None where it says nothing or a date."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None


def short(text: str) -> str:
    """Return `text` in one line of at most 300 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:299] + "…"
