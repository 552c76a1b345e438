"""A real Chromium over the real server. An error on a page's console, or an answer that is one, fails the test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect, sync_playwright

from mediaposter.core.db import Database
from mediaposter.dashboard.export import FOLDER
from tests.conftest import Postgres, short_temp_dir
from tests.dashboard import world
from tests.dashboard.serving import Served, apart, served

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
expect.set_options(timeout=15_000)


def chromium() -> str:
    """Return the path of an installed Chromium."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    assert found, "There is no Chromium: apt-get install chromium, or name one in CHROMIUM."
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module, not longer: while Playwright runs, its loop keeps tests with loops of their own from running."""
    assert (FOLDER / "index.html").is_file(), "The dashboard was not built: make dashboard"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def filled(postgres: Postgres) -> Iterator[Served]:
    """A server without a worker, with a month of posts on 22 accounts. Tests leave it as they found it."""
    home, name = short_temp_dir(), postgres.databases.take()
    apart(fill(postgres.url(name)))
    with served(home, postgres.url(name), worker=False) as running:
        yield running
    shutil.rmtree(home, ignore_errors=True)
    postgres.databases.give_back(name)


@pytest.fixture
def own_month(postgres: Postgres, home: Path, database_url: str) -> Iterator[Served]:
    """The same, of one test alone, which may change it."""
    apart(fill(database_url))
    with served(home, database_url, worker=False) as running:
        yield running


@pytest.fixture
def working(home: Path, database_url: str) -> Iterator[Served]:
    """A server with a worker and an empty database, as a newcomer has it."""
    with served(home, database_url, worker=True) as running:
        yield running


async def fill(url: str, *, posts: int = 150) -> None:
    """Write a month into a database."""
    database = Database(url)
    await world.build(database, posts=posts)
    await database.close()


Opens = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opens]:
    """Open a page of a server, logged in. When the test is over, nothing may have gone wrong on it."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_it(server: Served, path: str = "/", **options: object) -> Page:
        context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        watch(page, wrong)
        page.goto(server.login_link())
        page.wait_for_url(f"{server.url}/")
        if path != "/":
            page.goto(server.url + path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not wrong, "\n".join(wrong)


def watch(page: Page, wrong: list[str]) -> None:
    """Write down what goes wrong on a page."""

    def said(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            wrong.append(f"console {message.type} on {page.url}: {message.text}")

    def answered(response: Response) -> None:
        if response.status >= 400:
            wrong.append(f"{response.status} {response.request.method} {response.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"error on {page.url}: {error}"))
    page.on("response", answered)
