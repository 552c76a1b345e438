"""Finding posts among many, and what stands in a stretch of the calendar. Queries only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, load_only

from mediaposter.publishing.models import Account, Post, Publication
from mediaposter.publishing.outcomes import Outcome

_moment = func.coalesce(Publication.sent_at, Publication.slot_at, Publication.due_at, Publication.created_at)

_SHOWN = (
    Publication.post_id,
    Publication.account_id,
    Publication.outcome,
    Publication.copy,
    Publication.sent_at,
    Publication.slot_at,
    Publication.due_at,
    Publication.created_at,
)


@dataclass(frozen=True, kw_only=True)
class PostFilter:
    """Which posts: those with a publication that fits all of it. Moments are those at which one went or goes out."""

    text: str | None = None
    channel: str | None = None
    account_id: str | None = None
    run_id: str | None = None
    outcomes: Sequence[Outcome] = ()
    since: datetime | None = None
    until: datetime | None = None

    def of_publications(self) -> list[ColumnElement[bool]]:
        """Return what it asks of publications with their accounts; nothing when it asks nothing of them."""
        asked: list[ColumnElement[bool]] = []
        if self.channel:
            asked.append(Account.channel == self.channel)
        if self.account_id:
            asked.append(Publication.account_id == self.account_id)
        if self.outcomes:
            asked.append(Publication.outcome.in_(self.outcomes))
        if self.since:
            asked.append(_moment >= self.since)
        if self.until:
            asked.append(_moment < self.until)
        return asked


def _chosen(query: Select[Any], chosen: PostFilter) -> Select[Any]:
    """Let a query over posts find those that a filter asks for."""
    if chosen.run_id is not None:
        query = query.where(Post.run_id == chosen.run_id)
    here = select(Publication.id).where(Publication.post_id == Post.id, Publication.part == 0)
    if conditions := chosen.of_publications():
        query = query.where(here.join(Account).where(*conditions).exists())
    if chosen.text:
        words = chosen.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        said = [
            Publication.copy[part].astext.ilike(f"%{words}%", escape="\\")
            for part in ("title", "description", "hashtags")
        ]
        query = query.where(or_(Post.title.ilike(f"%{words}%", escape="\\"), here.where(or_(*said)).exists()))
    return query


async def list_posts(
    session: AsyncSession, *, limit: int, before: str | None, chosen: PostFilter | None = None
) -> list[Post]:
    """Return the newest posts; `before` is the id after which the next page begins."""
    query = _chosen(select(Post), chosen or PostFilter()).order_by(Post.id.desc()).limit(limit)
    if before:
        query = query.where(Post.id < before)
    return list((await session.execute(query)).scalars())


async def count_posts(session: AsyncSession, chosen: PostFilter) -> tuple[int, dict[Outcome, int]]:
    """Return how many posts a filter finds, and how many of their publications have which outcome."""
    found = _chosen(select(Post.id), chosen).subquery()
    total = (await session.execute(select(func.count()).select_from(found))).scalar_one()
    query = (
        select(Publication.outcome, func.count())
        .join(Account)
        .where(Publication.part == 0, Publication.post_id.in_(select(found.c.id)), *chosen.of_publications())
        .group_by(Publication.outcome)
    )
    counted = await session.execute(query)
    return total, {Outcome(outcome): number for outcome, number in counted}


async def between(
    session: AsyncSession,
    *,
    since: datetime,
    until: datetime,
    account_id: str | None = None,
    channel: str | None = None,
    limit: int,
) -> list[Publication]:
    """Return the publications that went or go out in a window, by their moments, with account and post.

    Of each only what a calendar shows is read: there may be thousands.
    """
    query = (
        select(Publication)
        .join(Publication.account)
        .join(Publication.post)
        .options(
            load_only(*_SHOWN, raiseload=True),
            contains_eager(Publication.account).load_only(
                Account.channel, Account.handle, Account.name, raiseload=True
            ),
            contains_eager(Publication.post).load_only(Post.title, raiseload=True),
        )
        .where(Publication.part == 0, Publication.outcome != Outcome.CANCELLED, since <= _moment, until > _moment)
        .order_by(_moment, Publication.id)
        .limit(limit)
    )
    if account_id is not None:
        query = query.where(Publication.account_id == account_id)
    if channel is not None:
        query = query.where(Account.channel == channel)
    return list((await session.execute(query)).scalars())
