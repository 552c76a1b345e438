"""What is left of the site's allowance. What cannot be read is not known, and not zero."""

from dataclasses import dataclass

import regex

from mediaposter.browser.page import Page
from mediaposter.browser.sites.sora.recipe import Recipe

_LEFT = regex.compile(r"(\d+)\s+video\s+gens?\s+left", regex.I)
_FREE = regex.compile(r"(\d+)\s+free", regex.I)
_PAID = regex.compile(r"(\d+)\s+paid", regex.I)
_RESET = regex.compile(r"available\s+on\s+(\p{L}+\s+\d{1,2})", regex.I)


@dataclass(frozen=True)
class Usage:
    """Videos that may still be made; None: not known. `resets` in the site's own words, such as `Nov 24`."""

    left: int | None
    free: int | None
    paid: int | None
    resets: str | None


def read_usage(text: str) -> Usage:
    """Read the words of the usage panel."""

    def number(pattern: regex.Pattern[str]) -> int | None:
        found = pattern.search(text)
        return int(found[1]) if found else None

    reset = _RESET.search(text)
    return Usage(number(_LEFT), number(_FREE), number(_PAID), reset[1] if reset else None)


async def usage_of(page: Page, recipe: Recipe) -> Usage:
    """Open the settings, read the usage and close them. Raises SiteChangedError."""
    await page.press("usage: settings", recipe.settings)
    await page.press("usage: menu", recipe.settings_item)
    await page.press("usage: tab", recipe.usage_tab)
    seen = await page.until(
        "usage: panel",
        "words in the usage panel",
        lambda: page.read(recipe.usage_panel),
        lambda told: bool(told.get("text")),
        10,
    )
    await page.press("usage: done", recipe.done)
    return read_usage(seen["text"])
