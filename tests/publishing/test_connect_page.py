"""The connect page and its API: nobody gets in without a token, and nothing of the platform's words runs in a page."""

from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
import regex
from fastapi import FastAPI

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.core.tokens import Scope, create_token, local_token, revoke_token
from mediaposter.publishing import service
from mediaposter.publishing.connecting.page_routes import router as page
from mediaposter.publishing.connecting.routes import router as api
from tests.publishing.meadow import connected, meadow, visit
from tests.servers.oauth_server import OAuthServer

__all__ = ["meadow"]
pytestmark = pytest.mark.feature("BLOT-001", "ADAPT-013")


@pytest.fixture
async def browser(ctx: Context, meadow: OAuthServer) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is not signed in."""
    meadow.redirect_uris.add(f"{ctx.settings.site_url}/connect/meadow/callback")
    app = FastAPI()
    problems.install(app)
    app.include_router(api)
    app.include_router(page)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ctx.settings.site_url) as client:
        yield client


async def sign_in(ctx: Context, browser: httpx.AsyncClient, token: str | None = None) -> httpx.Response:
    return await browser.post("/connect/sign-in", data={"token": token or local_token(ctx.settings)})


async def form_token(browser: httpx.AsyncClient, path: str = "/connect/meadow") -> str:
    return regex.search(r'name="form_token" value="(\w+)"', (await browser.get(path)).text)[1]  # type: ignore[index]


async def start(browser: httpx.AsyncClient) -> str:
    """Press the button and return the platform's address."""
    answer = await browser.post("/connect/meadow", data={"how": "oauth", "form_token": await form_token(browser)})
    assert answer.status_code == 200, answer.text
    return unescape(regex.search(r'content="0;url=([^"]+)"', answer.text)[1])  # type: ignore[index]


@pytest.mark.parametrize("path", ["/connect", "/connect/meadow", "/connect/result/x"])
async def test_every_page_asks_for_a_token_first(browser: httpx.AsyncClient, path: str) -> None:
    assert 'name="token"' in (await browser.get(path)).text


async def test_a_wrong_token_lets_nobody_in(ctx: Context, browser: httpx.AsyncClient) -> None:
    assert (await sign_in(ctx, browser, "mp_wrong")).status_code == 401
    assert "mp_connect" not in browser.cookies


async def test_a_token_that_only_reads_lets_nobody_in(ctx: Context, browser: httpx.AsyncClient) -> None:
    async with ctx.database.session() as session:
        secret, _ = await create_token(session, name="wall", scope=Scope.READ)
    assert (await sign_in(ctx, browser, secret)).status_code == 403


async def test_revoking_the_token_ends_the_session(ctx: Context, browser: httpx.AsyncClient) -> None:
    async with ctx.database.session() as session:
        secret, row = await create_token(session, name="laptop", scope=Scope.WRITE)
    await sign_in(ctx, browser, secret)
    assert "Sign out" in (await browser.get("/connect")).text
    async with ctx.database.session() as session:
        await revoke_token(session, row.id)
    assert 'name="token"' in (await browser.get("/connect")).text


async def test_a_form_from_another_site_is_refused(ctx: Context, browser: httpx.AsyncClient) -> None:
    await sign_in(ctx, browser)
    data = {"how": "oauth", "form_token": await form_token(browser)}
    other = await browser.post("/connect/meadow", data=data, headers={"Origin": "https://evil.example"})
    without = await browser.post("/connect/meadow", data={"how": "oauth"})
    assert (other.status_code, without.status_code) == (403, 403)


@pytest.mark.parametrize("rule", ["default-src 'none'", "form-action 'self';"])
async def test_the_page_runs_nothing_and_its_forms_lead_nowhere_else(browser: httpx.AsyncClient, rule: str) -> None:
    assert rule in (await browser.get("/connect/meadow")).headers["content-security-policy"]


