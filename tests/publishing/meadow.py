"""A platform with an authorization server, its channel, and a person with a browser."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.publishing import service
from mediaposter.publishing.connecting import flows
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channels, register
from tests.publishing.oauth_channel import MeadowChannel
from tests.servers.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer

REDIRECT = "http://127.0.0.1:5556/connect/meadow/callback"


@pytest.fixture
def meadow(monkeypatch: pytest.MonkeyPatch) -> Iterator[OAuthServer]:
    register(MeadowChannel())
    with OAuthServer(redirect_uris={REDIRECT}).running() as server:
        monkeypatch.setenv("MEDIAPOSTER_MEADOW_BASE_URL", server.url)
        monkeypatch.setenv("MEDIAPOSTER_MEADOW_CLIENT_ID", CLIENT_ID)
        monkeypatch.setenv("MEDIAPOSTER_MEADOW_CLIENT_SECRET", CLIENT_SECRET)
        yield server
    del load_channels()["meadow"]


async def visit(url: str) -> dict[str, str]:
    """Open the platform's page, and return what the browser is sent back with."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def connected(ctx: Context) -> Account:
    """Connect the person who is signed in, and return the account."""
    begun = await flows.begin(ctx, "meadow", redirect_uri=REDIRECT)
    row = await flows.receive(ctx, "meadow", await visit(begun.url))
    assert row.result is not None, "there are several accounts"
    return await account_of(ctx, row.result["accounts"][0])


async def account_of(ctx: Context, account_id: str) -> Account:
    async with ctx.database.session() as session:
        return await service.get_account(session, account_id)


async def connect_all(ctx: Context) -> list[Account]:
    """Connect the person who is signed in, with all pages."""
    begun = await flows.begin(ctx, "meadow", redirect_uri=REDIRECT)
    row = await flows.receive(ctx, "meadow", await visit(begun.url))
    return await flows.choose(ctx, row.id, None)
