"""Every query of the offers room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, distinct, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.visitors import Device
from mediaposter.offers.models import (
    ConversionKind,
    ConversionSource,
    Offer,
    OfferClick,
    OfferConversion,
    OfferLink,
)


@dataclass(frozen=True, slots=True)
class Click:
    """One visit through a tracked link. Nothing in it says who came."""

    id: str
    link_id: str
    visitor: str
    robot: bool
    device: Device
    referrer: str | None
    country: str | None
    at: datetime


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


async def list_links(
    session: AsyncSession, *, offer_id: str | None, run_id: str | None, publication_id: str | None
) -> list[OfferLink]:
    """Return links, newest first."""
    query = select(OfferLink).order_by(OfferLink.id.desc())
    if offer_id is not None:
        query = query.where(OfferLink.offer_id == offer_id)
    if run_id is not None:
        query = query.where(OfferLink.run_id == run_id)
    if publication_id is not None:
        query = query.where(OfferLink.publication_id == publication_id)
    return list((await session.execute(query)).scalars())


async def get_target(session: AsyncSession, slug: str) -> tuple[str, str, str | None] | None:
    """Return the id and the target of a slug's link, and what its offer calls the id of a click."""
    query = select(OfferLink.id, OfferLink.target, Offer.click_parameter).join(Offer).where(OfferLink.slug == slug)
    row = (await session.execute(query)).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


_INSERT_CLICKS = text(
    "INSERT INTO offer_clicks (id, link_id, visitor, first, robot, device, referrer, country, created_at)"
    " SELECT id, link_id, visitor,"
    "  row_number() OVER (PARTITION BY link_id, visitor ORDER BY place) = 1 AND NOT EXISTS ("
    "   SELECT FROM offer_clicks AS earlier"
    "   WHERE earlier.link_id = one.link_id AND earlier.visitor = one.visitor),"
    "  robot, device, referrer, country, at"
    " FROM unnest(:ids ::text[], :links ::text[], :visitors ::text[], :robots ::bool[], :devices ::text[],"
    "  :referrers ::text[], :countries ::text[], :moments ::timestamptz[])"
    " WITH ORDINALITY AS one (id, link_id, visitor, robot, device, referrer, country, at, place)"
)


async def insert_clicks(session: AsyncSession, clicks: Sequence[Click]) -> None:
    """Insert clicks; whether each is its visitor's first through its link is looked up in the same statement."""
    await session.execute(
        _INSERT_CLICKS,
        {
            "ids": [click.id for click in clicks],
            "links": [click.link_id for click in clicks],
            "visitors": [click.visitor for click in clicks],
            "robots": [click.robot for click in clicks],
            "devices": [click.device.value for click in clicks],
            "referrers": [click.referrer for click in clicks],
            "countries": [click.country for click in clicks],
            "moments": [click.at for click in clicks],
        },
    )


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


class Touch(NamedTuple):
    """A visit that may have led to a conversion; without a click where only the link is known."""

    link_id: str | None
    click_id: str | None
    at: datetime


async def get_conversion(
    session: AsyncSession, offer_id: str, source: ConversionSource, external_id: str
) -> OfferConversion | None:
    query = select(OfferConversion).where(
        OfferConversion.offer_id == offer_id,
        OfferConversion.source == source,
        OfferConversion.external_id == external_id,
    )
    return (await session.execute(query)).scalar_one_or_none()


async def get_sale(session: AsyncSession, offer_id: str, external_id: str) -> OfferConversion | None:
    """Return the sale that a refund takes back, whoever told of it."""
    query = (
        select(OfferConversion)
        .where(
            OfferConversion.offer_id == offer_id,
            OfferConversion.external_id == external_id,
            OfferConversion.kind == ConversionKind.SALE,
        )
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def insert_conversion(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Insert a conversion. False when it is there already, and nothing was inserted."""
    made = insert(OfferConversion).values(values).on_conflict_do_nothing().returning(OfferConversion.id)
    return (await session.execute(made)).scalar_one_or_none() is not None


async def list_conversions(
    session: AsyncSession, offer_id: str, *, limit: int, before: str | None
) -> list[OfferConversion]:
    """Return an offer's conversions, those first that were recorded last."""
    query = select(OfferConversion).where(OfferConversion.offer_id == offer_id).order_by(OfferConversion.id.desc())
    if before is not None:
        query = query.where(OfferConversion.id < before)
    return list((await session.execute(query.limit(limit))).scalars())


def _touches(offer_id: str, since: datetime, until: datetime) -> Select[str, str, datetime]:
    return (
        select(OfferClick.link_id, OfferClick.id, OfferClick.created_at)
        .join(OfferLink, OfferLink.id == OfferClick.link_id)
        .where(OfferLink.offer_id == offer_id, OfferClick.created_at > since, OfferClick.created_at <= until)
        .order_by(OfferClick.created_at, OfferClick.id)
    )


async def touches_by_id(
    session: AsyncSession, offer_id: str, click_ids: Sequence[str], *, since: datetime, until: datetime
) -> list[Touch]:
    """Return those of the clicks that led to the offer within the window, the first first."""
    if not click_ids:
        return []
    query = _touches(offer_id, since, until).where(OfferClick.id.in_(click_ids))
    return [Touch(*row) for row in await session.execute(query)]


async def touches_of_visitor(
    session: AsyncSession, offer_id: str, visitor: str, *, since: datetime, until: datetime
) -> list[Touch]:
    """Return the clicks of a visitor on the offer, the first first. Hashes change daily, so these are of one day."""
    query = _touches(offer_id, since, until).where(OfferClick.visitor == visitor, OfferClick.robot.is_(False))
    return [Touch(*row) for row in await session.execute(query)]


async def find_link_id(session: AsyncSession, offer_id: str, name: str) -> str | None:
    """Return the link of an offer that a slug, the id of a link or of a publication names."""
    named = (OfferLink.slug == name) | (OfferLink.id == name) | (OfferLink.publication_id == name)
    query = select(OfferLink.id).where(OfferLink.offer_id == offer_id, named).order_by(OfferLink.id).limit(1)
    return (await session.execute(query)).scalar_one_or_none()
