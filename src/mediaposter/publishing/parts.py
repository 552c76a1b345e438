"""What hangs under a post: the further posts of a thread and the first comment. Each is a publication of its own.

They are planned with the post and wait for what they go under: public, it starts them; not public, it takes them back.
"""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.db import JsonObject
from mediaposter.core.ids import new_id
from mediaposter.publishing import ledger, repository
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import TRIES, Kind, Publication
from mediaposter.publishing.outcomes import Outcome

_NOT_SENT = (Outcome.PLANNED, Outcome.REJECTED, Outcome.CANCELLED)


async def plan(session: AsyncSession, row: Publication, *, threads: bool, comments: bool, now: datetime) -> None:
    """Plan what hangs under a post that was not sent: new parts are added, changed words taken over, others cancelled.

    `threads` and `comments` say what the channel sends as posts of their own.
    """
    copy = Copy.model_validate(row.copy)
    wanted: list[tuple[Kind, str]] = [(Kind.REPLY, text) for text in copy.thread] if threads else []
    if comments and copy.first_comment:
        wanted.append((Kind.COMMENT, copy.first_comment))
    known = {part.part: part for part in await repository.parts_of(session, row.post_id, row.account_id)}
    above = row.id
    for number, (kind, text) in enumerate(wanted, start=1):
        parent = row.id if kind is Kind.COMMENT else above
        part = known.pop(number, None)
        words = Copy(description=text).model_dump(mode="json")
        if part is None:
            above = await _add(session, row, number=number, kind=kind, parent=parent, words=words, now=now)
            continue
        above = part.id
        if part.outcome in _NOT_SENT:
            part.copy, part.kind, part.parent_id = words, kind, parent
            if part.outcome is Outcome.CANCELLED:
                await ledger.begin_again(session, part, note="Planned again.", now=now, by_itself=False)
    for part in known.values():
        if part.outcome is Outcome.PLANNED:
            await ledger.change(session, part, Outcome.CANCELLED, note="The post has no such part now.", now=now)
    await session.flush()


async def cancel_under(session: AsyncSession, publication_id: str, *, why: str, now: datetime) -> None:
    """Take back what would go out under a publication that will not be public, and what hangs under that."""
    for part in await repository.parts_under(session, publication_id):
        if part.outcome is Outcome.PLANNED:
            await ledger.change(session, part, Outcome.CANCELLED, note=why, now=now)


async def ready_under(session: AsyncSession, publication_id: str, *, now: datetime) -> list[str]:
    """Return the ids of what may go out now under a publication that is public. What was taken back comes back."""
    ready: list[str] = []
    for part in await repository.parts_under(session, publication_id):
        if part.outcome is Outcome.CANCELLED:
            note = "Planned again: what it goes under is public."
            await ledger.begin_again(session, part, note=note, now=now, by_itself=False)
        if part.outcome is Outcome.PLANNED:
            ready.append(part.id)
    return ready


async def _add(
    session: AsyncSession,
    row: Publication,
    *,
    number: int,
    kind: Kind,
    parent: str,
    words: JsonObject,
    now: datetime,
) -> str:
    values = {
        "id": new_id("pub"),
        "post_id": row.post_id,
        "account_id": row.account_id,
        "part": number,
        "kind": kind,
        "parent_id": parent,
        "run_id": row.run_id,
        "copy": words,
        "allow_repeat": True,
        "outcome": Outcome.PLANNED,
        "attempt": 1,
        "tries_left": TRIES,
        "starts": 0,
        "created_at": now,
    }
    made = insert(Publication).values(values).returning(Publication.id)
    return (await session.execute(made)).scalar_one()
