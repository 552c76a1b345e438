"""The dashboard's pages over HTTP, from a small export of their own."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core.context import Context
from mediaposter.dashboard.export import Export
from mediaposter.dashboard.serving import DashboardMiddleware, is_our_host

pytestmark = pytest.mark.feature("ARCH-008")
SCRIPT = 'self.__next_f.push([1,"<b> & \\"quoted\\""])'
OURS = "http://127.0.0.1:5557"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    for path, text in {
        "index.html": f"<script src='/a.js'></script><script>{SCRIPT}</script><p>Home</p>" + " " * 2000,
        "new/index.html": "<p>New</p>",
        "404.html": "<p>Nothing here</p>",
        "_next/static/a1b2.js": "let a = 1;",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
async def browser(ctx: Context, export: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()

    @app.get("/")
    async def site() -> str:
        return "the public site"

    app.add_middleware(DashboardMiddleware, export=Export(export))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS) as client:
        yield client


async def test_its_port_answers_with_the_pages(browser: httpx.AsyncClient) -> None:
    assert "Home" in (await browser.get("/")).text


async def test_the_other_port_answers_as_ever(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("http://127.0.0.1:5555/")).json() == "the public site"


async def test_inline_scripts_of_the_page_are_allowed_by_their_hash(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/")).headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in policy


async def test_a_page_without_inline_scripts_allows_none(browser: httpx.AsyncClient) -> None:
    assert "script-src 'self';" in (await browser.get("/new/")).headers["content-security-policy"]


async def test_a_page_may_be_asked_for_without_its_slash(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/new?x=1")
    assert (answer.status_code, answer.headers["location"]) == (307, "/new/?x=1")


async def test_hashed_files_are_kept_for_ever_and_pages_are_asked_for_again(browser: httpx.AsyncClient) -> None:
    script, page = await browser.get("/_next/static/a1b2.js"), await browser.get("/")
    assert "immutable" in script.headers["cache-control"]
    assert page.headers["cache-control"] == "no-cache"


async def test_a_page_that_did_not_change_is_not_sent_again(browser: httpx.AsyncClient) -> None:
    etag = (await browser.get("/")).headers["etag"]
    assert (await browser.get("/", headers={"if-none-match": etag})).status_code == 304


async def test_large_files_are_packed(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/")).headers["content-encoding"] == "gzip"


async def test_an_unknown_page_is_404_with_a_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/nothing/")
    assert (answer.status_code, "Nothing here" in answer.text) == (404, True)


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/%2e%2e/secret", "/_next/static/../../index.html/../x", "//x"])
async def test_nothing_outside_the_export_is_served(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(OURS + path)).status_code == 404


async def test_an_unknown_route_of_the_api_is_no_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/nothing")
    assert answer.headers["content-type"] == "application/json"


async def test_a_dashboard_that_was_not_built_says_how_to(ctx: Context, tmp_path: Path) -> None:
    app = DashboardMiddleware(FastAPI(), Export(tmp_path / "none"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OURS) as client:
        answer = await client.get("/")
    assert (answer.status_code, "make dashboard" in answer.text) == (503, True)


async def test_pages_that_were_built_anew_are_served(browser: httpx.AsyncClient, export: Path) -> None:
    await browser.get("/")
    (export / "index.html").write_text("<p>Anew</p>")
    assert "Anew" in (await browser.get("/")).text


async def test_a_foreign_name_that_points_here_gets_nothing(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers={"host": "rebound.example.com:5557"})
    assert (answer.status_code, answer.json()["code"]) == (421, "MISDIRECTED")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:5557", True),
        ("localhost:5557", True),
        ("[::1]:5557", True),
        ("192.168.1.20", True),
        ("wall.example.com", True),
        ("site.example.com", True),
        ("evil.example.com", False),
        ("localhost.evil.com", False),
        ("", False),
    ],
)
def test_a_host_is_ours_by_address_or_by_the_settings(ctx: Context, host: str, ours: bool) -> None:
    named = {"public_url": "https://site.example.com", "dashboard_hosts": ("wall.example.com",)}
    assert is_our_host(host, ctx.settings.model_copy(update=named)) is ours
