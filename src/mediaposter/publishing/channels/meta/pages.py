"""The Facebook pages that a user may act for, each with a token of its own that does not end."""

from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channels.meta.api import Graph

_FIELDS = "id,name,access_token,username,tasks,instagram_business_account{id,username,name}"


async def listed(graph: Graph, credentials: JsonObject) -> list[dict[str, Any]]:
    """Return the pages that a user's token reaches. The token is exchanged for a lasting one before, where there is an
    app: the tokens of pages that come with it do not end. A token of a page stands for that page.
    """
    settings, platform = graph.settings(), graph.platform
    base = f"{settings.base_url.rstrip('/')}/{settings.version}"
    token = str(credentials["access_token"])
    if settings.client_id and settings.client_secret is not None:
        asked = {
            "grant_type": "fb_exchange_token",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
            "fb_exchange_token": token,
        }
        told = (await platform.ask("GET", f"{base}/oauth/access_token", params=asked)).body
        token = str(told["access_token"])
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        asked = {"fields": _FIELDS, "limit": "100", **settings.proof(token), **({"after": after} if after else {})}
        told = (await platform.ask("GET", f"{base}/me/accounts", token=token, params=asked)).body
        found += told.get("data") or []
        paging: dict[str, Any] = told.get("paging") or {}
        after = (paging.get("cursors") or {}).get("after") if paging.get("next") else None
        if after is None:
            return found


def scopes_of(credentials: JsonObject) -> list[str]:
    """Return what was granted, as far as it is known."""
    return str(credentials.get("scope", "")).replace(",", " ").split()