async def test_browsers_may_tell_our_own_forms_where_they_come_from(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/connect")).headers["referrer-policy"] == "same-origin"


async def test_an_account_is_connected_by_the_page(
    ctx: Context, browser: httpx.AsyncClient, meadow: OAuthServer
) -> None:
    await sign_in(ctx, browser)
    back = await browser.get("/connect/meadow/callback", params=await visit(await start(browser)))
    assert (back.status_code, "code=" in back.headers["location"]) == (303, False)
    assert "@ann" in (await browser.get(back.headers["location"])).text


async def test_accounts_are_chosen_on_the_page(ctx: Context, browser: httpx.AsyncClient, meadow: OAuthServer) -> None:
    meadow.pages = {"ann": ["<i>garden</i>", "shop"]}
    await sign_in(ctx, browser)
    back = await browser.get("/connect/meadow/callback", params=await visit(await start(browser)))
    there = back.headers["location"]
    shown = (await browser.get(there)).text
    assert "<i>" not in shown
    assert "&lt;i&gt;garden" in shown
    data = {"form_token": await form_token(browser, there), "account": "id-shop"}
    assert (await browser.post(there, data=data)).status_code == 303
    async with ctx.database.session() as session:
        assert [one.handle for one in await service.list_accounts(session)] == ["shop"]


async def test_what_the_platform_says_is_shown_as_text(
    ctx: Context, browser: httpx.AsyncClient, meadow: OAuthServer
) -> None:
    meadow.denies = True
    await sign_in(ctx, browser)
    shown = await browser.get("/connect/meadow/callback", params=await visit(await start(browser)))
    assert (shown.status_code, "<b>access_denied" in shown.text) == (403, False)
    assert "&lt;b&gt;access_denied" in shown.text


async def test_a_callback_that_nobody_waits_for_changes_nothing(ctx: Context, browser: httpx.AsyncClient) -> None:
    shown = await browser.get("/connect/meadow/callback", params={"code": "c", "state": "s"})
    assert (shown.status_code, "Not connected" in shown.text) == (400, True)


async def test_a_flow_of_the_api_ends_in_a_browser_that_is_not_signed_in(
    ctx: Context, browser: httpx.AsyncClient, meadow: OAuthServer
) -> None:
    begun = (await browser.post("/api/accounts/connect/meadow", json={})).json()
    shown = await browser.get(urlsplit(begun["redirect_uri"]).path, params=await visit(begun["url"]))
    assert "MediaPoster may post on Meadow as ann" in shown.text
    told = (await browser.get(f"/api/accounts/connections/{begun['id']}")).json()
    assert (told["state"], len(told["account_ids"])) == ("connected", 1)


async def test_tokens_are_pasted_and_chosen_by_the_api(browser: httpx.AsyncClient, meadow: OAuthServer) -> None:
    meadow.pages = {"ann": ["garden"]}
    begun = (await browser.post("/api/accounts/connect/meadow", json={})).json()
    await visit(begun["url"])
    token = meadow._issue(meadow.logins[0]).body
    access = regex.search(rb'"access_token":"([^"]+)', token)[1].decode()  # type: ignore[index]
    pasted = await browser.post("/api/accounts/connect/meadow/paste", json={"fields": {"access_token": access}})
    told = pasted.json()
    assert (told["state"], [one["handle"] for one in told["found"]]) == ("choose", ["ann", "garden"])
    assert access not in pasted.text
    kept = await browser.post(f"/api/accounts/connections/{told['id']}/choose", json={"external_ids": ["id-garden"]})
    assert [one["handle"] for one in kept.json()] == ["garden"]


async def test_the_api_says_what_each_channel_needs(browser: httpx.AsyncClient) -> None:
    told = {one["channel"]: one for one in (await browser.get("/api/accounts/connect")).json()}
    assert (told["meadow"]["by"], told["meadow"]["ready"], told["telegram"]["by"]) == ("oauth", True, "paste")
    assert told["x"]["missing"] == "MEDIAPOSTER_X_CLIENT_ID"


async def test_the_api_tests_syncs_and_disconnects(
    ctx: Context, browser: httpx.AsyncClient, meadow: OAuthServer
) -> None:
    account = await connected(ctx)
    assert (await browser.post(f"/api/accounts/{account.id}/test")).json()["ok"] is True
    assert (await browser.post("/api/accounts/sync", json={"channel": "meadow"})).json()["unchanged"] == 1
    gone = (await browser.post(f"/api/accounts/{account.id}/disconnect")).json()
    assert (gone["has_credentials"], gone["problem"]["code"]) == (False, "DISCONNECTED")
    tested = (await browser.post(f"/api/accounts/{account.id}/test")).json()
    assert (tested["ok"], tested["checks"][0]["fix"]) == (False, "mediaposter accounts connect meadow")
