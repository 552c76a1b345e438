"""The main journeys of the dashboard once more, in a real WebKit."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from mediaposter.core.db import Database
from mediaposter.publishing import service as publishing
from tests.browser.conftest import screen
from tests.dashboard.serving import Served, apart
from tests.dashboard.webkit import Tab, start

__all__ = ["screen"]
pytestmark = [
    pytest.mark.webkit,
    pytest.mark.feature("ARCH-008"),
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:setting remote_server_addr"),  # selenium's own use of its own old name
]
MADE = 120.0  # seconds: a video is made in between
SWITCH = "Plant People publishes"

Opens = Callable[..., Tab]


@pytest.fixture
def open_tab(screen: str, tmp_path: Path) -> Iterator[Opens]:
    """Open a page of a server, logged in. When the test is over, nothing may have gone wrong on it."""
    started = []

    def open_it(server: Served, path: str = "/") -> Tab:
        driver, tab = start(screen, tmp_path)
        started.append((driver, tab))
        tab.goto(server.login_link())
        tab.find("heading", "Needs you")
        tab.goto(server.url + path)
        return tab

    yield open_it
    wrong = [fault for _, tab in started for fault in tab.wrong]
    for driver, _ in started:
        driver.quit()
    assert not wrong, "\n".join(wrong)


@pytest.mark.feature("ARCH-001")
def test_a_first_visit_ends_in_a_published_post(working: Served, open_tab: Opens) -> None:
    tab = open_tab(working)
    tab.fill("Name of your page", "Green Room")
    tab.click("button", "Make the page")
    tab.fill("Say it in a sentence or two", "A jar, a string, ten minutes.")
    tab.click("button", "Make and publish")
    url = tab.find("link", "Open your post", exact=False, seconds=MADE).get_attribute("href")
    assert url is not None
    assert "A jar, a string, ten minutes" in httpx.get(url, trust_env=False).text


def test_a_draft_goes_out_when_it_is_approved(working: Served, open_tab: Opens) -> None:
    tab = open_tab(working, "/accounts/")
    tab.click("button", "Connect")
    tab.click("button", "Site", within=("dialog", ""), exact=False)
    tab.fill("Handle", "garden", within=("dialog", ""))
    tab.click("button", "Make the page", within=("dialog", ""))
    tab.find("switch", "garden publishes", exact=False)
    tab.goto(f"{working.url}/new/")
    tab.fill("Part 1", "One wick waters a week.")
    tab.choose("Publish", "draft")
    tab.sees("1 of 1 accounts would take it")
    tab.click("button", "Start")
    tab.click("button", "Approve", seconds=MADE)
    tab.click("button", "Publish", within=("dialog", ""))
    tab.find("text", "Public", within=("region", "Accounts"), seconds=MADE)


@pytest.mark.feature("PUB-001")
def test_an_unknown_outcome_is_settled_by_a_person(own_month: Served, open_tab: Opens) -> None:
    tab = open_tab(own_month)
    tab.click("link", "Unknown outcome", exact=False)
    tab.click("button", "Settle it")
    tab.click("button", "It is not there", within=("dialog", "Is it public?"))
    tab.sees("A person looked at the account and it is not there.")


def test_a_planned_post_is_moved_and_moved_back(own_month: Served, open_tab: Opens) -> None:
    tab = open_tab(own_month, "/posts/?outcome=planned")
    tab.click("link", "Planned", exact=False)
    tab.click("button", "Move")
    to = (datetime.now() + timedelta(days=20)).strftime("%Y-%m-%dT12:30")  # noqa: DTZ005 - what a person types
    before = tab.set_moment("To", to, within=("dialog", "Move it"))
    tab.click("button", "Move", within=("dialog", "Move it"))
    tab.sees("12:30")
    tab.click("button", "Undo")
    tab.sees(before[-5:])


def test_an_account_is_paused_and_the_note_takes_it_back(own_month: Served, open_tab: Opens) -> None:
    tab = open_tab(own_month, "/accounts/")
    tab.click("switch", SWITCH)
    tab.attribute("switch", SWITCH, "aria-checked", "false")
    tab.click("button", "Undo")
    tab.attribute("switch", SWITCH, "aria-checked", "true")


@pytest.mark.feature("SLEEP-001")
def test_the_machine_is_told_to_sleep_and_to_wake(working: Served, open_tab: Opens) -> None:
    tab = open_tab(working)
    tab.click("button", "Awake", exact=False)
    tab.click("button", "Sleep now", within=("dialog", "Sleep"))
    tab.click("button", "Close", within=("dialog", "Sleep"))
    tab.click("button", "Asleep", exact=False, seconds=30)
    tab.click("button", "Wake", within=("dialog", "Sleep"))
    tab.click("button", "Close", within=("dialog", "Sleep"))
    tab.find("button", "Awake", exact=False)


def test_what_happens_is_on_the_page_without_a_reload(own_month: Served, open_tab: Opens) -> None:
    tab = open_tab(own_month, "/accounts/")
    tab.attribute("switch", SWITCH, "aria-checked", "true")
    apart(_pause(own_month))
    tab.attribute("switch", SWITCH, "aria-checked", "false")


async def _pause(server: Served) -> None:
    database = Database(server.database_url)
    async with database.session() as session:
        (account,) = await publishing.list_accounts(session, "all", channel="discord")
        await publishing.pause_account(session, account.id, reason="holiday")
    await database.close()
