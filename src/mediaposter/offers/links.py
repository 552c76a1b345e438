"""What a tracked link is made of: a slug nobody guesses, and a target that keeps its own query."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, unquote_plus, urlsplit, urlunsplit

from mediaposter.core.errors import FieldProblem
from mediaposter.offers.errors import OfferUrlError

# Base 58: no 0 O I l, so that a slug can be read aloud and typed from a slide. 58**7 is 2.2 * 10**12.
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SLUG_LENGTH = 7
_URL_MAX = 2048


def new_slug() -> str:
    """Return a new random slug of base-58 digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(SLUG_LENGTH))


def is_slug(text: str) -> bool:
    """Say whether `text` could be one of our slugs, before the database is asked."""
    return 7 <= len(text) <= 8 and all(character in _ALPHABET for character in text)


def check_target(url: str) -> str:
    """Return `url` as it may be redirected to. Raises OfferUrlError unless it is a plain http or https address."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise _refused(url, f"it is not a URL ({error})") from error
    if parts.scheme not in ("http", "https"):
        raise _refused(url, "only http and https are allowed")
    if not host or any(character.isspace() or ord(character) < 32 or character == "\\" for character in url):
        raise _refused(url, "it names no host, or has spaces or control characters in it")
    if parts.username is not None or parts.password is not None:
        raise _refused(url, "it carries a user name or a password")
    if len(url) > _URL_MAX:
        raise _refused(url, f"it is longer than {_URL_MAX} characters")
    # Only ASCII goes into a Location header.
    ascii_host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    safe = "%/:=&?~#+!$,;'@()*[]-._"
    return urlunsplit(
        (parts.scheme, ascii_host, quote(parts.path, safe), quote(parts.query, safe), quote(parts.fragment, safe))
    )


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """Return `url` with `parameters` added to its query; what is there keeps its order, spelling and value.

    A parameter that the URL names already stays as the owner of the URL wrote it. The fragment stays last.
    """
    parts = urlsplit(url)
    present = {unquote_plus(pair.split("=", 1)[0]) for pair in parts.query.split("&") if pair}
    added = [
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in parameters.items() if value and name not in present
    ]
    query = "&".join(([parts.query] if parts.query else []) + added)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def with_click(url: str, parameter: str) -> tuple[str, str] | None:
    """Return what comes before and after the id of a click in `url`; None where the URL names `parameter` itself."""
    mark = "\0"
    marked = with_parameters(url, {parameter: mark})
    before, found, after = marked.partition(quote_plus(mark))
    return (before, after) if found else None


def _refused(url: str, reason: str) -> OfferUrlError:
    shown = url[:80]
    return OfferUrlError(
        f"The offer's URL {shown!r} cannot be used: {reason}.",
        fix="Give the full address of the page, such as https://shop.example/product.",
        errors=[FieldProblem("url", "a full http or https address", "Start it with https:// and name the host.")],
    )
