"""Working X's site. That a post is public is proved by its own address, which was not there before."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import regex

from mediaposter.browser.errors import LoginNeededError, OutcomeUnknownError, SiteRefusedError, UsageExhaustedError
from mediaposter.browser.login import require_login, stop_at_captcha
from mediaposter.browser.page import Page
from mediaposter.browser.sites.x.recipe import ME, POST, Recipe
from mediaposter.core.errors import MediaPosterError

# X shows links cut short and without their beginning, so they say nothing of whether two texts are the same.
_LINK = regex.compile(r"https?://\S+|\S+\.\p{L}{2,}/\S*|\S+…")
_COUNT = regex.compile(r"([\d,]+)\s+(repl|repost|like|bookmark|view)")


@dataclass(frozen=True)
class Posted:
    """A post on the site. `at` in UTC, None where the page does not say."""

    id: str
    text: str
    at: datetime | None
    counts: str = ""


async def post(page: Page, recipe: Recipe, handle: str, text: str, *, reply_to: str | None = None) -> Posted:
    """Post a text, or a reply, and return it as it stands on the profile.

    Raises LoginNeededError, CaptchaError, SiteChangedError, SiteRefusedError (said before) and UsageExhaustedError,
    after which nothing was posted, and OutcomeUnknownError.
    """
    await require_login(page)
    await _be(page, recipe, handle)
    known = {one.id for one in await recent(page, recipe, handle, replies=reply_to is not None)}
    await page.goto(recipe.reply.format(id=reply_to) if reply_to else recipe.compose, step="compose")
    await page.fill("text", recipe.text, text, seconds=recipe.to_ready)
    await page.until(
        "ready",
        "the button to be ready",
        lambda: page.read(recipe.send),
        lambda told: bool(told["found"] and not told.get("disabled")),
        recipe.to_ready,
    )
    await page.sleep(page.pace.pause(page.chance))
    await _send(page, recipe)
    return await _appeared(page, recipe, handle, text, known, replies=reply_to is not None)


async def recent(page: Page, recipe: Recipe, handle: str, *, replies: bool) -> list[Posted]:
    """Return what a profile shows of its own posts, as far down as the recipe says. Raises SiteChangedError."""
    path = recipe.replies if replies else recipe.profile
    await page.goto(path.format(handle=handle), step="profile")
    await page.until(
        "profile",
        "posts, or that there are none",
        lambda: page.look({"post": recipe.post, "empty": recipe.empty}),
        lambda seen: any(seen["counts"].values()),
        recipe.to_ready,
    )
    rows = await page.rows(recipe.post, POST, screens=recipe.screens)
    own = [row for row in rows if row["by"].lower() == handle.lower()]
    return [Posted(row["id"], row["text"], _moment(row["at"]), row["counts"]) for row in own]


async def status(page: Page, recipe: Recipe, handle: str, id_: str) -> Posted | None:
    """Return a post with its counts; None when the site says that there is no such post."""
    await page.goto(recipe.status.format(handle=handle, id=id_), step="status")
    seen = await page.until(
        "status",
        "the post, or that there is none",
        lambda: page.look({"post": recipe.post, "empty": recipe.empty}),
        lambda seen: any(seen["counts"].values()),
        recipe.to_ready,
    )
    if not seen["counts"]["post"]:
        return None
    rows = await page.rows(recipe.post, POST)
    return next((Posted(id_, row["text"], _moment(row["at"]), row["counts"]) for row in rows if row["id"] == id_), None)


def same(one: str, other: str) -> bool:
    """Say whether two texts are the same, whatever X did to their links and spacing."""
    return _bare(one) == _bare(other)


def counts_of(label: str) -> dict[str, int]:
    """Read the words under a post: replies, reposts, likes, bookmarks and views, as far as it names them.

    >>> counts_of("3 replies, 1 repost, 1,204 views")
    {'repl': 3, 'repost': 1, 'view': 1204}
    """
    return {found[2]: int(found[1].replace(",", "")) for found in _COUNT.finditer(label)}


async def _be(page: Page, recipe: Recipe, handle: str) -> None:
    told = await page.rows(recipe.me, ME)
    if not told or told[0]["id"].lower() != handle.lower():
        who = f"@{told[0]['id']}" if told else "nobody that can be read"
        raise LoginNeededError(
            f"The browser is logged in on X as {who}, and not as @{handle}.", fix=f"Log in there as @{handle}."
        )


async def _send(page: Page, recipe: Recipe) -> None:
    await stop_at_captcha(page)
    try:
        told = await page.ask("press", target=asdict(recipe.send))
    except MediaPosterError as error:
        raise await _unknown(page, f"the browser failed while the button was pressed: {error.detail}") from error
    if not told.get("pressed"):
        raise await page.changed("send", "the button could not be pressed")


async def _appeared(
    page: Page, recipe: Recipe, handle: str, text: str, known: Collection[str], *, replies: bool
) -> Posted:
    began = page.clock()
    while page.clock() - began < timedelta(seconds=recipe.to_appear):
        try:
            if not await _sent(page, recipe):
                continue
            for one in await recent(page, recipe, handle, replies=replies):
                if one.id not in known and same(one.text, text):
                    return one
        except (SiteRefusedError, UsageExhaustedError):
            raise
        except MediaPosterError:
            await page.sleep(0.5)
    raise await _unknown(page, "the profile does not show it")


async def _sent(page: Page, recipe: Recipe) -> bool:
    """Whether the composer has let go of the text. Raises what the site says against it."""
    toast = str((await page.read(recipe.toast)).get("text", "")).lower()
    if any(word in toast for word in recipe.repeated):
        raise SiteRefusedError(f"X refused it: {toast}", fix="Say it in other words.")
    if any(word in toast for word in recipe.limited):
        raise UsageExhaustedError(f"X takes no more for now: {toast}", fix="Wait some hours.")
    field = await page.read(recipe.text)
    if field["found"] and field["text"]:
        await page.sleep(0.25)
        return False
    return True


async def _unknown(page: Page, why: str) -> OutcomeUnknownError:
    shown = await page.picture("send")
    return OutcomeUnknownError(
        f"Nobody knows whether X has the post: {why}." + (f" The page: {shown}" if shown else ""),
        fix="Look at the profile whether it is there.",
    )


def _bare(text: str) -> str:
    return " ".join(_LINK.sub(" ", text).split())


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
