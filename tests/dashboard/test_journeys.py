"""What people do in the dashboard, from beginning to end, in Chromium, over the real server, database and worker."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import Opens, fill
from tests.dashboard.serving import Served, apart, served

pytestmark = [pytest.mark.browser, pytest.mark.feature("ARCH-008")]
MADE = 90_000  # ms: a video is made in between


@pytest.mark.feature("ARCH-001")
def test_a_first_visit_ends_in_a_published_post(working: Served, open_page: Opens) -> None:
    page = open_page(working)
    tour = page.get_by_role("region", name="Your first post")
    tour.get_by_label("Name of your page").fill("Green Room")
    tour.get_by_role("button", name="Make the page").click()
    tour.get_by_label("Say it in a sentence or two").fill("A jar, a string, ten minutes.")
    tour.get_by_role("button", name="Make and publish").click()
    link = tour.get_by_role("link", name="Open your post")
    expect(link).to_be_visible(timeout=MADE)
    url = link.get_attribute("href")
    assert url is not None
    assert "A jar, a string, ten minutes" in httpx.get(url, trust_env=False).text


def test_a_draft_goes_out_when_it_is_approved(working: Served, open_page: Opens) -> None:
    page = open_page(working, "/accounts/")
    _add_site(page, "garden")
    page.goto(f"{working.url}/new/")
    page.get_by_label("Part 1", exact=True).fill("One wick waters a week.")
    page.get_by_label("Publish", exact=True).select_option("draft")
    expect(page.get_by_text("1 of 1 accounts would take it")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Approve").click(timeout=MADE)
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    accounts = page.get_by_role("region", name="Accounts")
    expect(accounts.get_by_text("Public", exact=True)).to_be_visible(timeout=MADE)
    expect(page.get_by_role("heading", level=1)).to_have_text("One wick waters a week.")


def test_an_account_is_paused_and_the_note_takes_it_back(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month, "/accounts/")
    switch = page.get_by_role("switch", name="Plant People publishes")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    page.get_by_role("button", name="Undo").click()
    expect(switch).to_have_attribute("aria-checked", "true")


def test_the_switch_for_all_stops_every_account_and_every_page_says_so(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month, "/accounts/")
    page.get_by_role("button", name="Stop all").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("A wrong price")
    dialog.get_by_role("button", name="Stop all").click()
    expect(page.get_by_text("Publishing is stopped on every account").first).to_be_visible()
    page.goto(f"{own_month.url}/tweets/")
    expect(page.get_by_text("Publishing is stopped on every account")).to_be_visible()
    page.get_by_role("button", name="Let it go on").click()
    expect(page.get_by_text("Publishing is stopped on every account")).to_be_hidden()


@pytest.mark.feature("SLEEP-001")
def test_the_machine_is_told_to_sleep_and_to_wake(working: Served, open_page: Opens) -> None:
    page = open_page(working)
    page.get_by_role("button", name="Awake").click()
    dialog = page.get_by_role("dialog", name="Sleep")
    dialog.get_by_role("button", name="Sleep now").click()
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Asleep").click(timeout=30_000)
    page.get_by_role("dialog").get_by_role("button", name="Wake").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Awake")).to_be_visible()


@pytest.mark.feature("ARCH-004")
def test_a_tweet_goes_out_with_other_words_or_not_at_all(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month, "/tweets/")
    coming = page.get_by_role("list", name="Next tweets")
    page.get_by_role("button", name="Write tweet 21 yourself").click()
    page.get_by_role("dialog").get_by_label("Words").fill("A jar drinks less than you do.")
    page.get_by_role("button", name="Keep these words").click()
    expect(coming.get_by_text("A jar drinks less than you do.")).to_be_visible()
    page.get_by_role("button", name="Leave tweet 22 out").click()
    expect(coming.get_by_text("Left out", exact=True)).to_be_visible()


@pytest.mark.feature("PUB-001")
def test_an_unknown_outcome_is_settled_by_a_person(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month)
    page.get_by_role("region", name="Needs you").get_by_role("link", name="Unknown outcome").first.click()
    page.get_by_role("button", name="Settle it").first.click()
    page.get_by_role("dialog", name="Is it public?").get_by_role("button", name="It is not there").click()
    first = page.get_by_role("main").locator("section").first
    expect(first.get_by_text("Refused", exact=True).first).to_be_visible()
    expect(first.get_by_text("A person looked at the account and it is not there.").first).to_be_visible()


def test_a_planned_post_is_moved_by_its_dialog_and_moved_back(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month, "/posts/?outcome=planned")
    page.get_by_role("list", name="Posts").get_by_role("link").first.click()
    page.get_by_role("button", name="Move", exact=True).first.click()
    dialog = page.get_by_role("dialog", name="Move it")
    before = dialog.get_by_label("To").input_value()
    to = (datetime.now() + timedelta(days=20)).strftime("%Y-%m-%dT12:30")  # noqa: DTZ005 - what a person types
    dialog.get_by_label("To").fill(to)
    dialog.get_by_role("button", name="Move").click()
    expect(page.get_by_text("12:30").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(before[-5:]).first).to_be_visible()


def test_a_planned_post_is_dragged_to_another_day(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month, "/calendar/?view=week", viewport={"width": 1600, "height": 3000})
    monday = datetime.now(UTC) + timedelta(days=7)
    page.goto(f"{own_month.url}/calendar/?view=week&at={monday:%Y-%m-%d}")
    chip = page.get_by_role("cell").get_by_role("button", name="Planned").first
    title = chip.locator("span").nth(1).inner_text()
    source, target = chip.bounding_box(), page.get_by_role("row").last.get_by_role("cell").last.bounding_box()
    assert source is not None
    assert target is not None
    page.mouse.move(source["x"] + 20, source["y"] + 10)
    page.mouse.down()
    page.mouse.move(source["x"] + 40, source["y"] + 30, steps=5)
    page.mouse.move(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2, steps=10)
    page.mouse.up()
    expect(page.get_by_text("Moved to")).to_be_visible()
    expect(page.get_by_role("row").last.get_by_role("cell").last).to_contain_text(title)


def test_what_happens_is_on_the_page_without_a_reload(own_month: Served, open_page: Opens) -> None:
    page = open_page(own_month, "/accounts/")
    switch = page.get_by_role("switch", name="Plant People publishes")
    expect(switch).to_have_attribute("aria-checked", "true")
    other = open_page(own_month, "/accounts/")
    other.get_by_role("switch", name="Plant People publishes").click()
    expect(switch).to_have_attribute("aria-checked", "false")


def test_a_list_of_ten_thousand_posts_keeps_few_of_them_in_the_page(
    home: Path, database_url: str, open_page: Opens
) -> None:
    apart(fill(database_url, posts=10_000))
    with served(home, database_url, worker=False) as running:
        page = open_page(running, "/posts/")
        expect(page.get_by_text("10,000 posts")).to_be_visible()
        rows = page.get_by_role("list", name="Posts").locator("> li")
        for _ in range(30):
            page.mouse.wheel(0, 8000)
            page.wait_for_timeout(50)
        assert int(rows.last.get_attribute("aria-posinset") or 0) > 500
        assert rows.count() < 60
        page.context.close()  # before its server ends, or it would say that it lost it


def _add_site(page: Page, handle: str) -> None:
    page.get_by_role("button", name="Connect", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Site").click()
    dialog.get_by_label("Handle").fill(handle)
    dialog.get_by_role("button", name="Make the page").click()
    expect(page.get_by_role("list", name="Accounts").get_by_text(handle).first).to_be_visible()
