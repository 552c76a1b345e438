"""Who is signed in at the connect page: a person who gave a token that may write, for some hours.

The cookie is the token, sealed, with its end: revoking the token ends the session. It is sent with top-level visits
from elsewhere (SameSite=Lax), because platforms send the browser back; so every form has a token of its own as well.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response

from mediaposter.core.context import Context
from mediaposter.core.errors import AuthError, ForbiddenError, InvalidInputError, MediaPosterError
from mediaposter.core.tokens import Scope, covers, holder_of

COOKIE = "mp_connect"
_LASTS = timedelta(hours=8)
_LONGEST_FORM = 64 * 1024


async def sign_in(ctx: Context, request: Request, response: Response, token: str) -> None:
    """Let the browser in. Raises AuthError for an unknown token, ForbiddenError for one that may not write."""
    if not covers((await holder_of(token)).scopes, Scope.WRITE):
        raise ForbiddenError("This token may only read.", fix="Use one with the scope write.")
    ends = ctx.clock() + _LASTS
    value = ctx.secrets.seal(json.dumps({"token": token, "ends": ends.isoformat()}))
    response.set_cookie(
        COOKIE,
        value,
        max_age=int(_LASTS.total_seconds()),
        path="/connect",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https" or (ctx.settings.public_url or "").startswith("https:"),
    )


async def signed_in(ctx: Context, request: Request) -> bool:
    """Say whether the browser of a request is let in now."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return False
    try:
        told = json.loads(ctx.secrets.open(cookie))
        if datetime.fromisoformat(told["ends"]) < ctx.clock():
            return False
        return covers((await holder_of(told["token"])).scopes, Scope.WRITE)
    except (MediaPosterError, ValueError, KeyError, TypeError):
        return False


def form_token(ctx: Context, request: Request) -> str:
    """Return what every form of this browser carries."""
    key = ctx.secrets.derive("connect forms")
    return hmac.new(key, request.cookies.get(COOKIE, "").encode(), hashlib.sha256).hexdigest()[:32]


async def form_of(request: Request) -> dict[str, list[str]]:
    """Return the fields of a form. Raises ForbiddenError when it was sent from another site."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForbiddenError("The form was sent from another site.", fix="Open the page here and try again.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise InvalidInputError("The form is too long.", fix="Paste the field alone.")
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return fields


async def trusted_form(ctx: Context, request: Request) -> Mapping[str, list[str]]:
    """Return the fields of a form that this browser got from here. Raises AuthError, ForbiddenError."""
    if not await signed_in(ctx, request):
        raise AuthError("You are not signed in any more.", fix="Sign in again.")
    fields = await form_of(request)
    if not hmac.compare_digest("".join(fields.pop("form_token", [""])).encode(), form_token(ctx, request).encode()):
        raise ForbiddenError("The form is not one that this page gave out.", fix="Open the page again.")
    return fields
