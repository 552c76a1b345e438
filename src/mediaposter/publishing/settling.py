"""Settling: reading the platform until a publication that went out, or may have, is surely public or surely not.

Nothing in here sends. Absence is believed only when nothing of a dead call can still arrive (`Timing.settle` after the
arming); then a publication that was never answered begins a new attempt by itself, and one
that the platform had taken waits for a person's word.
"""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError
from mediaposter.publishing import ledger, repository
from mediaposter.publishing.channel import Absent, Channel, ConfirmState, Found, Handle, Outgoing, Unreadable
from mediaposter.publishing.connecting import refreshing
from mediaposter.publishing.gate import INLINE, look_again, problem, surely_over
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import load_row, outgoing_of
from mediaposter.publishing.registry import load_channel
from mediaposter.publishing.sending import log_fault
from mediaposter.publishing.turns import Turn, stop, turn_after

_WATCHED = (
    120.0  # seconds that a workflow watches a sent publication; after that a row in the timeline comes back to it
)
_PAUSES = (60, 300, 900, 3600, 3600 * 4, 3600 * 12)  # seconds between looks at an account that cannot be read now
_TAKEN_WITHIN = timedelta(days=30)  # of the account's other posts, which are not this one however alike
ASK = "ASK_A_PERSON"


async def confirm(ctx: Context, publication_id: str, turn: Turn, *, row: Publication | None = None) -> Turn:
    """Look once whether the platform has published it. Gives up at the channel's deadline.

    `row` spares a look at the ledger where it was looked at just now.
    """
    if row is None:
        async with ctx.database.session() as session:
            row = await load_row(session, publication_id)
    if row.outcome is not Outcome.SENT or row.attempt != turn.attempt or row.handle is None:
        return turn_after(row.outcome, row.attempt)
    handle = Handle.model_validate(row.handle)
    outgoing = outgoing_of(row, ctx.secrets)
    outgoing = await _with_good_token(ctx, row, outgoing)
    channel = load_channel(row.account.channel)
    said = await _look(ctx, channel, outgoing, handle)
    if said is ConfirmState.PUBLISHED:
        return turn_after(Outcome.CONFIRMED, turn.attempt)
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome is not Outcome.SENT or row.attempt != turn.attempt:
            return turn_after(row.outcome, row.attempt)
        sent_at = row.sent_at or now
        deadline = sent_at + timedelta(seconds=channel.timing.confirm)
        if now >= deadline:
            late = problem(
                "CONFIRM_DEADLINE",
                f"The platform took it and did not say within {channel.timing.confirm:g} s that it is public.",
                "Nothing: the account is read.",
            )
            await ledger.change(session, row, Outcome.UNKNOWN, note=late["detail"], now=now, problem=late)
            return turn_after(row.outcome, row.attempt)
        pause = min(channel.timing.poll, (deadline - now).total_seconds())
        if (now - sent_at).total_seconds() < _WATCHED and pause <= INLINE:
            return turn_after(row.outcome, row.attempt, wait=pause)
        await look_again(session, row, at=min(deadline, now + timedelta(seconds=max(pause, 60.0))))
        return stop(row.outcome, row.attempt)


async def settle(ctx: Context, publication_id: str, turn: Turn) -> Turn:
    """Read the account and say whether an unknown publication is there."""
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome is not Outcome.UNKNOWN or row.attempt != turn.attempt:
            return turn_after(row.outcome, row.attempt)
        handle = Handle.model_validate(row.handle) if row.handle else None
        since = ctx.clock() - _TAKEN_WITHIN
        taken = await repository.external_ids(session, row.account_id, but=row.id, since=since)
        outgoing = outgoing_of(row, ctx.secrets, taken=taken)
    outgoing = await _with_good_token(ctx, row, outgoing)
    channel = load_channel(row.account.channel)
    processing = False
    if handle is not None:
        said = await _look(ctx, channel, outgoing, handle)
        processing = said is ConfirmState.PROCESSING
    found = await _find(channel, outgoing)
    if processing and isinstance(found, Absent):
        # What is still being made is not absent: it may come out at any time.
        found = Unreadable(evidence=f"The platform still works on it. {found.evidence}", again=True)
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await load_row(session, publication_id)
        if row.outcome is not Outcome.UNKNOWN or row.attempt != turn.attempt:
            return turn_after(row.outcome, row.attempt)
        match found:
            case Found():
                return await _found(session, row, found, now=now)
            case Absent():
                return await _absent(session, row, channel, found, now=now)
            case Unreadable():
                return await _unreadable(session, row, found, now=now)


async def _with_good_token(ctx: Context, row: Publication, outgoing: Outgoing) -> Outgoing:
    """Renew the account's token where it ends. What cannot be renewed now is tried as it is: reading harms nothing."""
    if not refreshing.is_due(row.account, now=ctx.clock()):
        return outgoing
    try:
        return await refreshing.fresh(ctx, outgoing)
    except MediaPosterError as error:
        log_fault("publication.token_not_renewed", outgoing.id, error)
        return outgoing


