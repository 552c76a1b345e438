"""A browser by W3C WebDriver (https://www.w3.org/TR/webdriver2/): WebKitWebDriver on Linux, safaridriver on a Mac.

Its sessions begin without any login. Eight commands of the protocol are used, so they are spoken here over the HTTP
client that is there anyway; selenium would bring 50 MB of other browsers' machinery.
"""

import asyncio
import base64
import contextlib
import json
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from mediaposter.browser.errors import BrowserUnavailableError, PageScriptError
from mediaposter.browser.transport import Tab, call_of

_TIMEOUT = 45.0  # seconds for one command
_STARTS = 10.0  # seconds in which the driver must listen
# The shell ends the driver's whole group when its standard input closes: so a killed worker leaves no browser behind.
_GUARD = 'trap "" TERM; "$@" </dev/null & cat >/dev/null; kill -TERM 0; sleep 0.2; kill -KILL 0'


class WebDriverBrowser:
    """A browser behind a driver that this process starts when first needed, and ends with itself."""

    name = "webdriver"

    def __init__(self, program: str, *, capabilities: dict[str, Any] | None = None) -> None:
        self._program = program
        self._capabilities = capabilities or {}
        self._process: asyncio.subprocess.Process | None = None
        self._address = ""
        self._session = ""

    async def open(self, url: str) -> Tab:
        """Take the session's own tab, which is in front: WebKit draws no others, and one operation runs at a time."""
        await self._begin()
        tab = Tab(str(await self._command("GET", "/window")))
        await self.goto(tab, url)
        return tab

    async def goto(self, tab: Tab, url: str) -> None:
        """Send a tab to `url`, and wait for the page."""
        await self._in(tab, "POST", "/url", {"url": url})

    async def url(self, tab: Tab) -> str:
        """Return where a tab is."""
        return str(await self._in(tab, "GET", "/url"))

    async def run(self, tab: Tab, script: str, argument: Any) -> Any:
        """Call a function expression in the page."""
        body = {"script": f"return {call_of(script, argument)}", "args": []}
        answer = await self._in(tab, "POST", "/execute/sync", body)
        try:
            return json.loads(answer)
        except (TypeError, ValueError) as error:
            raise PageScriptError(f"The page answered {str(answer)[:200]!r}.", fix="Try again.") from error

    async def screenshot(self, tab: Tab, into: Path) -> bool:
        """Write a PNG of what the tab shows."""
        picture = base64.b64decode(await self._in(tab, "GET", "/screenshot"))
        await asyncio.to_thread(into.write_bytes, picture)
        return True

    async def close(self, tab: Tab) -> None:
        """Leave the site; the session's tab stays for the next one."""
        with contextlib.suppress(BrowserUnavailableError):
            await self.goto(tab, "about:blank")

    async def quit(self) -> None:
        """End the browser and its driver."""
        if self._session:
            with contextlib.suppress(BrowserUnavailableError):
                await self._command("DELETE", "")
        self._session = ""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        self._process = None

    async def _in(self, tab: Tab, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        await self._begin()
        await self._command("POST", "/window", {"handle": tab.handle})
        return await self._command(method, path, body)

    async def _begin(self) -> None:
        if self._process is not None and self._process.returncode is None:
            return
        port = _free_port()
        self._address, self._session = f"http://127.0.0.1:{port}", ""
        self._process = await self._start([self._program, f"--port={port}"])
        await self._listens()
        wanted = {"capabilities": {"alwaysMatch": self._capabilities}}
        made = await self._ask("POST", "/session", wanted)
        self._session = f"/session/{made['sessionId']}"

    async def _start(self, command: Sequence[str]) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _GUARD, "sh", *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise self._no_driver(str(error)) from error

    async def _listens(self) -> None:
        assert self._process is not None
        deadline = asyncio.get_running_loop().time() + _STARTS
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(BrowserUnavailableError):
                await self._ask("GET", "/status")
                return
            await asyncio.sleep(0.05)
        await self.quit()
        raise self._no_driver("it does not listen")

    def _no_driver(self, why: str) -> BrowserUnavailableError:
        return BrowserUnavailableError(
            f"The browser's driver {self._program} does not run: {why}.",
            fix="On Debian: apt-get install webkit2gtk-driver, with a screen (or xvfb-run). On a Mac: safaridriver "
            "--enable. Another program: MEDIAPOSTER_WEBDRIVER.",
        )

    async def _command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self._ask(method, f"{self._session}{path}", body)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            async with httpx.AsyncClient(base_url=self._address, timeout=_TIMEOUT, trust_env=False) as client:
                answer = await client.request(method, path, json=body if method == "POST" else None)
                value = answer.json().get("value")
        except (httpx.HTTPError, ValueError) as error:
            raise BrowserUnavailableError(
                f"The browser's driver does not answer: {error!r}", fix="Try again; the browser may have crashed."
            ) from error
        if answer.is_error:
            kind, message = value.get("error", ""), str(value.get("message", ""))[:300]
            if kind == "javascript error":
                raise PageScriptError(f"The page's script failed: {message}", fix="Try again.")
            raise BrowserUnavailableError(f"The browser refused: {kind}: {message}", fix="Try again.")
        return value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
