"""Every query of learning. Readings come out of other rooms' tables here, by one statement, and nowhere else."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.learning.evidence import Reading
from mediaposter.learning.models import Adjustment, Decision, Score

# A conversion counts once it happened, as the link's last click has it; a refund takes its sale back. What several
# currencies brought is no sum.
_READINGS = """
SELECT snapshot.publication_id, publication.post_id, snapshot.account_id, snapshot.channel, snapshot.age,
    snapshot.taken_at, snapshot.late, snapshot.state, snapshot.impressions, snapshot.views, snapshot.reach,
    snapshot.likes, snapshot.comments, snapshot.shares, snapshot.saves, snapshot.clicks, snapshot.watch_seconds,
    CASE WHEN linked.has THEN snapshot.link_clicks END AS link_clicks,
    CASE WHEN linked.has THEN credited.leads END AS leads,
    CASE WHEN linked.has THEN credited.sales END AS sales,
    credited.revenue_minor, credited.currency, post.recipe
FROM metric_snapshots AS snapshot
JOIN publications AS publication ON publication.id = snapshot.publication_id
JOIN posts AS post ON post.id = publication.post_id
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM offer_links AS link WHERE link.publication_id = publication.id) AS has
) AS linked
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE conversion.kind = 'lead') AS leads,
        greatest(count(*) FILTER (WHERE conversion.kind = 'sale')
            - count(*) FILTER (WHERE conversion.kind = 'refund'), 0) AS sales,
        CASE WHEN count(DISTINCT conversion.currency) = 1 THEN sum(conversion.value_minor) END AS revenue_minor,
        CASE WHEN count(DISTINCT conversion.currency) = 1 THEN min(conversion.currency) END AS currency
    FROM offer_conversions AS conversion
    JOIN offer_links AS link ON link.id = conversion.link_id
    WHERE link.publication_id = publication.id AND conversion.occurred_at <= snapshot.taken_at
) AS credited ON true
"""


async def reading(session: AsyncSession, publication_id: str, age: str) -> Reading | None:
    """Return the reading of a publication at an age."""
    where = "WHERE snapshot.publication_id = :publication_id AND snapshot.age = :age"
    values = {"publication_id": publication_id, "age": age}
    row = (await session.execute(text(_READINGS + where), values)).mappings().one_or_none()
    return _reading(row) if row is not None else None


async def earlier_readings(session: AsyncSession, of: Reading, *, limit: int) -> list[Reading]:
    """Return the account's other readings at the same age that were taken before, the newest first."""
    where = (
        "WHERE snapshot.account_id = :account_id AND snapshot.age = :age AND snapshot.state = 'taken'"
        " AND snapshot.taken_at < :before AND snapshot.publication_id <> :publication_id"
        " ORDER BY snapshot.taken_at DESC, snapshot.id DESC LIMIT :limit"
    )
    values = {
        "account_id": of.account_id,
        "age": of.age,
        "before": of.taken_at,
        "publication_id": of.publication_id,
        "limit": limit,
    }
    return [_reading(row) for row in (await session.execute(text(_READINGS + where), values)).mappings()]


def _reading(row: RowMapping) -> Reading:
    values = {str(name): value for name, value in row.items()}
    recipe = {str(name): str(value) for name, value in (values.pop("recipe") or {}).items() if value}
    revenue = values.pop("revenue_minor")
    return Reading(**values, revenue_minor=None if revenue is None else int(revenue), recipe=recipe)


async def keep_score(session: AsyncSession, values: dict[str, Any]) -> Score:
    """Insert a score, or renew the one that its publication has at this age."""
    made = insert(Score).values(values)
    renewed = {name: made.excluded[name] for name in values if name not in ("id", "publication_id", "age")}
    query = made.on_conflict_do_update(index_elements=["publication_id", "age"], set_=renewed).returning(Score)
    return (await session.execute(query.execution_options(populate_existing=True))).scalar_one()


async def list_scores(
    session: AsyncSession, *, since: datetime | None = None, channel: str | None = None, account_id: str | None = None
) -> list[Score]:
    """Return the scores, oldest first."""
    query = select(Score).order_by(Score.taken_at, Score.id)
    if since is not None:
        query = query.where(Score.taken_at >= since)
    if channel is not None:
        query = query.where(Score.channel == channel)
    if account_id is not None:
        query = query.where(Score.account_id == account_id)
    return list((await session.execute(query)).scalars())


async def scores_of(session: AsyncSession, publication_id: str) -> list[Score]:
    """Return the scores of a publication, in the order in which they were read."""
    query = select(Score).where(Score.publication_id == publication_id).order_by(Score.taken_at, Score.id)
    return list((await session.execute(query)).scalars())


async def addresses(session: AsyncSession, publication_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Return title and address of publications, by their ids."""
    query = text(
        "SELECT publication.id, post.title, publication.url FROM publications AS publication"
        " JOIN posts AS post ON post.id = publication.post_id WHERE publication.id = ANY(:ids)"
    )
    return {row[0]: (row[1], row[2]) for row in await session.execute(query, {"ids": list(publication_ids)})}


async def subjects_of(session: AsyncSession, post_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Return, by post, the ids that a decision may know it by: its own, and its run's."""
    query = text("SELECT id, run_id FROM posts WHERE id = ANY(:ids)")
    return {row[0]: (row[0], row[1]) for row in await session.execute(query, {"ids": list(post_ids)})}


async def get_decision(session: AsyncSession, decision_id: str) -> Decision | None:
    return await session.get(Decision, decision_id)


async def hold_outs(session: AsyncSession, subjects: Sequence[str | None]) -> dict[str | None, bool]:
    """Return, for those subjects that a recipe was chosen for, whether the last one was of the hold-out."""
    query = select(Decision.subject, Decision.hold_out).where(Decision.subject.in_(subjects))
    return {row[0]: row[1] for row in await session.execute(query.order_by(Decision.created_at, Decision.id))}


async def list_decisions(session: AsyncSession, *, limit: int) -> list[Decision]:
    """Return the decisions, newest first."""
    query = select(Decision).order_by(Decision.created_at.desc(), Decision.id.desc()).limit(limit)
    return list((await session.execute(query)).scalars())


async def get_adjustment(session: AsyncSession, adjustment_id: str) -> Adjustment | None:
    return await session.get(Adjustment, adjustment_id, with_for_update=True, populate_existing=True)


async def list_adjustments(session: AsyncSession) -> list[Adjustment]:
    """Return what people said, oldest first, what was undone too."""
    query = select(Adjustment).order_by(Adjustment.created_at, Adjustment.id)
    return list((await session.execute(query)).scalars())
