"""Who may tell of a sale: signatures of postbacks and of Stripe's webhooks, within a window against replays.

Both are HMAC-SHA256 with a secret that only the two sides know, over what is told and when it was sent.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from mediaposter.offers.errors import SignatureError

TOLERANCE = timedelta(minutes=5)  # also Stripe's default: docs.stripe.com/webhooks, "Preventing replay attacks"


def new_secret() -> str:
    """Return a new secret for postbacks."""
    return f"mpsec_{secrets.token_urlsafe(32)}"


def postback_signature(secret: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the `sig` of a postback: HMAC-SHA256, in hex, of its other parameters, sorted and form-encoded."""
    told = sorted((name, value) for name, value in parameters if name != "sig")
    return _hex(secret, urlencode(told).encode())


def check_postback(secret: str, parameters: list[tuple[str, str]], *, now: datetime) -> None:
    """Raise SignatureError unless `sig` fits and `t` (seconds since 1970) is of the last five minutes."""
    told = dict(parameters)
    if not hmac.compare_digest(postback_signature(secret, parameters), told.get("sig", "")):
        raise SignatureError(
            "The signature `sig` does not fit.",
            fix="Sign the other parameters, sorted by name and form-encoded, with HMAC-SHA256 and the offer's secret.",
        )
    _check_moment(told.get("t", ""), now=now, named="t")


def check_stripe(secret: str, header: str, body: bytes, *, now: datetime) -> None:
    """Raise SignatureError unless a `Stripe-Signature` header fits `body` and is of the last five minutes.

    Source: docs.stripe.com/webhooks/signature: `t=...,v1=...`, HMAC-SHA256 of "t.body"; there may be several v1.
    """
    pairs = [part.partition("=") for part in header.split(",")]
    moment = next((value for name, _, value in pairs if name.strip() == "t"), "")
    expected = _hex(secret, moment.encode() + b"." + body)
    given = [value.strip() for name, _, value in pairs if name.strip() == "v1"]
    if not any([hmac.compare_digest(expected, one) for one in given]):  # noqa: C419 - as long for all of them
        raise SignatureError(
            "The Stripe-Signature does not fit the body.",
            fix="Give the offer the signing secret (whsec_...) of this very endpoint: mediaposter offers set-stripe.",
        )
    _check_moment(moment, now=now, named="t of Stripe-Signature")


def _check_moment(text: str, *, now: datetime, named: str) -> None:
    try:
        sent = datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError(f"`{named}` is not a time in seconds since 1970.", fix="Send the present time.") from error
    if abs(now - sent) > TOLERANCE:
        raise SignatureError(
            f"It was signed at {sent:%Y-%m-%d %H:%M:%S} UTC, more than five minutes from now.",
            fix="Sign it when it is sent, and check the clock of both machines.",
        )


def _hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
