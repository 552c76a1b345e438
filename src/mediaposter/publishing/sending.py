"""Sending: what the ledger does before, around and after the calls of a channel that lead to a public post.

Each function is the body of one durable step. It may run again after its process died, so it first looks at the row:
- `commit` arms the row, in a transaction of its own, before the one public call, and keeps the answer right after. If
  it finds the row armed by its own workflow, its process died in between: the outcome is unknown, the channel is read.
- A row in the timeline is written with the arming: whoever lives then looks again, and nothing stays open for ever.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError
from mediaposter.publishing import ledger
from mediaposter.publishing.channel import Channel, Handle, Outgoing, Prepared
from mediaposter.publishing.connecting import refreshing
from mediaposter.publishing.errors import ReconnectNeededError, RejectedError, RepeatedError, RetryLaterError
from mediaposter.publishing.gate import gate, look_again, problem, surely_over
from mediaposter.publishing.models import TRIES, Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import load_row, outgoing_of
from mediaposter.publishing.preview import refuse_broken_rules
from mediaposter.publishing.registry import load_channel
from mediaposter.publishing.turns import Move, Turn, stop, turn_after

_FIRST_PAUSE = timedelta(seconds=30)  # where a platform asks to come back and does not say when; doubled each time
_LONGEST_PAUSE = timedelta(days=1)
_NOTHING_MADE = (RejectedError, ReconnectNeededError, NotConfiguredError)
_log = structlog.get_logger(__name__)


async def begin(ctx: Context, publication_id: str, *, owner: str) -> Turn:
    """Look where the publication stands and return its next move. `owner` is the workflow that asks."""
    turn, _ = await look(ctx, publication_id, owner=owner)
    return turn


async def look(ctx: Context, publication_id: str, *, owner: str) -> tuple[Turn, Publication | None]:
    """Do as `begin` does, and return the row as well while nothing has changed it since."""
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome is Outcome.PLANNED:
            try:
                return await gate(session, row, now=now), row
            except RepeatedError as error:
                why = ledger.problem_of(error)
                await ledger.change(session, row, Outcome.REJECTED, note=error.detail, now=now, problem=why)
        if row.outcome is Outcome.ARMED:
            return await _inherit(session, row, owner=owner, now=now), None
        return turn_after(row.outcome, row.attempt), None


async def prepare(ctx: Context, publication_id: str, turn: Turn, *, row: Publication | None = None) -> Turn:
    """Check the rules and let the channel make everything ready. Nothing becomes public.

    `row` spares a look at the ledger where it was looked at just now.
    """
    if row is None:
        async with ctx.database.session() as session:
            row = await load_row(session, publication_id)
    if row.outcome is not Outcome.PLANNED or row.attempt != turn.attempt:
        return turn_after(row.outcome, row.attempt)
    outgoing = outgoing_of(row, ctx.secrets)
    channel = load_channel(row.account.channel)
    ahead = timedelta(seconds=channel.timing.prepare)
    try:
        refreshing.require_connection(row.account)
        await refuse_broken_rules(ctx, outgoing)
        if refreshing.is_due(row.account, now=ctx.clock(), ahead=ahead):
            outgoing = await refreshing.fresh(ctx, outgoing, ahead=ahead)
        prepared = await _prepared(ctx, channel, outgoing)
    except RetryLaterError as error:
        return await _later(ctx, publication_id, turn, error)
    except Exception as error:
        log_fault("publication.prepare_failed", publication_id, error)
        return await _refuse(ctx, publication_id, turn, error, "It could not be made ready.")
    return Turn(move=Move.COMMIT, outcome=Outcome.PLANNED, attempt=turn.attempt, prepared=prepared.data)


async def _prepared(ctx: Context, channel: Channel, outgoing: Outgoing) -> Prepared:
    """Prepare; with another token once more when the platform refused the one that was thought good."""
    try:
        async with asyncio.timeout(channel.timing.prepare):
            return await channel.prepare(outgoing)
    except ReconnectNeededError:
        if not await refreshing.renewed_after_refusal(ctx, outgoing.account):
            raise
    async with asyncio.timeout(channel.timing.prepare):
        return await channel.prepare(await refreshing.fresh(ctx, outgoing))


@dataclass(frozen=True)
class _Armed:
    """A publication whose one call may go out now."""

    outgoing: Outgoing
    channel: Channel
    at: datetime


@dataclass(frozen=True)
class _Stale:
    """A publication whose account's token is to be renewed before it is armed."""

    outgoing: Outgoing


async def commit(ctx: Context, publication_id: str, turn: Turn, *, owner: str) -> Turn:
    """Arm the publication, make the one public call, keep its answer. Never makes the call for a row it did not arm."""
    told, _ = await send(ctx, publication_id, turn, owner=owner)
    return told


