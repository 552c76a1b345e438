"""What the offers room can do: offers, tracked links and their counts, conversions. Services never commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.clock import Clock, utc_now
from mediaposter.core.errors import FieldProblem, InvalidInputError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.core.secrets import SecretBox
from mediaposter.offers import conversions, repository, signing, telling
from mediaposter.offers.errors import NoSuchOfferError
from mediaposter.offers.links import check_target, new_slug, with_parameters
from mediaposter.offers.models import MatchedBy, Offer, OfferConversion, OfferLink
from mediaposter.offers.repository import ClickCount

_TRIES = 5  # slugs are random: one collision in 2 * 10**12 over the number of links, five in a row never


@dataclass(frozen=True)
class TrackedLink:
    """A tracked link: `url` is what people click, `target` where they arrive."""

    id: str
    slug: str
    url: str
    target: str
    offer_id: str
    cta: str


async def create_offer(
    session: AsyncSession,
    *,
    name: str,
    url: str,
    cta: str = "See the offer",
    price_minor: int | None = None,
    currency: str | None = None,
    clock: Clock = utc_now,
) -> Offer:
    """Keep an offer. `price_minor` is in the currency's minor unit (cents). Raises OfferUrlError."""
    if (price_minor is None) != (currency is None):
        raise InvalidInputError("A price needs a currency, and a currency a price.", fix="Give both, or neither.")
    offer = Offer(
        id=new_id("offer"),
        name=name.strip(),
        url=check_target(url),
        cta=cta.strip(),
        price_minor=price_minor,
        currency=currency,
        created_at=clock(),
    )
    session.add(offer)
    await session.flush()
    await events.emit(session, "offer.created", offer.id, {"name": offer.name, "url": offer.url})
    return offer


async def get_offer(session: AsyncSession, offer_id: str) -> Offer:
    """Return an offer. Raises NoSuchOfferError."""
    offer = await repository.get_offer(session, offer_id)
    if offer is None:
        raise NoSuchOfferError(f"There is no offer {offer_id}.", fix="List them with `mediaposter offers list`.")
    return offer


async def list_offers(session: AsyncSession, *, archived: bool = False) -> list[Offer]:
    """Return the offers, newest first; the archived ones only when asked."""
    return await repository.list_offers(session, archived=archived)


async def update_offer(
    session: AsyncSession,
    offer_id: str,
    *,
    name: str | None = None,
    url: str | None = None,
    cta: str | None = None,
) -> Offer:
    """Change an offer. Links that exist keep the target they were made with."""
    offer = await get_offer(session, offer_id)
    if name is not None:
        offer.name = name.strip()
    if url is not None:
        offer.url = check_target(url)
    if cta is not None:
        offer.cta = cta.strip()
    await session.flush()
    return offer


async def archive_offer(session: AsyncSession, offer_id: str, *, clock: Clock = utc_now) -> Offer:
    """Take an offer out of the lists. Its links go on redirecting: they are out in the world."""
    offer = await get_offer(session, offer_id)
    offer.archived_at = offer.archived_at or clock()
    await session.flush()
    return offer


async def create_tracked_link(
    session: AsyncSession,
    *,
    offer_id: str,
    channel: str,
    campaign: str,
    base_url: str,
    account_id: str | None = None,
    placement: str = "post",
    publication_id: str | None = None,
    run_id: str | None = None,
    key: str | None = None,
    clock: Clock = utc_now,
) -> TrackedLink:
    """Make the short link of an offer for one placement on one account, with UTM parameters on its target.

    utm_source is `channel`, utm_medium social, utm_campaign `campaign`, utm_content the publication,
    whose id is known before it is (`new_id("pub")`); without one, the link's own id. `base_url` is settings.site_url.
    The same `key` gives the same link again. Raises NoSuchOfferError.
    """
    offer = await get_offer(session, offer_id)
    if key is not None:
        existing = await repository.get_link_by_key(session, key)
        if existing is not None:
            return _tracked(existing, offer, base_url)
    link_id = new_id("link")
    utm = {
        "utm_source": channel,
        "utm_medium": "social",
        "utm_campaign": campaign,
        "utm_content": publication_id or link_id,
    }
    values = {
        "id": link_id,
        "offer_id": offer_id,
        "target": with_parameters(offer.url, utm),
        "key": key,
        "channel": channel,
        "account_id": account_id,
        "placement": placement,
        "campaign": campaign,
        "content": publication_id or link_id,
        "publication_id": publication_id,
        "run_id": run_id,
        "created_at": clock(),
    }
    for _ in range(_TRIES):
        if await repository.insert_link(session, {**values, "slug": new_slug()}):
            link = await get_link(session, link_id)
            await events.emit(session, "link.created", link.id, {"slug": link.slug, "offer_id": offer_id})
            return _tracked(link, offer, base_url)
        if key is not None and (other := await repository.get_link_by_key(session, key)):
            return _tracked(other, offer, base_url)
    raise RuntimeError("five random slugs in a row were taken: the source of randomness is broken")


