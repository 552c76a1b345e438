"""A page's steps on a scripted browser and clock: what is waited for, how long, and how a step fails."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaposter.browser.errors import ElsewhereError, PageScriptError, SiteChangedError
from mediaposter.browser.login import Login, login_of
from mediaposter.browser.page import Pace, Page, Target
from mediaposter.browser.sites.sora.usage import Usage, read_usage
from mediaposter.browser.transport import Tab

pytestmark = pytest.mark.feature("SAFARI-001")
BUTTON = Target(("button",), ("Create",))


class Script:
    """A browser that answers by a function, and a clock that its sleeps move."""

    name = "script"

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        self.answer = answer
        self.now = datetime(2026, 11, 23, tzinfo=UTC)
        self.asked: list[dict[str, Any]] = []
        self.slept: list[float] = []

    async def open(self, url: str) -> Tab:
        return Tab("1")

    async def goto(self, tab: Tab, url: str) -> None: ...

    async def url(self, tab: Tab) -> str:
        return "https://sora.example/"

    async def run(self, tab: Tab, script: str, argument: Any) -> Any:
        self.asked.append(argument)
        told = self.answer(argument)
        return told if "elsewhere" in told else {"at": "https://sora.example/", "answer": told}

    async def screenshot(self, tab: Tab, into: Path) -> bool:
        into.write_bytes(b"PNG")
        return True

    async def close(self, tab: Tab) -> None: ...

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def page_of(script: Script, folder: Path) -> Page:
    return Page(
        script,
        Tab("1"),
        "sora",
        "https://sora.example",
        folder,
        pace=Pace(1.0, 2.0),
        clock=lambda: script.now,
        sleep=script.sleep,
        chance=random.Random(7),
    )


async def test_a_hand_rests_before_each_press(tmp_path: Path) -> None:
    script = Script(lambda _: {"found": True, "pressed": True})
    await page_of(script, tmp_path).press("create", BUTTON)
    assert [1.0 <= seconds <= 2.0 for seconds in script.slept] == [True]


async def test_a_button_that_comes_late_is_pressed_once(tmp_path: Path) -> None:
    answers = iter([{"found": False}, {"found": True, "pressed": False}, {"found": True, "pressed": True}])
    script = Script(lambda _: next(answers))
    await page_of(script, tmp_path).press("create", BUTTON)
    assert next(answers, None) is None


async def test_a_step_that_never_comes_names_itself_and_has_a_picture(tmp_path: Path) -> None:
    script = Script(lambda _: {"found": False})
    with pytest.raises(SiteChangedError, match="'create'") as told:
        await page_of(script, tmp_path).press("create", BUTTON, seconds=5)
    assert told.value.screenshot is not None
    assert told.value.screenshot.parent == tmp_path
    assert sum(script.slept) < 8


async def test_a_field_that_does_not_keep_the_words_is_no_success(tmp_path: Path) -> None:
    script = Script(lambda _: {"found": True, "text": "half of th"})
    with pytest.raises(SiteChangedError, match="keeps the words"):
        await page_of(script, tmp_path).fill("prompt", BUTTON, "half of the words", seconds=1)


async def test_a_tab_on_another_site_is_left_alone(tmp_path: Path) -> None:
    script = Script(lambda _: {"elsewhere": "https://bank.example/"})
    with pytest.raises(ElsewhereError, match=r"bank\.example"):
        await page_of(script, tmp_path).look({})


@pytest.mark.parametrize(
    ("inside", "outside", "found"),
    [(1, 0, Login.LOGGED_IN), (0, 1, Login.LOGGED_OUT), (0, 0, Login.UNKNOWN), (2, 1, Login.UNKNOWN)],
)
async def test_silence_and_contradiction_are_no_evidence_of_a_login(
    tmp_path: Path, inside: int, outside: int, found: Login
) -> None:
    script = Script(lambda _: {"counts": {"inside": inside, "outside": outside}, "ready": "complete"})
    assert await login_of(page_of(script, tmp_path)) is found


async def test_a_list_is_read_until_nothing_new_comes(tmp_path: Path) -> None:
    screens = iter([["a", "b"], ["a", "b", "c"], ["c"], ["c"], ["c"], ["z"]])

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] == "scroll":
            return {"bottom": True}
        return {"items": [{"id": one, "text": "", "label": ""} for one in next(screens)]}

    found = await page_of(Script(answer), tmp_path).items(BUTTON, attribute="href", pattern="(.)", screens=40)
    assert [one["id"] for one in found] == ["a", "b", "c"]


async def test_a_file_that_the_page_cannot_fetch_is_an_error(tmp_path: Path) -> None:
    script = Script(lambda request: {"started": True} if request["op"] == "fetch" else {"error": "status 403"})
    with pytest.raises(PageScriptError, match="403"):
        await page_of(script, tmp_path).save("https://sora.example/v.mp4", tmp_path / "v", max_bytes=10)


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("12 video gens left · 5 free · 7 paid", Usage(12, 5, 7, None)),
        ("1 video gen left, more available on December 3", Usage(1, None, None, "December 3")),
        ("", Usage(None, None, None, None)),
    ],
)
def test_what_cannot_be_read_of_the_usage_is_not_zero(words: str, usage: Usage) -> None:
    assert read_usage(words) == usage