async def _look(ctx: Context, channel: Channel, outgoing: Outgoing, handle: Handle) -> ConfirmState | None:
    """Ask the platform about what it answered to, and settle the row if that does. None when it could not be asked."""
    try:
        async with asyncio.timeout(channel.timing.commit):
            seen = await channel.confirm(outgoing, handle)
    except Exception as error:
        log_fault("publication.confirm_failed", outgoing.id, error)
        return None
    if seen.state is ConfirmState.PROCESSING:
        return seen.state
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = await load_row(session, outgoing.id)
        if row.outcome not in (Outcome.SENT, Outcome.UNKNOWN) or row.attempt != outgoing.attempt:
            return None  # others have settled it
        row.url = seen.url or row.url
        row.external_id = seen.external_id or row.external_id
        if seen.state is ConfirmState.PUBLISHED:
            note = "The platform says it is public."
            await ledger.change(session, row, Outcome.CONFIRMED, note=note, now=now, answer=seen.answer)
        else:
            why = problem("REJECTED", seen.reason or "The platform failed to publish it.", seen.fix)
            note = "The platform says it failed."
            await ledger.change(session, row, Outcome.REJECTED, note=note, now=now, problem=why, answer=seen.answer)
    return seen.state


async def _find(channel: Channel, outgoing: Outgoing) -> Found | Absent | Unreadable:
    try:
        async with asyncio.timeout(channel.timing.commit):
            return await channel.find(outgoing)
    except Exception as error:
        log_fault("publication.find_failed", outgoing.id, error)
        told = f"{type(error).__name__}: {error}".rstrip(": ")
        return Unreadable(evidence=f"The account could not be read: {told}.", again=True)


async def _found(session: AsyncSession, row: Publication, found: Found, *, now: datetime) -> Turn:
    seen = Handle(external_id=found.external_id, url=found.url, answer=found.answer)
    if found.working and row.handle is not None:
        # It was watched to its deadline already: now it is looked at ever more seldom, and then a person is asked.
        return await _unreadable(session, row, Unreadable(evidence=found.evidence, again=True), now=now)
    if found.working:
        ledger.keep_handle(row, seen, now=now)
        await ledger.change(session, row, Outcome.SENT, note=found.evidence, now=now)
        return turn_after(row.outcome, row.attempt)
    row.url = found.url or row.url
    row.external_id = found.external_id
    if row.handle is None:
        row.handle = seen.model_dump(mode="json")
    await ledger.change(session, row, Outcome.CONFIRMED, note=found.evidence, now=now)
    return turn_after(row.outcome, row.attempt)


async def _absent(session: AsyncSession, row: Publication, channel: Channel, found: Absent, *, now: datetime) -> Turn:
    over = surely_over(row, channel.timing.settle)
    if now < over:
        left = (over - now).total_seconds()
        await ledger.write(session, row, note=f"Not there yet. {found.evidence}", now=now)
        if left <= INLINE:
            return turn_after(row.outcome, row.attempt, wait=left)
        await look_again(session, row, at=over)
        return stop(row.outcome, row.attempt)
    never_answered = row.sent_at is None
    gone = problem("NOT_THERE", f"It is not on the account. {found.evidence}", "Look why, then retry it.")
    await ledger.change(session, row, Outcome.REJECTED, note=gone["detail"], now=now, problem=gone)
    if never_answered and row.tries_left > 1:
        note = "Begun again: the account was read and it is proven absent."
        await ledger.begin_again(session, row, note=note, now=now, by_itself=True)
    return turn_after(row.outcome, row.attempt)


async def _unreadable(session: AsyncSession, row: Publication, found: Unreadable, *, now: datetime) -> Turn:
    looks = int((row.problem or {}).get("looks", 0))
    if found.again and looks < len(_PAUSES):
        at = now + timedelta(seconds=_PAUSES[looks])
        later = problem("OUTCOME_UNKNOWN", found.evidence, f"Nothing: it is read again at {at:%H:%M} UTC.")
        row.problem = later | {"looks": looks + 1}
        await ledger.write(session, row, note=found.evidence, now=now, problem=row.problem)
        await look_again(session, row, at=at)
        return stop(row.outcome, row.attempt)
    fix = (
        f"Look at the account {row.account.handle} on {row.account.channel}. If it is there: `mediaposter publications "
        f"answer {row.id} --public`. If not: `mediaposter publications answer {row.id} --not-public`. Nothing is sent."
    )
    row.problem = problem(ASK, found.evidence, fix)
    await ledger.write(session, row, note=f"A person is asked. {found.evidence}", now=now, problem=row.problem)
    question = {"account_id": row.account_id, "channel": row.account.channel, "problem": row.problem}
    await events.emit(session, "publication.questioned", row.id, question)
    return stop(row.outcome, row.attempt)
