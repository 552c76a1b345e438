"""A real WebKit behind its driver on a screen of its own, and the sites that it visits."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mediaposter.browser.page import Pace, Page
from mediaposter.browser.webdriver import WebDriverBrowser
from mediaposter.core.context import Context
from tests.generation.conftest import tiny_video
from tests.servers.sora_site import SoraSite

__all__ = ["tiny_video"]
NO_REST = Pace(0.0, 0.0)


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """A screen that nobody sees; its name, such as :99."""
    missing = [name for name in ("Xvfb", "WebKitWebDriver") if shutil.which(name) is None]
    assert not missing, f"{', '.join(missing)} missing: apt-get install webkit2gtk-driver xvfb"
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield f":{process.stdout.readline().strip()}"
        process.kill()


@pytest.fixture
async def webkit(screen: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebDriverBrowser]:
    monkeypatch.setenv("DISPLAY", screen)
    browser = WebDriverBrowser("WebKitWebDriver")
    yield browser
    await browser.quit()


@pytest.fixture
def site(tiny_video: Path) -> Iterator[SoraSite]:
    with SoraSite(tiny_video).running() as server:
        yield server


async def page_at(browser: WebDriverBrowser, site: SoraSite, folder: Path, path: str = "/explore") -> Page:
    tab = await browser.open(f"{site.url}{path}")
    return Page(browser, tab, "sora", site.url, folder, pace=NO_REST, sleep=brief)


async def brief(seconds: float) -> None:
    """Rest less than a hand does."""
    await asyncio.sleep(min(seconds, 0.05))


def web_settings(ctx: Context, site: SoraSite) -> None:
    """Lead the test's settings to the browser and the site."""
    changes = {"browser": "webdriver", "sora_site_url": site.url, "browser_pace": 0, "video_poll_seconds": 0.1}
    object.__setattr__(ctx, "settings", ctx.settings.model_copy(update=changes))
