"""Which browser this machine drives, by its settings; one for each event loop, so that its driver is started once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mediaposter.browser.errors import CaptchaError, LoginNeededError, SiteChangedError
from mediaposter.browser.osascript import SafariBrowser
from mediaposter.browser.page import Pace, Page
from mediaposter.browser.transport import Browser
from mediaposter.browser.turns import Urgency, turn
from mediaposter.browser.webdriver import WebDriverBrowser
from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError
from mediaposter.core.settings import Settings

_open: dict[tuple[int, str], Browser] = {}


def browser_of(settings: Settings) -> Browser:
    """Return the configured browser. Raises NotConfiguredError."""
    lacking = missing(settings)
    if lacking is not None:
        raise lacking
    key = (id(asyncio.get_running_loop()), f"{settings.browser}:{settings.osascript}:{settings.webdriver}")
    if key not in _open:
        _open[key] = (
            SafariBrowser(settings.osascript)
            if settings.browser == "safari"
            else WebDriverBrowser(settings.webdriver, capabilities=settings.webdriver_capabilities)
        )
    return _open[key]


def missing(settings: Settings) -> NotConfiguredError | None:
    """Return what keeps this machine from driving a browser, if anything."""
    if settings.browser is not None:
        return None
    return NotConfiguredError(
        "MEDIAPOSTER_BROWSER",
        "No browser is configured to be driven.",
        fix="On a Mac set MEDIAPOSTER_BROWSER=safari and run: mediaposter doctor safari. Elsewhere "
        "MEDIAPOSTER_BROWSER=webdriver, for sites that need no login of yours.",
    )


async def close_browsers() -> None:
    """End the browsers that this loop has started."""
    loop = id(asyncio.get_running_loop())
    for key in [key for key in _open if key[0] == loop]:
        browser = _open.pop(key)
        if isinstance(browser, WebDriverBrowser):
            await browser.quit()


async def _tell(ctx: Context, site: str, error: MediaPosterError) -> None:
    """Let it be known, to pages and webhooks, that a person has to look into the browser."""
    async with ctx.database.session() as session:
        told = {"site": site, "code": error.code, "detail": error.detail, "fix": error.fix}
        await events.emit(session, "browser.needs_person", site, told)


@asynccontextmanager
async def page_on(ctx: Context, *, site: str, origin: str, path: str, urgency: Urgency) -> AsyncGenerator[Page]:
    """Have the browser for yourself, with a tab of ours at a path of the site.

    Emits `browser.needs_person` when the block fails for a reason that a person has to look into.
    """
    browser = browser_of(ctx.settings)
    async with turn(ctx.database, browser.name, urgency):
        tab = await browser.open(f"{origin}{path}")
        try:
            pace = Pace(0.4 * ctx.settings.browser_pace, 1.6 * ctx.settings.browser_pace)
            page = Page(browser, tab, site, origin, ctx.settings.home / "screenshots", pace=pace, clock=ctx.clock)
            await page.until(
                "open", "the page to load", lambda: page.look({}), lambda seen: seen["ready"] != "loading", 30
            )
            yield page
        except (CaptchaError, LoginNeededError, SiteChangedError) as error:
            await _tell(ctx, site, error)
            raise
        finally:
            await browser.close(tab)
