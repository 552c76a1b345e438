"""The operations of offers. Written by `make docs` from the routes; do not edit."""

from mediaposter.client.calls import Call
from mediaposter.offers.codes import CodeFormat
from mediaposter.offers.report import By, Model
from mediaposter.offers.schemas import (
    ConversionRead,
    ImportRead,
    LinkCreate,
    LinkRead,
    OfferCreate,
    OfferRead,
    OfferUpdate,
    ReportRow,
    SecretRead,
    StripeSecret,
    TrailRow,
)


def create_offer(body: OfferCreate) -> Call[OfferRead]:
    """Add an offer.

    Its URL is checked now: only what is stored here is ever redirected to.
    """
    return Call("POST", "/api/offers", OfferRead, body=body)


def list_offers(*, archived: bool = False) -> Call[list[OfferRead]]:
    """List the offers, newest first.

    Return the offers.

    - `archived`: With the archived ones.
    """
    return Call("GET", "/api/offers", list[OfferRead], query={"archived": archived})


def show_offer(offer_id: str) -> Call[OfferRead]:
    """Show one offer.

    Return the offer.
    """
    return Call("GET", "/api/offers/{offer_id}", OfferRead, values={"offer_id": offer_id})


def update_offer(offer_id: str, body: OfferUpdate) -> Call[OfferRead]:
    """Change an offer.

    Links that exist keep the target they were made with.
    """
    return Call("PATCH", "/api/offers/{offer_id}", OfferRead, values={"offer_id": offer_id}, body=body)


def archive_offer(offer_id: str) -> Call[OfferRead]:
    """Take an offer out of use.

    Its links go on redirecting: they are out in the world.
    """
    return Call("DELETE", "/api/offers/{offer_id}", OfferRead, values={"offer_id": offer_id})


def create_link(offer_id: str, body: LinkCreate) -> Call[LinkRead]:
    """Make a tracked link.

    UTM parameters are added to the offer's URL; its own query stays as it is.
    """
    return Call("POST", "/api/offers/{offer_id}/links", LinkRead, values={"offer_id": offer_id}, body=body)


def list_links(offer_id: str) -> Call[list[LinkRead]]:
    """List an offer's tracked links with their clicks.

    People and robots are counted apart; `unique` counts a visitor once a day.
    """
    return Call("GET", "/api/offers/{offer_id}/links", list[LinkRead], values={"offer_id": offer_id})


def link_code(link_id: str, *, format_: CodeFormat = CodeFormat.SVG) -> Call[bytes]:
    """The QR code of a tracked link.

    As SVG or PNG, readable with a quarter of it covered.
    """
    return Call(
        "GET", "/api/offers/links/{link_id}/code", bytes, values={"link_id": link_id}, query={"format": format_}
    )


def list_conversions(offer_id: str, *, limit: int = 100, before: str | None = None) -> Call[list[ConversionRead]]:
    """List an offer's conversions, newest first.

    Each with the first and the last click that led to it. `before` is the id of the last one of the page before.
    """
    return Call(
        "GET",
        "/api/offers/{offer_id}/conversions",
        list[ConversionRead],
        values={"offer_id": offer_id},
        query={"limit": limit, "before": before},
    )


def import_conversions(offer_id: str, body: str, *, dry_run: bool = False) -> Call[ImportRead]:
    """Import conversions from CSV.

    All lines or none. A repeated `id` adds nothing. Columns: kind, id, at, value, currency, click, link.
    """
    return Call(
        "POST",
        "/api/offers/{offer_id}/conversions/import",
        ImportRead,
        values={"offer_id": offer_id},
        body=body,
        body_type="text/csv",
        query={"dry_run": dry_run},
    )


def make_postback_secret(offer_id: str) -> Call[SecretRead]:
    """Make the secret of an offer's postbacks.

    Shown this once; an earlier one ends.
    """
    return Call("POST", "/api/offers/{offer_id}/postback-secret", SecretRead, values={"offer_id": offer_id})


def set_stripe_secret(offer_id: str, body: StripeSecret) -> Call[SecretRead]:
    """Keep the signing secret of an offer's Stripe endpoint.

    Answers the address to give to Stripe.
    """
    return Call("PUT", "/api/offers/{offer_id}/stripe-secret", SecretRead, values={"offer_id": offer_id}, body=body)


def traffic_report(
    *,
    by: By = By.CHANNEL,
    days: int = 30,
    model: Model = Model.LAST,
    offer_id: str | None = None,
    dimension: str | None = None,
) -> Call[list[ReportRow]]:
    """Clicks, leads, sales and revenue by what brought them.

    Of the last `days`. What nothing is known of is the row "(none)".

    - `dimension`: Of the recipe, for by=recipe.
    """
    return Call(
        "GET",
        "/api/traffic/report",
        list[ReportRow],
        query={"by": by, "days": days, "model": model, "offer_id": offer_id, "dimension": dimension},
    )


def traffic_trail(*, id_: str | None = None, offer_id: str | None = None, limit: int = 100) -> Call[list[TrailRow]]:
    """Where clicks and conversions came from.

    Each with its link, publication, account, recipe, prompts and clips, newest first.

    - `id_`: Of one click or conversion.
    """
    return Call("GET", "/api/traffic/trail", list[TrailRow], query={"id": id_, "offer_id": offer_id, "limit": limit})
