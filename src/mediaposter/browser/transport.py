"""The seam to a browser: what every transport can do, and nothing more."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Tab:
    """A tab of ours. `handle` means something to its transport only."""

    handle: str


class Browser(Protocol):
    """A browser that can be driven. Each method raises BrowserUnavailableError where it cannot."""

    name: str

    async def open(self, url: str) -> Tab:
        """Open a tab of our own at `url`."""
        ...

    async def goto(self, tab: Tab, url: str) -> None:
        """Send a tab to `url`. It may return before the page is there."""
        ...

    async def url(self, tab: Tab) -> str:
        """Return where a tab is."""
        ...

    async def run(self, tab: Tab, script: str, argument: Any) -> Any:
        """Call `script`, one function expression that takes one argument and returns JSON text, and read its answer.

        Raises PageScriptError when it fails in the page.
        """
        ...

    async def screenshot(self, tab: Tab, into: Path) -> bool:
        """Write a PNG of what a tab shows, and say whether this transport can."""
        ...

    async def close(self, tab: Tab) -> None:
        """Close a tab of ours. One that is closed already is left alone."""
        ...


def call_of(script: str, argument: Any) -> str:
    """Return the call of a function expression with data: JSON in ASCII is an expression of the language, not text."""
    return f"({script.strip()})({json.dumps(argument)})"
