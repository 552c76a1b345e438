"""The ledger: the only place that changes the outcome of a publication, and writes down each change.

Every function works in the caller's transaction on a publication that was loaded with `lock=True`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events, timeline
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.ids import new_id
from mediaposter.publishing import repository
from mediaposter.publishing.channel import Handle
from mediaposter.publishing.errors import ChannelError
from mediaposter.publishing.models import TRIES, Publication, PublicationAttempt
from mediaposter.publishing.outcomes import Outcome, check_transition
from mediaposter.publishing.redaction import redact

DUE = "publishing.due"  # the kind of our rows in the timeline: look at this publication again
PREFLIGHT = "publishing.preflight"  # the kind of those that look ahead at a scheduled one
_SETTLED = frozenset({Outcome.CONFIRMED, Outcome.REJECTED, Outcome.CANCELLED})


async def change(
    session: AsyncSession,
    publication: Publication,
    to: Outcome,
    *,
    note: str,
    now: datetime,
    problem: JsonObject | None = None,
    request: JsonObject | None = None,
    answer: JsonObject | None = None,
) -> None:
    """Move a publication to another outcome, write it into its attempt and emit `publication.<outcome>`.

    `note` says in a sentence why. Raises PublicationStateError where the table of transitions does not allow it.
    """
    check_transition(publication.outcome, to)
    publication.outcome = to
    publication.problem = problem
    publication.settled_at = now if to in _SETTLED else None
    await write(session, publication, note=note, now=now, problem=problem, request=request, answer=answer)
    await session.flush()
    if to in _SETTLED:
        await timeline.cancel_all(session, subject=publication.id, kind=DUE, note=f"The publication is {to}.")
        if publication.due_at is not None and publication.due_at > now:
            note = f"The publication is {to}."
            await timeline.cancel_all(session, subject=publication.id, kind=PREFLIGHT, note=note)
    data: dict[str, Any] = {
        "post_id": publication.post_id,
        "account_id": publication.account_id,
        "channel": publication.account.channel,
        "run_id": publication.run_id,
        "attempt": publication.attempt,
        "note": note,
    }
    if publication.url:
        data["url"] = publication.url
    if problem:
        data["problem"] = problem
    await events.emit(session, f"publication.{to}", publication.id, data)


async def write(
    session: AsyncSession,
    publication: Publication,
    *,
    note: str,
    now: datetime,
    request: JsonObject | None = None,
    answer: JsonObject | None = None,
    problem: JsonObject | None = None,
) -> PublicationAttempt:
    """Add a line to the trail of the present attempt. What was asked and answered is redacted before it is kept."""
    attempt = await repository.open_attempt(session, publication, attempt_id=new_id("try"), now=now)
    attempt.outcome = publication.outcome
    attempt.armed_at = publication.armed_at
    attempt.trail = [*attempt.trail, {"at": now.isoformat(), "outcome": publication.outcome, "note": note}]
    attempt.ended_at = now if publication.outcome in _SETTLED else None
    if request is not None:
        attempt.request = redact(request)
    if answer:
        attempt.answer = redact(answer)
    if problem is not None:
        attempt.problem = problem
    return attempt


async def begin_again(
    session: AsyncSession, publication: Publication, *, note: str, now: datetime, by_itself: bool
) -> None:
    """Plan a publication as a new attempt. The attempt that ends keeps what happened to it.

    A person's word renews the tries that it may begin by itself.
    """
    publication.attempt += 1
    publication.tries_left = publication.tries_left - 1 if by_itself else TRIES
    publication.armed_at = publication.armed_by = publication.sent_at = None
    publication.handle = publication.external_id = publication.url = None
    publication.slot_at = publication.sealed_prepared = None
    await change(session, publication, Outcome.PLANNED, note=note, now=now)


async def put_off(
    session: AsyncSession, publication: Publication, *, note: str, now: datetime, answer: JsonObject | None
) -> None:
    """Note that the platform refused for now and made nothing. An attempt whose call went out ends by that."""
    attempt = await write(session, publication, note=note, now=now, answer=answer)
    if publication.outcome is Outcome.ARMED:
        attempt.ended_at = now
        await begin_again(session, publication, note="A new attempt, after the wait.", now=now, by_itself=True)
    else:
        publication.tries_left -= 1


def keep_handle(publication: Publication, handle: Handle, *, now: datetime) -> None:
    """Keep what the platform answered to the public call."""
    publication.handle = handle.model_dump(mode="json") | {"answer": redact(handle.answer)}
    publication.external_id = handle.external_id
    publication.url = handle.url or publication.url
    publication.sent_at = now


def problem_of(error: BaseException) -> JsonObject:
    """Return an error as the ledger keeps it: code, detail, fix, and the rules it names."""
    if not isinstance(error, MediaPosterError):
        return {
            "code": "INTERNAL_ERROR",
            "detail": f"{type(error).__name__}: {error}"[:500],
            "fix": "This is a fault in MediaPoster or in the channel. The log of the worker has the details.",
        }
    problem: JsonObject = {"code": error.code, "detail": error.detail, "fix": error.fix}
    if error.errors:
        problem["errors"] = [{"field": e.field, "rule": e.rule, "fix": e.fix} for e in error.errors]
    return problem


def answer_of(error: BaseException) -> JsonObject | None:
    """Return the platform's raw answer that an error carries, if any."""
    return error.answer if isinstance(error, ChannelError) else None
