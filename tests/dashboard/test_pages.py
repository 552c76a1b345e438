"""Every page, light, dark and on a phone: nothing on the console, nothing that axe finds, no scrolling sideways."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Opens
from tests.dashboard.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.feature("ARCH-008")]
AXE = Path(__file__).parents[2] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}},
    "phone": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}, "has_touch": True},
}
PAGES = {  # what is open, and a heading that is there when it is drawn
    "/": "Needs you",
    "/new/": "Before you start",
    "/runs/": "Runs",
    "/calendar/": "Calendar",
    "/calendar/?view=week": "Calendar",
    "/calendar/?view=list": "Calendar",
    "/posts/": "Posts",
    "/accounts/": "Accounts",
    "/offers/": "Offers",
    "/offers/?tab=report": "What brought them",
    "/offers/?tab=learning": "What works",
    "/tweets/": "The next twelve",
    "/settings/": "Logged in",
    "/settings/?tab=providers": "Writing",
    "/settings/?tab=webhooks": "New webhook",
    "/settings/?tab=tokens": "New token",
    "/settings/?tab=values": "The server",
    "/settings/?tab=events": "What has happened",
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_without_faults(filled: Served, open_page: Opens, look: str) -> None:
    page = open_page(filled, **LOOKS[look])
    faults: list[str] = []
    for path, heading in PAGES.items():
        page.goto(filled.url + path)
        expect(page.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        faults += [f"{path}: {fault}" for fault in faults_of(page)]
    assert not faults, "\n".join(faults)


def test_details_are_without_faults(filled: Served, open_page: Opens) -> None:
    page = open_page(filled, **LOOKS["light"])
    faults: list[str] = []
    for listing in ("/runs/", "/posts/"):
        page.goto(filled.url + listing)
        page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
        page.wait_for_url("**id=*")
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        faults += [f"{page.url}: {fault}" for fault in faults_of(page)]
    page.goto(f"{filled.url}/accounts/")
    page.get_by_role("button", name="Green Room Shop").click()
    faults += [f"account: {fault}" for fault in faults_of(page)]
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    faults += [f"palette: {fault}" for fault in faults_of(page)]
    assert not faults, "\n".join(faults)


def test_everything_can_be_reached_by_the_keyboard(filled: Served, open_page: Opens) -> None:
    page = open_page(filled)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/calendar/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Pages, accounts, runs, offers").fill("plant people")
    expect(page.get_by_role("option", name="Plant People Account")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/?id=*")
    expect(page.get_by_role("dialog", name="Plant People")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_theme_is_remembered(filled: Served, open_page: Opens) -> None:
    page = open_page(filled, **LOOKS["light"])
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_who_is_not_logged_in_comes_back_after_logging_in(filled: Served, open_page: Opens) -> None:
    page = open_page(filled)
    page.goto("about:blank")  # Home asks while it is open, and would be told that it is not logged in
    page.context.clear_cookies()
    link = filled.login_link()
    page.goto(link.replace("/login/#", "/login/?next=%2Ftweets%2F#"))
    page.wait_for_url("**/tweets/")


def test_a_first_visit_loads_little_script_and_then_rests(filled: Served, open_page: Opens) -> None:
    """Under 250 KB of script gzipped, on each page; and nothing that is drawn anew for ever keeps the machine busy."""
    page = open_page(filled, **LOOKS["light"])
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    heavy: list[str] = []
    for path, heading in PAGES.items():
        page.goto(filled.url + path)
        expect(page.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        weight = page.evaluate(
            "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('.js'))"
            ".reduce((sum, one) => sum + one.encodedBodySize, 0)"
        )
        if not 0 < weight < 250_000:
            heavy.append(f"{path}: {weight} bytes of script")
        if page.evaluate("document.getAnimations().some((one) => one.effect.getTiming().iterations === Infinity)"):
            heavy.append(f"{path}: something moves for ever")
    assert not heavy, "\n".join(heavy)


def faults_of(page: Page) -> list[str]:
    """Return what axe finds by WCAG 2.2 A and AA, and whether the page scrolls sideways."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    tags = json.dumps(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    found = page.evaluate(f"axe.run(document, {{ runOnly: {tags}, resultTypes: ['violations'] }})")
    faults = [
        f"{one['id']} ({one['impact']}): {one['help']}: "
        + "; ".join(str(node["html"])[:160] for node in one["nodes"][:3])
        for one in found["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*faults, *([f"it scrolls sideways by {wide} px"] if wide > 0 else [])]
