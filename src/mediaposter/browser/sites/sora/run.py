"""Working the site: begin a video, find it again by what it is and not by where it stands, and fetch it."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from mediaposter.browser.errors import (
    OutcomeUnknownError,
    PageScriptError,
    SiteRefusedError,
    UsageExhaustedError,
)
from mediaposter.browser.login import require_login, stop_at_captcha
from mediaposter.browser.page import Page
from mediaposter.browser.sites.sora.recipe import RATIOS, Recipe, length_choice, ratio_choice
from mediaposter.core.errors import MediaPosterError

_MARK = 10  # hex digits that stand for a draft's id in a job
_CUT = ("…", "...")


@dataclass(frozen=True)
class Wish:
    """What to make. `character` is one that the site knows by that name."""

    prompt: str
    seconds: float
    aspect: str
    character: str = ""

    @property
    def words(self) -> str:
        """The prompt as it is typed: a character is called by its name before it."""
        return f"@{self.character} {self.prompt}" if self.character else self.prompt


@dataclass(frozen=True)
class Job:
    """A video that was begun: by its prompt, and by the drafts that were there before it."""

    key: str
    prompt: str  # digest
    known: tuple[str, ...]  # digests

    def __str__(self) -> str:
        return f"{self.key}.{self.prompt}.{''.join(self.known)}"

    @classmethod
    def parse(cls, text: str) -> "Job":
        """Read what `str` wrote. Raises ValueError."""
        key, prompt, known = text.rsplit(".", 2)
        return cls(key, prompt, tuple(known[at : at + _MARK] for at in range(0, len(known), _MARK)))


class Stage(StrEnum):
    """Where a job stands, as far as the site shows it."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True)
class Seen:
    """What the drafts show of a job; `draft` is its id there when it is done."""

    stage: Stage
    draft: str = ""
    message: str = ""


async def begin(page: Page, recipe: Recipe, wish: Wish, key: str) -> Job:
    """Type the wish, press the button once, and see that it has begun.

    Raises LoginNeededError, CaptchaError, SiteChangedError, SiteRefusedError and UsageExhaustedError, after which
    nothing was begun, and OutcomeUnknownError.
    """
    await page.goto(recipe.drafts, step="drafts")
    await require_login(page)
    known = [item["id"] for item in await _drafts(page, recipe)]
    await page.goto(recipe.compose, step="compose")
    await require_login(page)
    await _choose(page, "length", recipe.length, length_choice(wish.seconds), f"{wish.seconds:g}s")
    await _choose(page, "ratio", recipe.ratio, ratio_choice(wish.aspect), RATIOS[wish.aspect])
    await page.fill("prompt", recipe.prompt, wish.words)
    await page.until(
        "ready",
        "the button to be ready",
        lambda: page.read(recipe.create),
        lambda told: bool(told["found"] and not told.get("disabled")),
        recipe.to_ready,
    )
    before = (await page.look({"generating": recipe.generating}))["counts"]["generating"]
    await page.sleep(page.pace.pause(page.chance))
    await _press_once(page, recipe)
    await _begun(page, recipe, before)
    return Job(key, mark(wish.words), tuple(mark(one) for one in known))


async def look_for(page: Page, recipe: Recipe, job: Job, claimed: Collection[str]) -> Seen:
    """Look for a job among the drafts that were not there before it, and that no other job has."""
    await page.goto(recipe.drafts, step="drafts")
    await require_login(page)
    fresh = [item for item in await _drafts(page, recipe) if mark(item["id"]) not in job.known]
    for item in reversed(fresh):  # the oldest first: of two with the same words the earlier job takes the earlier one
        if item["id"] in claimed or await _prompt_of(page, recipe, item) != job.prompt:
            continue
        said = f"{item['label']} {item['text']}".lower()
        if any(word in said for word in recipe.refused):
            return Seen(Stage.REFUSED, message=item["text"])
        if any(word in said for word in recipe.failed):
            return Seen(Stage.FAILED, message=item["text"])
        return Seen(Stage.DONE, draft=item["id"])
    # Nothing that looks like waiting is no proof that nothing waits: only the deadline ends a job that is not found.
    return Seen(Stage.RUNNING)


