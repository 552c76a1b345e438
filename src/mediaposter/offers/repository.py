"""Every query of the offers room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import distinct, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.offers.models import Offer, OfferClick, OfferLink


class ClickCount(NamedTuple):
    """Visits through one link. `clicks` and `unique` are people; robots are apart."""

    link_id: str
    clicks: int
    unique: int
    robots: int
    last_at: datetime | None


async def get_offer(session: AsyncSession, offer_id: str) -> Offer | None:
    return await session.get(Offer, offer_id)


async def list_offers(session: AsyncSession, *, archived: bool) -> list[Offer]:
    """Return the offers, newest first."""
    query = select(Offer).order_by(Offer.id.desc())
    if not archived:
        query = query.where(Offer.archived_at.is_(None))
    return list((await session.execute(query)).scalars())


async def insert_link(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a link. False when its slug or its key is taken already, and nothing was inserted."""
    made = await session.execute(insert(OfferLink).values(values).on_conflict_do_nothing().returning(OfferLink.id))
    return made.scalar_one_or_none() is not None


async def get_link(session: AsyncSession, link_id: str) -> OfferLink | None:
    return await session.get(OfferLink, link_id)


async def get_link_by_key(session: AsyncSession, key: str) -> OfferLink | None:
    return (await session.execute(select(OfferLink).where(OfferLink.key == key))).scalar_one_or_none()


async def get_link_by_slug(session: AsyncSession, slug: str) -> OfferLink | None:
    return (await session.execute(select(OfferLink).where(OfferLink.slug == slug))).scalar_one_or_none()


async def list_links(session: AsyncSession, *, offer_id: str | None, run_id: str | None) -> list[OfferLink]:
    """Return links, newest first."""
    query = select(OfferLink).order_by(OfferLink.id.desc())
    if offer_id is not None:
        query = query.where(OfferLink.offer_id == offer_id)
    if run_id is not None:
        query = query.where(OfferLink.run_id == run_id)
    return list((await session.execute(query)).scalars())


async def insert_click(session: AsyncSession, values: dict[str, Any]) -> None:
    """Insert a click; whether it is the visitor's first through this link is looked up in the same statement."""
    earlier = select(OfferClick.id).where(
        OfferClick.link_id == values["link_id"], OfferClick.visitor == values["visitor"]
    )
    await session.execute(insert(OfferClick).values({**values, "first": ~earlier.exists()}))


async def count_clicks(session: AsyncSession, link_ids: Sequence[str]) -> list[ClickCount]:
    """Return the counts of these links; a link without clicks has no row."""
    people = OfferClick.robot.is_(False)
    query = (
        select(
            OfferClick.link_id,
            func.count().filter(people),
            func.count(distinct(OfferClick.visitor)).filter(people),
            func.count().filter(OfferClick.robot),
            func.max(OfferClick.created_at).filter(people),
        )
        .where(OfferClick.link_id.in_(link_ids))
        .group_by(OfferClick.link_id)
    )
    return [ClickCount(*row) for row in await session.execute(query)]
