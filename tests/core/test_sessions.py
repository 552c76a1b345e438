"""Logging in to the dashboard: links that work once, cookies that count on one port, and nothing from other sites."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from mediaposter.core import problems, session_routes, sessions
from mediaposter.core.context import Context
from mediaposter.core.errors import TooManyTriesError
from mediaposter.core.sessions import WrongTries
from mediaposter.core.tokens import Scope, authorize, create_token, revoke_token

pytestmark = pytest.mark.feature("ARCH-008")
OURS = {"x-mediaposter": "dashboard"}


@pytest.fixture
async def browser(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(session_routes, "_wrong_tries", WrongTries())
    router = APIRouter(prefix="/api")

    @router.get("/things")
    async def look() -> str:
        return "seen"

    @router.post("/things")
    async def change() -> str:
        return "changed"

    app = FastAPI()
    problems.install(app)
    app.include_router(router, dependencies=[Depends(authorize)])
    app.include_router(session_routes.public_router)
    app.include_router(session_routes.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:5557") as client:
        yield client


async def code(ctx: Context, now: datetime | None = None) -> str:
    async with ctx.database.session() as session:
        return await sessions.make_code(session, now=now or ctx.clock())


async def log_in(browser: httpx.AsyncClient, ctx: Context) -> httpx.Response:
    return await browser.post("/api/session", json={"code": await code(ctx)}, headers=OURS)


async def test_a_login_link_logs_a_browser_in(browser: httpx.AsyncClient, ctx: Context) -> None:
    await log_in(browser, ctx)
    assert (await browser.get("/api/things")).json() == "seen"


async def test_a_login_link_works_once(browser: httpx.AsyncClient, ctx: Context) -> None:
    one = await code(ctx)
    await browser.post("/api/session", json={"code": one}, headers=OURS)
    again = await browser.post("/api/session", json={"code": one}, headers=OURS)
    assert (again.status_code, "mediaposter dashboard" in again.json()["fix"]) == (401, True)


async def test_an_old_login_link_is_refused(browser: httpx.AsyncClient, ctx: Context) -> None:
    old = await code(ctx, now=ctx.clock() - timedelta(minutes=16))
    assert (await browser.post("/api/session", json={"code": old}, headers=OURS)).status_code == 401


async def test_a_session_may_do_what_its_token_may(browser: httpx.AsyncClient, ctx: Context) -> None:
    async with ctx.database.session() as session:
        secret, _ = await create_token(session, name="wall", scope=Scope.READ)
    await browser.post("/api/session", json={"token": secret}, headers=OURS)
    assert (await browser.get("/api/things")).status_code == 200
    assert (await browser.post("/api/things", headers=OURS)).json()["code"] == "FORBIDDEN"


async def test_a_revoked_token_ends_its_sessions(browser: httpx.AsyncClient, ctx: Context) -> None:
    async with ctx.database.session() as session:
        secret, row = await create_token(session, name="wall", scope=Scope.READ)
    await browser.post("/api/session", json={"token": secret}, headers=OURS)
    async with ctx.database.session() as session:
        await revoke_token(session, row.id)
    assert (await browser.get("/api/things")).status_code == 401


async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(
    browser: httpx.AsyncClient, ctx: Context
) -> None:
    cookie = (await log_in(browser, ctx)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_the_cookie_counts_on_the_dashboards_port_alone(browser: httpx.AsyncClient, ctx: Context) -> None:
    await log_in(browser, ctx)
    assert (await browser.get("http://127.0.0.1:5555/api/things")).status_code == 401


async def test_the_cookie_itself_is_not_stored(browser: httpx.AsyncClient, ctx: Context) -> None:
    await log_in(browser, ctx)
    async with ctx.database.session() as session:
        (row,) = await sessions.list_sessions(session, now=ctx.clock())
    assert browser.cookies[sessions.COOKIE] not in str(vars(row))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**OURS, "origin": "http://evil.example"},
        {**OURS, "origin": "http://127.0.0.1:5555"},
        {**OURS, "origin": "null"},
        {**OURS, "sec-fetch-site": "cross-site"},
        {**OURS, "sec-fetch-site": "same-site"},
    ],
)
async def test_a_change_that_another_page_asks_for_is_refused(
    browser: httpx.AsyncClient, ctx: Context, headers: dict[str, str]
) -> None:
    await log_in(browser, ctx)
    assert (await browser.post("/api/things", headers=headers)).status_code == 403


async def test_a_change_that_our_page_asks_for_is_done(browser: httpx.AsyncClient, ctx: Context) -> None:
    await log_in(browser, ctx)
    headers = {**OURS, "origin": "http://127.0.0.1:5557", "sec-fetch-site": "same-origin"}
    assert (await browser.post("/api/things", headers=headers)).json() == "changed"


async def test_another_site_cannot_log_a_browser_in(browser: httpx.AsyncClient, ctx: Context) -> None:
    answer = await browser.post(
        "/api/session", json={"code": await code(ctx)}, headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403


async def test_logging_out_makes_the_cookie_worthless(browser: httpx.AsyncClient, ctx: Context) -> None:
    await log_in(browser, ctx)
    kept = browser.cookies[sessions.COOKIE]
    await browser.delete("/api/session", headers=OURS)
    browser.cookies.set(sessions.COOKIE, kept)
    assert (await browser.get("/api/things")).status_code == 401


async def test_another_browser_can_be_logged_out(browser: httpx.AsyncClient, ctx: Context) -> None:
    await log_in(browser, ctx)
    other = (await log_in(browser, ctx)).json()["id"]
    listed = (await browser.get("/api/sessions")).json()
    assert [(one["id"] == other, one["own"]) for one in listed] == [(True, True), (False, False)]
    assert (await browser.delete(f"/api/sessions/{listed[1]['id']}", headers=OURS)).status_code == 204
    assert len((await browser.get("/api/sessions")).json()) == 1


async def test_who_is_not_logged_in_is_told_how(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/session")
    assert (answer.status_code, "mediaposter dashboard" in answer.json()["fix"]) == (401, True)


async def test_after_ten_wrong_tries_even_the_right_token_waits(browser: httpx.AsyncClient, ctx: Context) -> None:
    for _ in range(10):
        await browser.post("/api/session", json={"token": "mp_wrong"}, headers=OURS)
    answer = await log_in(browser, ctx)
    assert (answer.status_code, 0 < int(answer.headers["retry-after"]) <= 60) == (429, True)


def test_wrong_tries_are_forgotten_after_a_minute() -> None:
    now = 0.0
    tries = WrongTries(clock=lambda: now)
    for _ in range(10):
        tries.note("a")
    now = 60.0
    tries.check("a")


def test_many_addresses_together_are_stopped_too() -> None:
    tries = WrongTries(clock=lambda: 0.0)
    for number in range(100):
        tries.note(f"address {number}")
    with pytest.raises(TooManyTriesError):
        tries.check("another")


async def test_expired_sessions_are_cleared_away(ctx: Context) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    async with ctx.database.session() as session:
        await sessions.begin(session, scopes=["read"], token_id=None, browser="Old", now=long_ago)
        await sessions.make_code(session, now=long_ago)
    async with ctx.database.session() as session:
        assert await sessions._tidy(session, ctx.clock()) == 2