async def fetch(page: Page, recipe: Recipe, draft: str, into: Path, *, max_bytes: int) -> None:
    """Write a draft's video. Raises SiteChangedError, PageScriptError."""
    await page.goto(recipe.draft_page.format(id=draft), step="draft")
    await require_login(page)
    seen = await page.until(
        "video",
        "a video with a source",
        lambda: page.ask("source", target=_data(recipe.video)),
        lambda told: bool(told.get("source")),
        20,
    )
    size = await page.save(seen["source"], into, max_bytes=max_bytes)
    if size < recipe.smallest:
        raise PageScriptError(f"What the site gave for {draft} has {size} bytes and is no video.", fix="Try again.")


def mark(text: str) -> str:
    """Return a short digest of words, whatever their spacing."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:_MARK]


async def _choose(page: Page, step: str, button: Any, choice: Any, shown: str) -> None:
    """Choose from a menu, and see that its button says so; nothing is pressed where it says so already."""
    if (await page.read(button)).get("text") == shown:
        return
    await page.press(step, button)
    await page.press(f"{step} choice", choice)
    await page.until(
        f"{step} chosen",
        f"{shown} on its button",
        lambda: page.read(button),
        lambda told: told.get("text") == shown,
        10,
    )


async def _press_once(page: Page, recipe: Recipe) -> None:
    await stop_at_captcha(page)
    try:
        told = await page.ask("press", target=_data(recipe.create))
    except MediaPosterError as error:
        raise await _unknown(page, f"the browser failed while the button was pressed: {error.detail}") from error
    if not told.get("pressed"):
        raise await page.changed("create", "the button could not be pressed")


async def _begun(page: Page, recipe: Recipe, before: int) -> None:
    began = page.clock()
    while (page.clock() - began).total_seconds() < recipe.to_begin:
        try:
            alert = await page.read(recipe.alert)
            field = await page.read(recipe.prompt)
            now = (await page.look({"generating": recipe.generating}))["counts"]["generating"]
        except MediaPosterError:
            await page.sleep(0.25)
            continue
        said = str(alert.get("text", ""))
        if any(word in said.lower() for word in recipe.exhausted):
            raise UsageExhaustedError(f"The site makes no more videos today: {said}", fix="Wait, or use another way.")
        if any(word in said.lower() for word in recipe.refused):
            raise SiteRefusedError(f"The site refused the prompt: {said}", fix="Reword the prompt.")
        if now > before or (field["found"] and not field["text"]):
            return
        await page.sleep(0.25)
    raise await _unknown(page, "the page shows neither that it has begun nor why not")


async def _unknown(page: Page, why: str) -> OutcomeUnknownError:
    shown = await page.picture("create")
    return OutcomeUnknownError(
        f"Nobody knows whether {page.site} has begun the video: {why}." + (f" The page: {shown}" if shown else ""),
        fix=f"Look at {page.origin} whether it is there.",
    )


async def _drafts(page: Page, recipe: Recipe) -> list[dict[str, str]]:
    return await page.items(recipe.draft, attribute="href", pattern=recipe.draft_id, screens=recipe.screens)


async def _prompt_of(page: Page, recipe: Recipe, item: dict[str, str]) -> str:
    """Return the digest of a draft's prompt: from its card where that has all of it, else from its own page."""
    words = item["label"]
    if words and not words.endswith(_CUT):
        return mark(words)
    await page.goto(recipe.draft_page.format(id=item["id"]), step="draft")
    shown = await page.until(
        "prompt of a draft",
        "the prompt on the draft's page",
        lambda: page.read(recipe.shown_prompt),
        lambda told: bool(told.get("text")),
        15,
    )
    return mark(shown["text"])


def _data(target: Any) -> dict[str, Any]:
    return {"css": target.css, "label": target.label, "exact": target.exact}
