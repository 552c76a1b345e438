"""Posts are found among many by what they say, and by one publication that fits all that is asked."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.publishing.models import Account
from tests.overview.conftest import NOW, Publishes, fern, moss, publish

__all__ = ["fern", "moss", "publish"]
pytestmark = pytest.mark.feature("ARCH-008")


async def titles(web: httpx.AsyncClient, **asked: Any) -> set[str]:
    answer = await web.get("/api/posts", params=asked)
    assert answer.status_code == 200, answer.text
    return {one["title"] for one in answer.json()}


@pytest.mark.parametrize("text", ["100%", "a_b", "back\\slash", "JAR 100"])
async def test_every_character_stands_for_itself_and_case_does_not_count(
    web: httpx.AsyncClient, fern: Account, publish: Publishes, text: str
) -> None:
    for title in ("jar 100% wet", "a_b", "back\\slash", "1000 aXb backslash"):
        await publish(fern, title=title)
    found = await titles(web, text=text)
    assert len(found) == 1
    assert text.lower() in found.pop()


async def test_what_one_account_says_is_found_though_the_title_does_not_say_it(
    web: httpx.AsyncClient, fern: Account, publish: Publishes
) -> None:
    for title, words in (("One", "draws water"), ("Two", "is dry")):
        await publish(fern, title=title, copy={"title": "", "description": words, "hashtags": ["wick"]})
    assert await titles(web, text="draws") == {"One"}
    assert await titles(web, text="wick") == {"One", "Two"}


async def test_all_that_is_asked_must_be_true_of_one_publication(
    ctx: Context, web: httpx.AsyncClient, fern: Account, moss: Account, publish: Publishes
) -> None:
    both = await publish(fern, "confirmed", title="Both", sent_at=NOW)
    await publish(moss, "rejected", title="Refused", due_at=NOW + timedelta(days=1))
    assert await titles(web, account=fern.id, outcome="confirmed") == {"Both"}
    assert await titles(web, account=fern.id, outcome="rejected") == set()
    assert await titles(web, channel="site", outcome=["confirmed", "rejected"]) == {"Both", "Refused"}
    assert await titles(web, since=(NOW + timedelta(hours=1)).isoformat()) == {"Refused"}
    assert await titles(web, until=(NOW + timedelta(hours=1)).isoformat()) == {"Both"}
    assert (await web.get("/api/posts", params={"account": fern.id})).json()[0]["publications"][0]["id"] == both.id


async def test_pages_show_each_once(web: httpx.AsyncClient, fern: Account, publish: Publishes) -> None:
    for number in range(5):
        await publish(fern, title=f"{number}")
    seen: list[str] = []
    before: dict[str, str] = {}
    while page := (await web.get("/api/posts", params={"limit": 2, **before})).json():
        seen += [one["title"] for one in page]
        before = {"before": page[-1]["id"]}
    assert sorted(seen) == ["0", "1", "2", "3", "4"]


async def test_counts_are_those_of_the_list(web: httpx.AsyncClient, fern: Account, publish: Publishes) -> None:
    for outcome in ("confirmed", "confirmed", "planned"):
        await publish(fern, outcome, title="A jar")
    await publish(fern, "confirmed", title="A string")
    told = (await web.get("/api/posts/count", params={"text": "jar"})).json()
    assert (told["total"], told["by_outcome"]) == (3, {"confirmed": 2, "planned": 1})