async def get_link(session: AsyncSession, link_id: str) -> OfferLink:
    """Return a tracked link by its id. Raises NotFoundError."""
    link = await repository.get_link(session, link_id)
    if link is None:
        raise NotFoundError(f"There is no tracked link {link_id}.")
    return link


async def find_link(session: AsyncSession, slug: str) -> OfferLink | None:
    """Return the tracked link of a slug, None when there is none."""
    return await repository.get_link_by_slug(session, slug)


async def list_links(
    session: AsyncSession,
    *,
    offer_id: str | None = None,
    run_id: str | None = None,
    publication_id: str | None = None,
) -> list[OfferLink]:
    """Return the tracked links of an offer, a run or a publication, newest first."""
    return await repository.list_links(session, offer_id=offer_id, run_id=run_id, publication_id=publication_id)


async def count_clicks(session: AsyncSession, link_ids: Sequence[str]) -> dict[str, ClickCount]:
    """Return the counts by link id, zeros for links that nobody clicked."""
    counted = {count.link_id: count for count in await repository.count_clicks(session, link_ids)}
    return {link_id: counted.get(link_id) or ClickCount(link_id, 0, 0, 0, None) for link_id in link_ids}


def referrer_host(headers: Mapping[str, str]) -> str | None:
    """Return the host of the page that a request came from; the rest of its address is not ours to keep."""
    try:
        host = urlsplit(headers.get("referer", "")).hostname
    except ValueError:
        return None
    return host[:253].lower() if host else None


def link_url(slug: str, base_url: str) -> str:
    """Return the address of a slug that people click."""
    return f"{base_url.rstrip('/')}/r/{slug}"


def _tracked(link: OfferLink, offer: Offer, base_url: str) -> TrackedLink:
    return TrackedLink(link.id, link.slug, link_url(link.slug, base_url), link.target, offer.id, offer.cta)


# Conversions


async def new_postback_secret(session: AsyncSession, offer_id: str, *, secrets: SecretBox) -> str:
    """Make and keep the secret that an offer's postbacks are signed with, and return it. An earlier one ends."""
    offer = await get_offer(session, offer_id)
    secret = signing.new_secret()
    offer.sealed_postback_secret = secrets.seal(secret)
    await session.flush()
    return secret


async def set_stripe_secret(session: AsyncSession, offer_id: str, secret: str, *, secrets: SecretBox) -> None:
    """Keep the signing secret of the Stripe endpoint that tells of an offer's sales. Raises InvalidInputError."""
    secret = secret.strip()
    if not secret.startswith("whsec_"):
        raise InvalidInputError(
            "That is not the signing secret of a Stripe endpoint.",
            fix="Copy it from the endpoint's page in Stripe's dashboard; it begins with whsec_.",
            errors=[FieldProblem("secret", "begins with whsec_", "Copy the signing secret of the endpoint.")],
        )
    offer = await get_offer(session, offer_id)
    offer.sealed_stripe_secret = secrets.seal(secret)
    await session.flush()


@dataclass(frozen=True)
class Imported:
    """What an import did. Nothing was written when there are problems, or for a dry run."""

    lines: int
    added: int
    repeated: int
    unmatched: int
    problems: Sequence[FieldProblem]


async def import_conversions(session: AsyncSession, offer_id: str, text: str, *, clock: Clock = utc_now) -> Imported:
    """Record the conversions of a CSV file, all or none. The caller rolls back for a dry run.

    Lines that are known by their `id` are counted as repeated. Raises ConversionError without a column `id`.
    """
    offer = await get_offer(session, offer_id)
    now = clock()
    sheet = telling.from_csv(text, now=now)
    lines = len(sheet.told) + len({one.field.split(" ")[1] for one in sheet.problems})
    if sheet.problems:
        return Imported(lines, 0, 0, 0, sheet.problems)
    recorded = [await conversions.record(session, offer, told, now=now) for told in sheet.told]
    unmatched = sum(one.conversion.matched_by is MatchedBy.NONE for one in recorded if not one.repeated)
    repeated = sum(one.repeated for one in recorded)
    return Imported(lines, lines - repeated, repeated, unmatched, ())


async def list_conversions(
    session: AsyncSession, offer_id: str, *, limit: int = 100, before: str | None = None
) -> list[OfferConversion]:
    """Return an offer's conversions, newest first. Raises NoSuchOfferError."""
    await get_offer(session, offer_id)
    return await repository.list_conversions(session, offer_id, limit=limit, before=before)
