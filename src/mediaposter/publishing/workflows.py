"""Durable work of publishing: one publication, from where it stands to where it is settled or must wait.

The workflow is a loop of turns: each step looks at the row, does one thing, and says what comes next. All outside
effects are in the steps, and the steps decide by the row: a death anywhere costs a look and never a second post.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context, engine, timeline
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Queue
from mediaposter.core.models import WakeTrigger
from mediaposter.core.timeline import TimelineEntry, Wake
from mediaposter.publishing import guards, repository, sending, settling
from mediaposter.publishing.ledger import DUE
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import OPEN
from mediaposter.publishing.turns import Move, Turn

_LEAD = timedelta(minutes=5)  # what is to be made ready for a post is made ready before its time


def _database_hiccup(error: BaseException) -> bool:
    return isinstance(error, OperationalError | OSError)


@engine.workflow("publishing.publish")
async def publish(publication_id: str) -> str:
    """Take a publication as far as it goes now and return its outcome. For Queue.PUBLISH: one at a time per account.

    planned, sent or unknown at the end means that a row in the timeline, the account's owner or a person goes on with
    it; the publication's problem says which.
    """
    return await _drive(publication_id, may_send=True)


@engine.workflow("publishing.reconcile")
async def reconcile(publication_id: str) -> str:
    """Read the platform about a publication that went out, or may have, and return its outcome. Never sends."""
    return await _drive(publication_id, may_send=False)


@timeline.on_due(DUE, wake=Wake(WakeTrigger.SCHEDULED_POST, lead=_LEAD))
async def start_due(session: AsyncSession, entries: Sequence[TimelineEntry]) -> None:
    """Enqueue the publications of due rows; those that their account's limits let go later come back then."""
    ids = {entry.subject for entry in entries}
    later = await _reserve(context.current(), ids)
    rows = {row.id: row for row in await repository.lock_publications(session, ids)}
    for entry in entries:
        row = rows.get(entry.subject)
        if row is None or row.outcome not in OPEN:
            continue
        if row.id in later:
            timeline.wait_until(entry, later[row.id])
            continue
        entry.workflow_id = await start(session, row)


async def _reserve(ctx: Context, ids: Collection[str]) -> dict[str, datetime]:
    """Give the publications their moments in a transaction of its own, and return those of the ones that must wait.

    It holds the locks of many accounts at once. Enqueuing takes longer, and what arms on them would wait for it.
    """
    async with ctx.database.session() as session:
        rows = await repository.lock_publications(session, ids)
        return await guards.reserve_many(session, rows, now=ctx.clock())


async def start(session: AsyncSession, row: Publication) -> str:
    """Enqueue the workflow of a locked row, under an id of its own, in the caller's transaction. Returns the id."""
    row.starts += 1
    await session.flush()
    return await engine.enqueue(
        session, publish, row.id, queue=Queue.PUBLISH, id=row.workflow_id, partition=row.account_id
    )


async def _drive(publication_id: str, *, may_send: bool) -> str:
    owner = engine.current_id() or publication_id
    turn = Turn.model_validate(await begin(publication_id, owner, may_send))
    while turn.move is not Move.STOP:
        if turn.move in (Move.PREPARE, Move.COMMIT) and not may_send:
            break
        if turn.wait > 0:
            await wait(turn.wait)
        turn = Turn.model_validate(await _step(publication_id, turn, owner))
    return turn.outcome


async def _step(publication_id: str, turn: Turn, owner: str) -> JsonObject:
    told = turn.model_dump(mode="json")
    match turn.move:
        case Move.PREPARE:
            return await prepare(publication_id, told)
        case Move.COMMIT:
            return await commit(publication_id, told, owner)
        case Move.CONFIRM:
            return await confirm(publication_id, told)
        case Move.SETTLE | Move.STOP:
            return await settle(publication_id, told)


@engine.step("publishing.begin", attempts=6, retry_on=_database_hiccup)
async def begin(publication_id: str, owner: str, may_send: bool) -> JsonObject:
    """Look where the publication stands, and make it ready when it may go out: both may be repeated."""
    ctx = context.current()
    turn, row = await sending.look(ctx, publication_id, owner=owner)
    if may_send and turn.move is Move.PREPARE and not turn.wait:
        turn = await sending.prepare(ctx, publication_id, turn, row=row)
    return turn.model_dump(mode="json")


@engine.step("publishing.prepare", attempts=6, retry_on=_database_hiccup)
async def prepare(publication_id: str, turn: JsonObject) -> JsonObject:
    """Make everything ready. May be repeated."""
    told = await sending.prepare(context.current(), publication_id, Turn.model_validate(turn))
    return told.model_dump(mode="json")


@engine.step("publishing.commit", attempts=6, retry_on=_database_hiccup, cancellable=False)
async def commit(publication_id: str, turn: JsonObject, owner: str) -> JsonObject:
    """Arm, send, keep the answer, and look once. Repeated, it finds the row armed and never sends a second time."""
    ctx = context.current()
    told, row = await sending.send(ctx, publication_id, Turn.model_validate(turn), owner=owner)
    if told.move is Move.CONFIRM and not told.wait:
        told = await settling.confirm(ctx, publication_id, told, row=row)
    return told.model_dump(mode="json")


@engine.step("publishing.confirm", attempts=6, retry_on=_database_hiccup)
async def confirm(publication_id: str, turn: JsonObject) -> JsonObject:
    """Look once whether it is public."""
    told = await settling.confirm(context.current(), publication_id, Turn.model_validate(turn))
    return told.model_dump(mode="json")


@engine.step("publishing.settle", attempts=6, retry_on=_database_hiccup)
async def settle(publication_id: str, turn: JsonObject) -> JsonObject:
    """Read the account about an unknown one."""
    told = await settling.settle(context.current(), publication_id, Turn.model_validate(turn))
    return told.model_dump(mode="json")


@engine.step("publishing.wait")
async def wait(seconds: float) -> None:
    """Wait a few seconds; longer waits are rows in the timeline."""
    await asyncio.sleep(seconds)