async def send(ctx: Context, publication_id: str, turn: Turn, *, owner: str) -> tuple[Turn, Publication | None]:
    """Do as `commit` does, and return the row as well when it was answered, as it stands then."""
    armed = await _aim(ctx, publication_id, turn, owner=owner)
    if isinstance(armed, Turn):
        return armed, None
    # From here on the row says armed, whatever becomes of this process.
    outgoing, channel = armed.outgoing, armed.channel
    try:
        handle = await _call(ctx, channel, lambda: channel.commit(outgoing, Prepared(data=turn.prepared)), armed.at)
    except RetryLaterError as error:
        return await _later(ctx, publication_id, turn, error), None
    except _NOTHING_MADE as error:
        why = await _after_refusal(ctx, outgoing, error) if isinstance(error, ReconnectNeededError) else error
        if isinstance(why, RetryLaterError):
            return await _later(ctx, publication_id, turn, why), None
        return await _refuse(ctx, publication_id, turn, why, "The platform refused it."), None
    except Exception as error:
        log_fault("publication.commit_unanswered", publication_id, error)
        return await _doubt(ctx, publication_id, turn, error), None
    return await _keep_answer(ctx, publication_id, turn, handle)


async def _after_refusal(ctx: Context, outgoing: Outgoing, error: ReconnectNeededError) -> MediaPosterError:
    """Return what a refused token comes to: another try when it was renewed or cannot be just now, else a refusal."""
    try:
        if await refreshing.renewed_after_refusal(ctx, outgoing.account):
            return RetryLaterError("The token was refused before its end, and renewed.", after=timedelta(0))
    except (RetryLaterError, RejectedError, NotConfiguredError) as why:
        return why
    return error


async def _aim(ctx: Context, publication_id: str, turn: Turn, *, owner: str) -> Turn | _Armed:
    """Arm the publication, with a token that lasts; else return what to do instead."""
    armed = await _arm(ctx, publication_id, turn, owner=owner)
    if not isinstance(armed, _Stale):
        return armed
    try:
        await refreshing.fresh(ctx, armed.outgoing)
    except RetryLaterError as error:
        return await _later(ctx, publication_id, turn, error)
    except _NOTHING_MADE as error:
        return await _refuse(ctx, publication_id, turn, error, "Its account is not connected.")
    armed = await _arm(ctx, publication_id, turn, owner=owner, renewed=True)
    assert not isinstance(armed, _Stale)
    return armed


async def _arm(
    ctx: Context, publication_id: str, turn: Turn, *, owner: str, renewed: bool = False
) -> Turn | _Armed | _Stale:
    """Arm the publication if it may go out now, in a transaction of its own; else return what to do instead."""
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome is Outcome.ARMED:
            return await _inherit(session, row, owner=owner, now=ctx.clock())
        if row.outcome is not Outcome.PLANNED or row.attempt != turn.attempt:
            return turn_after(row.outcome, row.attempt)
        channel = load_channel(row.account.channel)
        if not renewed and refreshing.is_due(row.account, now=ctx.clock()):
            return _Stale(outgoing_of(row, ctx.secrets))
        held = await gate(session, row, now=ctx.clock(), arming=True)
        if held.move is not Move.PREPARE:
            return held
        if held.wait:
            return turn.model_copy(update={"wait": held.wait})
        armed_at = ctx.clock()
        await _write_armed(ctx, session, row, channel, turn, owner=owner, now=armed_at)
        return _Armed(outgoing_of(row, ctx.secrets), channel, armed_at)


async def _call(ctx: Context, channel: Channel, call: Callable[[], Awaitable[Handle]], armed_at: datetime) -> Handle:
    if ctx.clock() - armed_at > timedelta(seconds=channel.timing.commit):
        raise TimeoutError("this process stood still between arming and sending, and sent nothing")
    async with asyncio.timeout(channel.timing.commit):
        return await call()


async def _inherit(session: AsyncSession, row: Publication, *, owner: str, now: datetime) -> Turn:
    """Take over an armed publication: at once when our own workflow armed it before, else when its time is over."""
    timing = load_channel(row.account.channel).timing
    if row.armed_by != owner and now <= surely_over(row, max(timing.commit, timing.settle)):
        return stop(row.outcome, row.attempt)
    doubt = problem(
        "OUTCOME_UNKNOWN",
        "The process that was sending it ended between arming it and keeping the answer.",
        "Nothing: the account is read.",
    )
    await ledger.change(session, row, Outcome.UNKNOWN, note=doubt["detail"], now=now, problem=doubt)
    return turn_after(row.outcome, row.attempt)


