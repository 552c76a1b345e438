"""Conversions: each is stored once, and credited to the first and the last click that led to it.

What is known decides what a conversion is credited by: the ids of clicks that came with it, else the same browser and
address on the same day, else the link or publication that it names. What nothing is known of is kept and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.db import JsonObject
from mediaposter.core.ids import new_id
from mediaposter.offers import repository
from mediaposter.offers.models import ConversionKind, ConversionSource, MatchedBy, Offer, OfferConversion
from mediaposter.offers.repository import Touch

WINDOW = timedelta(days=30)  # a click earlier than this before a conversion has not led to it
_WHOLE_SECONDS = timedelta(seconds=1)  # Stripe and many others tell no fractions


@dataclass(frozen=True)
class Told:
    """A conversion as somebody told of it. `value_minor` is in the currency's minor unit, positive.

    `click_ids` are those that the offer's page was opened with, in any order. `link` is a slug, or the id of a link or
    of a publication. `visitor` is today's hash of who told, where a browser did.
    """

    kind: ConversionKind
    source: ConversionSource
    external_id: str
    occurred_at: datetime
    value_minor: int = 0
    currency: str | None = None
    click_ids: Sequence[str] = ()
    link: str | None = None
    visitor: str | None = None
    refunds: str | None = None
    data: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Credit:
    """What a conversion is credited to."""

    matched_by: MatchedBy
    last: Touch | None = None
    first: Touch | None = None


@dataclass(frozen=True)
class Recorded:
    """A stored conversion. `repeated`: it was there before, and nothing was added."""

    conversion: OfferConversion
    repeated: bool


async def record(session: AsyncSession, offer: Offer, told: Told, *, now: datetime) -> Recorded:
    """Store a conversion of an offer and credit it. Told of again (same source and external id), it stays as it is."""
    known = await repository.get_conversion(session, offer.id, told.source, told.external_id)
    if known is not None:
        return Recorded(known, repeated=True)
    credit = await _credit(session, offer, told)
    values: JsonObject = {
        "id": new_id("conv"),
        "offer_id": offer.id,
        "kind": told.kind,
        "source": told.source,
        "external_id": told.external_id,
        "value_minor": -told.value_minor if told.kind is ConversionKind.REFUND else told.value_minor,
        "currency": told.currency,
        "link_id": credit.last.link_id if credit.last else None,
        "click_id": credit.last.click_id if credit.last else None,
        "first_link_id": credit.first.link_id if credit.first else None,
        "first_click_id": credit.first.click_id if credit.first else None,
        "matched_by": credit.matched_by,
        "refunds": told.refunds,
        "data": told.data,
        "occurred_at": told.occurred_at,
        "created_at": now,
    }
    made = await repository.insert_conversion(session, values)
    stored = await repository.get_conversion(session, offer.id, told.source, told.external_id)
    assert stored is not None
    if made:
        told_of = {
            "offer_id": offer.id,
            "kind": stored.kind,
            "value_minor": stored.value_minor,
            "currency": stored.currency,
            "link_id": stored.link_id,
            "matched_by": stored.matched_by,
        }
        await events.emit(session, "conversion.recorded", stored.id, told_of)
    return Recorded(stored, repeated=not made)


async def _credit(session: AsyncSession, offer: Offer, told: Told) -> Credit:
    since, until = told.occurred_at - WINDOW, told.occurred_at + _WHOLE_SECONDS
    if told.refunds is not None and (sale := await repository.get_sale(session, offer.id, told.refunds)):
        # A refund takes back from those who were credited with the sale, however old their click is by now.
        last = Touch(sale.link_id, sale.click_id, sale.occurred_at) if sale.link_id else None
        first = Touch(sale.first_link_id, sale.first_click_id, sale.occurred_at) if sale.first_link_id else last
        return Credit(sale.matched_by, last, first)
    touches = await repository.touches_by_id(session, offer.id, told.click_ids, since=since, until=until)
    if touches:
        return Credit(MatchedBy.CLICK, touches[-1], touches[0])
    if told.visitor is not None:
        touches = await repository.touches_of_visitor(session, offer.id, told.visitor, since=since, until=until)
        if touches:
            return Credit(MatchedBy.VISITOR, touches[-1], touches[0])
    if told.link is not None and (link_id := await repository.find_link_id(session, offer.id, told.link)):
        touch = Touch(link_id, None, told.occurred_at)
        return Credit(MatchedBy.LINK, touch, touch)
    return Credit(MatchedBy.NONE)
