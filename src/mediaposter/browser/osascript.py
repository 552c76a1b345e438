"""Safari by Apple events: one `osascript` process a call, one JSON argument, one JSON answer.

The numbers of the errors are macOS's own (https://developer.apple.com/documentation/applescript): they stay the same in
every language of the system, its sentences do not.
"""

import asyncio
import contextlib
import json
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

from mediaposter.browser.errors import BrowserUnavailableError, PageScriptError
from mediaposter.browser.transport import Tab, call_of
from mediaposter.core.errors import NotConfiguredError

BRIDGE = Path(__file__).with_name("bridge.jxa.js")
TIMEOUT = 30.0  # seconds for one call
_LARGEST = 100_000  # bytes of an argument; longer ones go by a file, below every system's limit
_NUMBERS: dict[int, tuple[str, str]] = {
    8: (
        "Safari runs no JavaScript that other programs send it.",
        "In Safari's settings, Advanced, show the features for web developers; then in Developer allow JavaScript from "
        "Apple Events.",
    ),
    -1743: (
        "macOS does not let this program drive Safari.",
        "In System Settings, Privacy & Security, Automation, allow your terminal (or MediaPoster) to control Safari.",
    ),
    -600: ("Safari is not running.", "Open Safari and leave it open."),
    -1728: ("The window or tab of MediaPoster is gone.", "Leave it open while a job runs, and try again."),
    -1712: ("Safari did not answer in time.", "Close dialogs that are open in Safari, then try again."),
}


class SafariBrowser:
    """Safari on a Mac, with the logins of whoever uses it."""

    name = "safari"

    def __init__(self, program: Path, *, timeout: float = TIMEOUT) -> None:
        self._program = program
        self._timeout = timeout

    async def ping(self) -> dict[str, Any]:
        """Return whether Safari runs, and its version."""
        return await self._call({"op": "ping"})

    async def open(self, url: str) -> Tab:
        """Open a window of our own."""
        return Tab(str(await self._call({"op": "open", "url": url})))

    async def goto(self, tab: Tab, url: str) -> None:
        """Send our window to `url`."""
        await self._call({"op": "goto", "window": tab.handle, "url": url})

    async def url(self, tab: Tab) -> str:
        """Return where our window is."""
        return str(await self._call({"op": "url", "window": tab.handle}) or "")

    async def run(self, tab: Tab, script: str, argument: Any) -> Any:
        """Call a function expression in the page."""
        answer = await self._call({"op": "eval", "window": tab.handle, "code": call_of(script, argument)})
        try:
            return json.loads(answer)
        except (TypeError, ValueError) as error:
            # Safari gives nothing at all where a script threw, or the page is only coming.
            raise PageScriptError(f"The page answered {str(answer)[:200]!r}.", fix="Try again.") from error

    async def screenshot(self, tab: Tab, into: Path) -> bool:  # noqa: ARG002 - Apple events have no word for it
        """Return False: Safari gives no picture of itself."""
        return False

    async def close(self, tab: Tab) -> None:
        """Close our window."""
        with contextlib.suppress(BrowserUnavailableError):
            await self._call({"op": "close", "window": tab.handle})

    async def _call(self, request: dict[str, Any]) -> Any:
        if not self._program.exists():
            raise NotConfiguredError(
                "MEDIAPOSTER_OSASCRIPT",
                f"There is no {self._program}: Safari is driven on a Mac only.",
                fix="Run this on a Mac, or set MEDIAPOSTER_BROWSER=webdriver.",
            )
        text = json.dumps(request)
        with contextlib.ExitStack() as stack:
            if len(text) > _LARGEST:
                file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8"))
                file.write(text)
                file.flush()
                text = json.dumps({"file": file.name})
            said = await self._osascript(text)
        try:
            answer = json.loads(said)
        except ValueError as error:
            raise BrowserUnavailableError(
                f"osascript answered {said[:200]!r}.", fix="Run: mediaposter doctor safari"
            ) from error
        if answer["ok"]:
            return answer.get("value")
        raise _unavailable(answer["number"], answer["message"])

    async def _osascript(self, argument: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(str(self._program), "-l", "JavaScript", str(BRIDGE), argument),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._timeout):
                said, complaint = await process.communicate()
        except TimeoutError as error:
            raise _unavailable(-1712, "no answer") from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode != 0:
            message = complaint.decode(errors="replace").strip()
            number = next((known for known in _NUMBERS if f"({known})" in message), 0)
            raise _unavailable(number, message)
        return said.decode()


def _unavailable(number: int, message: str) -> BrowserUnavailableError:
    known = _NUMBERS.get(number)
    if known is None:
        return BrowserUnavailableError(
            f"Safari refused: {message[:300]}", fix="Run: mediaposter doctor safari --report", number=number
        )
    return BrowserUnavailableError(known[0], fix=known[1], number=number)
