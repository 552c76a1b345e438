"""What the metrics room can do: schedule the readings of a publication, take one, list them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events, timeline
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import InvalidInputError
from mediaposter.core.ids import new_id
from mediaposter.core.timeline import MissedPolicy, Planned
from mediaposter.metrics import repository
from mediaposter.metrics.ages import AGES, LATE_BY
from mediaposter.metrics.models import Snapshot, SnapshotState
from mediaposter.offers import service as offers
from mediaposter.publishing import service as publishing
from mediaposter.publishing.channel import Metrics
from mediaposter.publishing.models import Publication

CHECKBACK = "metrics.checkback"  # the kind of our rows in the timeline
_COUNTS = ("impressions", "views", "reach", "likes", "comments", "shares", "saves", "clicks", "watch_seconds")


async def schedule(session: AsyncSession, publications: Sequence[Publication], *, now: datetime) -> int:
    """Write five rows for each confirmed publication, counted from when it was seen public; return how many are new.

    Missed ones are caught up with: a late reading is worth more than none, and says that it is late.
    """
    planned = [
        Planned(
            kind=CHECKBACK,
            subject=publication.id,
            due_at=(publication.settled_at or now) + age,
            data={"age": name, "run_id": publication.run_id},
            key=f"{publication.id}:checkback:{name}",
            missed=MissedPolicy.CATCH_UP,
        )
        for publication in publications
        for name, age in AGES.items()
    ]
    return len(await timeline.schedule_all(session, planned))


async def keep(
    session: AsyncSession,
    publication: Publication,
    *,
    age: str,
    due_at: datetime,
    state: SnapshotState,
    metrics: Metrics | None,
    problem: JsonObject | None,
    now: datetime,
) -> Snapshot:
    """Keep a reading, once per age: what was kept before stays. Says so to whoever listens."""
    told = metrics or Metrics()
    values: JsonObject = {
        "id": new_id("snap"),
        "publication_id": publication.id,
        "account_id": publication.account_id,
        "channel": publication.account.channel,
        "age": age,
        "state": state,
        "due_at": due_at,
        "taken_at": now,
        "late": now - due_at > AGES[age] * LATE_BY,
        "link_clicks": await _link_clicks(session, publication),
        "raw": told.raw,
        "problem": problem,
        "created_at": now,
        **{name: getattr(told, name) for name in _COUNTS},
    }
    made = await repository.insert_snapshot(session, values)
    snapshot = await repository.get_snapshot(session, publication.id, age)
    assert snapshot is not None
    if made:
        data = {
            "snapshot_id": snapshot.id,
            "age": age,
            "state": state,
            "late": snapshot.late,
            "account_id": publication.account_id,
            "channel": snapshot.channel,
        }
        await events.emit(session, "metrics.checkback.taken", publication.id, data)
        if state is SnapshotState.REMOVED:
            await publishing.note_removed(session, publication, now=now)
            await timeline.cancel_all(session, subject=publication.id, kind=CHECKBACK, note="The post was removed.")
    return snapshot


async def _link_clicks(session: AsyncSession, publication: Publication) -> int:
    links = await offers.list_links(session, publication_id=publication.id)
    counts = await offers.count_clicks(session, [link.id for link in links])
    return sum(count.clicks for count in counts.values())


async def list_snapshots(
    session: AsyncSession,
    *,
    publication_id: str | None = None,
    run_id: str | None = None,
    account_id: str | None = None,
    limit: int = 100,
) -> list[Snapshot]:
    """Return readings, newest first: of a publication, of a run's publications, of an account. Raises NotFoundError."""
    if publication_id is not None and run_id is not None:
        raise InvalidInputError("Give a publication or a run, not both.", fix="Leave one of them out.")
    ids: list[str] | None = None
    if publication_id is not None:
        ids = [(await publishing.get_publication(session, publication_id)).id]
    elif run_id is not None:
        ids = [row.id for row in await publishing.list_publications(session, run_id=run_id)]
    return await repository.list_snapshots(session, publication_ids=ids, account_id=account_id, limit=limit)
