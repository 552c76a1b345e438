"""Every query of the site."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.publishing.models import Account
from mediaposter.publishing.site.models import Countable, SiteCount, SiteLike, SitePost, SiteVisit


class PageCounts(NamedTuple):
    """What was counted of one page, people only; `robots` is the views of crawlers and link previews."""

    views: int = 0
    plays: int = 0
    links: int = 0
    likes: int = 0
    robots: int = 0


async def insert_post(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Make a post public. False when this publication is public already, and nothing was inserted."""
    made = insert(SitePost).values(values).on_conflict_do_nothing(index_elements=["publication_id"])
    return (await session.execute(made.returning(SitePost.publication_id))).scalar_one_or_none() is not None


async def get_post(session: AsyncSession, publication_id: str) -> SitePost | None:
    return await session.get(SitePost, publication_id)


async def get_account(session: AsyncSession, handle: str) -> Account | None:
    """Return the account of a home page, by its handle in lower case."""
    query = select(Account).where(
        Account.channel == "site", Account.external_id == handle, Account.archived_at.is_(None)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def list_accounts(session: AsyncSession) -> list[Account]:
    """Return every account with a home page, the one that published last first."""
    newest = (
        select(SitePost.account_id, func.max(SitePost.published_at).label("at"))
        .group_by(SitePost.account_id)
        .subquery()
    )
    query = (
        select(Account)
        .outerjoin(newest, newest.c.account_id == Account.id)
        .where(Account.channel == "site", Account.archived_at.is_(None))
        .order_by(newest.c.at.desc().nulls_last(), Account.id)
    )
    return list((await session.execute(query)).scalars())


async def get_post_by_slug(session: AsyncSession, account_id: str, slug: str) -> SitePost | None:
    query = select(SitePost).where(SitePost.account_id == account_id, SitePost.slug == slug)
    return (await session.execute(query)).scalar_one_or_none()


async def list_posts(
    session: AsyncSession, account_id: str, *, limit: int, before: tuple[datetime, str] | None = None
) -> list[SitePost]:
    """Return an account's posts, newest first; `before` is the moment and id of the last one of the page before."""
    query = (
        select(SitePost)
        .where(SitePost.account_id == account_id)
        .order_by(SitePost.published_at.desc(), SitePost.publication_id.desc())
        .limit(limit)
    )
    if before is not None:
        at, publication_id = before
        query = query.where(
            (SitePost.published_at < at) | ((SitePost.published_at == at) & (SitePost.publication_id < publication_id))
        )
    return list((await session.execute(query)).scalars())


async def count_visit(
    session: AsyncSession, *, subject: str, what: Countable, visitor: str, robot: bool, day: date, now: datetime
) -> bool:
    """Count a visitor once per page, thing and day, in one statement. False when it was counted before."""
    visit = (
        insert(SiteVisit)
        .values(subject=subject, day=day, what=what, visitor=visitor, created_at=now)
        .on_conflict_do_nothing()
        .returning(SiteVisit.subject)
        .cte("visit")
    )
    one = select(
        literal(subject), literal(day), literal(what.value), literal(int(not robot)), literal(int(robot)), literal(now)
    ).select_from(visit)
    columns = ["subject", "day", "what", "people", "robots", "created_at"]
    count = insert(SiteCount).from_select(columns, one)
    count = count.on_conflict_do_update(
        index_elements=["subject", "day", "what"],
        set_={
            "people": SiteCount.people + count.excluded.people,
            "robots": SiteCount.robots + count.excluded.robots,
        },
    )
    return (await session.execute(count.returning(SiteCount.subject))).scalar_one_or_none() is not None


async def delete_visits(session: AsyncSession, *, before: date) -> None:
    """Forget who visited; the counts stay."""
    await session.execute(delete(SiteVisit).where(SiteVisit.day < before))


async def counts_of(session: AsyncSession, subjects: Sequence[str]) -> dict[str, PageCounts]:
    """Return the counts of pages, zeros for those that nobody visited."""

    def people(what: Countable) -> Any:
        return func.coalesce(func.sum(case((SiteCount.what == what, SiteCount.people))), 0).cast(Integer)

    visited = select(
        SiteCount.subject,
        people(Countable.VIEW),
        people(Countable.PLAY),
        people(Countable.LINK),
        func.coalesce(func.sum(case((SiteCount.what == Countable.VIEW, SiteCount.robots))), 0).cast(Integer),
    )
    rows = await session.execute(visited.where(SiteCount.subject.in_(subjects)).group_by(SiteCount.subject))
    counts = {subject: PageCounts(views, plays, links, 0, robots) for subject, views, plays, links, robots in rows}
    liked = select(SiteLike.publication_id, func.count().label("total")).where(SiteLike.publication_id.in_(subjects))
    rows = await session.execute(liked.group_by(SiteLike.publication_id))
    likes = {row.publication_id: row.total for row in rows}
    return {subject: counts.get(subject, PageCounts())._replace(likes=likes.get(subject, 0)) for subject in subjects}


async def count_likes(session: AsyncSession, publication_id: str, *, origin: str | None = None) -> int:
    """Return how many likes a post has, or how many of them came from one origin."""
    query = select(func.count()).where(SiteLike.publication_id == publication_id)
    if origin is not None:
        query = query.where(SiteLike.origin == origin)
    return (await session.execute(query)).scalar_one()


async def insert_like(session: AsyncSession, *, publication_id: str, liker: str, origin: str, now: datetime) -> None:
    values = {"publication_id": publication_id, "liker": liker, "origin": origin, "created_at": now}
    await session.execute(insert(SiteLike).values(values).on_conflict_do_nothing())


async def delete_like(session: AsyncSession, *, publication_id: str, liker: str) -> bool:
    """Take a like back. False when there was none."""
    query = delete(SiteLike).where(SiteLike.publication_id == publication_id, SiteLike.liker == liker)
    return (await session.execute(query.returning(SiteLike.liker))).scalar_one_or_none() is not None