async def _write_armed(
    ctx: Context, session: AsyncSession, row: Publication, channel: Channel, turn: Turn, *, owner: str, now: datetime
) -> None:
    row.armed_at = now
    row.armed_by = owner
    row.sealed_prepared = ctx.secrets.seal(Prepared(data=turn.prepared).model_dump_json())
    request = {
        "channel": channel.name,
        "account": row.account.external_id,
        "copy": row.copy,
        "prepared": turn.prepared,
    }
    note = "Armed: the public call goes out."
    await ledger.change(session, row, Outcome.ARMED, note=note, now=now, request=request)
    timing = channel.timing
    await look_again(session, row, at=surely_over(row, max(timing.commit, timing.settle) + 5))


async def _keep_answer(ctx: Context, publication_id: str, turn: Turn, handle: Handle) -> tuple[Turn, Publication]:
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.attempt != turn.attempt or row.outcome not in (Outcome.ARMED, Outcome.UNKNOWN):
            # Others thought this call dead and settled it by reading. The answer is evidence, no more.
            note = f"A late answer to attempt {turn.attempt}: {handle.external_id}."
            await ledger.write(session, row, note=note, now=now, answer=handle.answer)
            return turn_after(row.outcome, row.attempt), row
        ledger.keep_handle(row, handle, now=now)
        if not (row.account.problem or {}).get(refreshing.STAYS):
            row.account.problem = None
        if handle.rest:
            until = now + timedelta(seconds=handle.rest)
            row.account.held_until = max(until, row.account.held_until or until)
        if row.outcome is Outcome.UNKNOWN:
            await ledger.write(session, row, note="A late answer came.", now=now, answer=handle.answer)
        else:
            note = "The platform took it."
            await ledger.change(session, row, Outcome.SENT, note=note, now=now, answer=handle.answer)
        return turn_after(row.outcome, row.attempt), row


async def _doubt(ctx: Context, publication_id: str, turn: Turn, error: BaseException) -> Turn:
    """The call went out and no answer can be trusted."""
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome is Outcome.ARMED and row.attempt == turn.attempt:
            told = f"{type(error).__name__}: {error}".rstrip(": ")
            doubt = problem("OUTCOME_UNKNOWN", f"No answer that can be trusted: {told}.", "Nothing: it is read.")
            answer = ledger.answer_of(error)
            await ledger.change(
                session, row, Outcome.UNKNOWN, note=doubt["detail"], now=ctx.clock(), problem=doubt, answer=answer
            )
        return turn_after(row.outcome, row.attempt)


async def _refuse(ctx: Context, publication_id: str, turn: Turn, error: Exception, note: str) -> Turn:
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome in (Outcome.PLANNED, Outcome.ARMED) and row.attempt == turn.attempt:
            reason = ledger.problem_of(error)
            if isinstance(error, ReconnectNeededError):
                await refreshing.mark_disconnected(session, row.account, error.detail, fix=error.fix)
            answer = ledger.answer_of(error)
            await ledger.change(
                session, row, Outcome.REJECTED, note=note, now=ctx.clock(), problem=reason, answer=answer
            )
        return turn_after(row.outcome, row.attempt)


async def _later(ctx: Context, publication_id: str, turn: Turn, error: RetryLaterError) -> Turn:
    """Refused for now and nothing made: the account waits, then a new attempt begins."""
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome not in (Outcome.PLANNED, Outcome.ARMED) or row.attempt != turn.attempt:
            return turn_after(row.outcome, row.attempt)
        reason = ledger.problem_of(error)
        answer = ledger.answer_of(error)
        if row.tries_left <= 1:
            reason["detail"] = f"The platform asked {TRIES} times to come back later. {error.detail}"
            reason["fix"] = "Look at the account's limits, then retry."
            note = "It was put off too often."
            await ledger.change(session, row, Outcome.REJECTED, note=note, now=now, problem=reason, answer=answer)
            return turn_after(row.outcome, row.attempt)
        after = error.after if error.after is not None else _FIRST_PAUSE * 2 ** (TRIES - row.tries_left)
        until = now + min(max(after, timedelta(0)), _LONGEST_PAUSE)
        row.account.held_until = max(until, row.account.held_until or until)
        note = f"Put off until {until:%Y-%m-%d %H:%M:%S} UTC: {error.detail}"
        await ledger.put_off(session, row, note=note, now=now, answer=answer)
        row.problem = reason | {"detail": note}
        return await gate(session, row, now=now)


def log_fault(event: str, publication_id: str, error: BaseException) -> None:
    """Log what was not foreseen: an error of no class of ours."""
    if not isinstance(error, MediaPosterError | TimeoutError):
        _log.warning(event, publication=publication_id, error=repr(error), exc_info=error)
