"""What is told of a conversion, read into one shape: a postback's parameters, a line of CSV, an event of Stripe."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mediaposter.core.errors import FieldProblem
from mediaposter.offers.conversions import Told
from mediaposter.offers.errors import ConversionError
from mediaposter.offers.models import ConversionKind, ConversionSource

# ISO 4217: those with another number of decimals than two. Stripe counts its amounts in the same units.
_NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
_LINES_MAX = 100_000
COLUMNS = ("kind", "id", "at", "value", "currency", "click", "link")


class _Fields(BaseModel):
    """The fields of a postback and of a line of CSV, as text."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    kind: ConversionKind = ConversionKind.SALE
    id: str = Field(min_length=1, max_length=200)
    at: datetime | None = None
    value: Decimal = Field(default=Decimal(0), ge=0, le=10**12)
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    click: str = Field(default="", max_length=400, description="Ids of clicks, with dots between several.")
    link: str | None = Field(default=None, max_length=200)
    refunds: str | None = Field(default=None, max_length=200)


def minor_units(value: Decimal, currency: str) -> int:
    """Return an amount in the currency's minor unit. Raises InvalidOperation for a fraction of one."""
    minor = value.scaleb(_decimals(currency))
    if minor != minor.to_integral_value():
        raise InvalidOperation
    return int(minor)


def in_units(minor: float, currency: str) -> str:
    """Return an amount of minor units in the currency itself, with its decimals."""
    decimals = _decimals(currency)
    return f"{minor / 10**decimals:.{decimals}f}"


def _decimals(currency: str) -> int:
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2


def from_fields(fields: Mapping[str, str], source: ConversionSource, *, now: datetime, where: str = "") -> Told:
    """Read the fields of a postback or a line. Raises ConversionError naming each that is wrong."""
    given = {name: value for name, value in fields.items() if value and value.strip()}
    given |= {name: given[name].upper() for name in ("currency",) if name in given}
    given |= {name: given[name].lower() for name in ("kind",) if name in given}
    try:
        read = _Fields.model_validate(given)
    except ValidationError as error:
        problems = [
            FieldProblem(f"{where}{one['loc'][0]}", str(one["msg"]), f"Mend `{one['loc'][0]}`.")
            for one in error.errors()
        ]
        raise _wrong(where, problems) from error
    if read.value and read.currency is None:
        raise _wrong(where, [FieldProblem(f"{where}currency", "a value needs a currency", "Add it, such as EUR.")])
    if read.at is not None and read.at.tzinfo is None:
        rule = "a moment with its zone, such as 2026-11-23T10:00:00Z"
        raise _wrong(where, [FieldProblem(f"{where}at", rule, "Add Z or the offset.")])
    try:
        value = minor_units(read.value, read.currency) if read.currency else 0
    except InvalidOperation as error:
        rule = f"{read.currency} has no such small fractions"
        raise _wrong(where, [FieldProblem(f"{where}value", rule, "Round it.")]) from error
    return Told(
        kind=read.kind,
        source=source,
        external_id=read.id,
        occurred_at=(read.at or now).astimezone(UTC),
        value_minor=value,
        currency=read.currency,
        click_ids=[one for one in read.click.split(".") if one],
        link=read.link,
        refunds=read.refunds,
    )


def _wrong(where: str, problems: list[FieldProblem]) -> ConversionError:
    named = "; ".join(f"{one.field}: {one.rule}" for one in problems)
    return ConversionError(f"{where}{named}." if not where else f"{named}.", fix=problems[0].fix, errors=problems)


@dataclass(frozen=True)
class Sheet:
    """A CSV file, read: its conversions, and what is wrong with the lines that are none."""

    told: Sequence[Told]
    problems: Sequence[FieldProblem]


def from_csv(text: str, *, now: datetime) -> Sheet:
    """Read a CSV file with a head line; see COLUMNS, of which `id` is required. Raises ConversionError without one."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    if "id" not in names:
        raise ConversionError(
            "The file has no column `id`.",
            fix=f"Begin it with a head line; the columns are {', '.join(COLUMNS)}; only id is required.",
        )
    told: list[Told] = []
    problems: list[FieldProblem] = []
    try:
        for line, row in enumerate(reader, start=2):
            if line > _LINES_MAX + 1:
                problems.append(FieldProblem(f"line {line}", f"at most {_LINES_MAX} lines", "Split the file."))
                break
            fields = {name: row.get(original) or "" for name, original in names.items() if name}
            try:
                told.append(from_fields(fields, ConversionSource.CSV, now=now, where=f"line {line} "))
            except ConversionError as error:
                problems.extend(error.errors)
    except csv.Error as error:
        problems.append(FieldProblem(f"line {reader.line_num}", str(error), "Mend the quotes of this line."))
    return Sheet(told, problems)


def from_stripe(event: Mapping[str, Any]) -> Told | None:
    """Read an event of Stripe's webhook, None for one that is no conversion.

    A paid checkout is a sale; a refunded charge takes its sale back. Clicks come as `client_reference_id` or in the
    metadata as `mp_click`. Source: docs.stripe.com/api/checkout/sessions/object, docs.stripe.com/api/charges/object.
    """
    kind, data = str(event.get("type", "")), event.get("data")
    thing: Any = data.get("object") if isinstance(data, Mapping) else None
    if not isinstance(thing, Mapping):
        return None
    try:
        at = datetime.fromtimestamp(int(event["created"]), UTC)
        if kind in ("checkout.session.completed", "checkout.session.async_payment_succeeded"):
            return _paid(thing, at) if thing.get("payment_status") != "unpaid" else None
        if kind == "charge.refunded":
            before: Any = event["data"].get("previous_attributes") or {}
            return _refunded(thing, at, before=int(before.get("amount_refunded") or 0))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ConversionError(
            f"The event {event.get('id')} is not as Stripe documents it: {error!r}.",
            fix="Send Stripe's event unchanged, in its snapshot form.",
        ) from error
    return None


def _paid(session: Mapping[str, Any], at: datetime) -> Told:
    metadata = session.get("metadata") or {}
    clicks = f"{session.get('client_reference_id') or ''}.{metadata.get('mp_click') or ''}"
    free = not session.get("amount_total")
    return Told(
        kind=ConversionKind.LEAD if free else ConversionKind.SALE,
        source=ConversionSource.STRIPE,
        # Both events of one checkout name the same payment; a refund names it too.
        external_id=str(session.get("payment_intent") or session["id"]),
        occurred_at=at,
        value_minor=int(session.get("amount_total") or 0),
        currency=str(session["currency"]).upper() if session.get("currency") else None,
        click_ids=[one for one in clicks.replace("-", ".").split(".") if one],
        link=metadata.get("mp_link"),
        data={"session": session["id"]},
    )


def _refunded(charge: Mapping[str, Any], at: datetime, *, before: int) -> Told:
    refunded = int(charge["amount_refunded"])
    payment = str(charge.get("payment_intent") or charge["id"])
    return Told(
        kind=ConversionKind.REFUND,
        source=ConversionSource.STRIPE,
        # Partial refunds follow each other, and each event tells the sum so far and the one before.
        external_id=f"{charge['id']}:refunded:{refunded}",
        occurred_at=at,
        value_minor=max(refunded - before, 0),
        currency=str(charge["currency"]).upper(),
        refunds=payment,
        data={"charge": charge["id"]},
    )
