"""A tab on one site: every step checks where it is, waits for what it needs, and fails with its name and a picture."""

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from mediaposter.browser.errors import BrowserUnavailableError, ElsewhereError, PageScriptError, SiteChangedError
from mediaposter.browser.transport import Browser, Tab
from mediaposter.core.clock import Clock, utc_now

SCRIPT = Path(__file__).with_name("page.js")
_LOOK_EVERY = 0.25  # seconds
_CHUNK = 512 * 1024  # bytes of one part of a file that the page fetches


@dataclass(frozen=True)
class Target:
    """Something on a page: one of the selectors, by what it says of itself where `label` has words. See page.js."""

    css: tuple[str, ...]
    label: tuple[str, ...] = ()
    exact: bool = False


@dataclass(frozen=True)
class Pace:
    """How long a hand rests between two steps, in seconds: a random time between the two."""

    least: float = 0.4
    most: float = 1.6

    def pause(self, chance: random.Random) -> float:
        """Return the next rest."""
        return chance.uniform(self.least, self.most)


@dataclass
class Page:
    """A tab of ours on the site at `origin`, such as https://sora.example. `folder` takes the screenshots."""

    browser: Browser
    tab: Tab
    site: str
    origin: str
    folder: Path
    pace: Pace = Pace()
    clock: Clock = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: random.Random = field(default_factory=random.Random)

    async def goto(self, path: str, *, step: str) -> None:
        """Go to a path of the site and wait until its document is there."""
        await self.browser.goto(self.tab, f"{self.origin}{path}")
        await self.until(step, "the page to load", lambda: self.look({}), lambda seen: seen["ready"] != "loading", 30)

    async def look(self, targets: dict[str, Target]) -> dict[str, Any]:
        """Return how many there are of each target (`counts`), and the state of the document (`ready`)."""
        return await self.ask("look", targets={name: asdict(target) for name, target in targets.items()})

    async def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """Do one of the operations of page.js. Raises ElsewhereError when the tab is not on the site any more."""
        given = {"op": operation, "origin": self.origin, **request}
        told = await self.browser.run(self.tab, await asyncio.to_thread(SCRIPT.read_text, "utf-8"), given)
        if "elsewhere" in told:
            raise ElsewhereError(
                f"The tab of {self.site} is on {urlsplit(told['elsewhere']).hostname or 'a blank page'}.",
                fix="Leave MediaPoster's window alone while it works. If the site asks for a login, log in there.",
            )
        return told["answer"]

    async def read(self, target: Target) -> dict[str, Any]:
        """Return `found`, and the `text` and `disabled` of a target."""
        return await self.ask("read", target=asdict(target))

    async def press(self, step: str, target: Target, *, seconds: float = 10.0) -> None:
        """Press something as soon as it is there and can be pressed, after a rest. Raises SiteChangedError."""
        await self.sleep(self.pace.pause(self.chance))
        await self.until(
            step,
            "something to press",
            lambda: self.ask("press", target=asdict(target)),
            lambda told: bool(told.get("pressed")),
            seconds,
        )

    async def fill(self, step: str, target: Target, text: str, *, seconds: float = 10.0) -> None:
        """Put words into a field and see that they stay. Raises SiteChangedError."""
        await self.sleep(self.pace.pause(self.chance))
        await self.until(
            step,
            "a field that keeps the words",
            lambda: self.ask("fill", target=asdict(target), text=text),
            lambda told: " ".join(str(told.get("text", "")).split()) == " ".join(text.split()),
            seconds,
        )

    async def items(self, target: Target, *, attribute: str, pattern: str, screens: int = 1) -> list[dict[str, str]]:
        """Return `id`, `text` and `label` of every element, scrolling down as far as `screens`: lists load slowly."""
        items: dict[str, dict[str, str]] = {}
        still = 0
        for _ in range(max(1, screens)):
            told = await self.ask("list", target=asdict(target), attribute=attribute, pattern=pattern)
            fresh = {item["id"]: item for item in told["items"] if item["id"] not in items}
            items |= fresh
            still = 0 if fresh else still + 1
            if still >= 3:
                break
            await self.ask("scroll")
            await self.sleep(_LOOK_EVERY)
        return list(items.values())

    async def until(
        self,
        step: str,
        wanted: str,
        look: Callable[[], Awaitable[dict[str, Any]]],
        accept: Callable[[dict[str, Any]], bool],
        seconds: float,
    ) -> dict[str, Any]:
        """Look until it is acceptable. Raises SiteChangedError with the step and a picture after `seconds`."""
        began = self.clock()
        trouble = ""
        while True:
            try:
                seen = await look()
                if accept(seen):
                    return seen
            except (PageScriptError, ElsewhereError) as error:  # a page that is only coming has no script, and no place
                trouble = f" ({error.detail})"
            if (self.clock() - began).total_seconds() >= seconds:
                raise await self.changed(step, f"{wanted} did not come within {seconds:g} seconds{trouble}")
            await self.sleep(_LOOK_EVERY)

    async def changed(self, step: str, detail: str) -> SiteChangedError:
        """Return the error for a step that does not find what it knows, with a picture where there can be one."""
        return SiteChangedError(self.site, step, detail, screenshot=await self.picture(step))

    async def picture(self, step: str) -> Path | None:
        """Take a picture of the page for whoever looks into it, and return where it lies."""
        into = self.folder / f"{self.site}-{_stamp(self.clock())}-{step.replace(' ', '-')}.png"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return into if await self.browser.screenshot(self.tab, into) else None
        except (BrowserUnavailableError, OSError):
            return None

    async def save(self, url: str, into: Path, *, max_bytes: int, seconds: float = 300.0) -> int:
        """Fetch `url` with the session of the page, write it to `into`, and return its size in bytes.

        Raises PageScriptError when the page cannot fetch it, or it is larger than `max_bytes`.
        """
        job = uuid4().hex
        await self.ask("fetch", url=url, job=job)
        size = 0
        with into.open("wb") as file:
            while True:
                part = await self._part(job, size, seconds)
                if part["total"] > max_bytes:
                    raise PageScriptError(f"{url} is larger than {max_bytes} bytes.", fix="Raise the limit.")
                data = base64.b64decode(part["part"])
                await asyncio.to_thread(file.write, data)
                size += len(data)
                if size >= part["total"]:
                    break
        await self.ask("chunk", job=job, forget=True)
        return size

    async def _part(self, job: str, start: int, seconds: float) -> dict[str, Any]:
        told = await self.until(
            "download",
            "the file",
            lambda: self.ask("chunk", job=job, start=start, size=_CHUNK),
            lambda told: bool(told.get("error") or told.get("lost") or told.get("part") is not None),
            seconds,
        )
        if told.get("error") or told.get("lost"):
            raise PageScriptError(
                f"The page could not fetch it: {told.get('error') or 'it was left'}", fix="Try again."
            )
        return told


def _stamp(now: datetime) -> str:
    return now.strftime("%Y%m%dT%H%M%S")
