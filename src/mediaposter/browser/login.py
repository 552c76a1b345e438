"""Whether somebody is logged in: yes, no, or it cannot be told. Evidence is data, and silence is no evidence."""

from dataclasses import dataclass
from enum import StrEnum

from mediaposter.browser.errors import CaptchaError, LoginNeededError, SiteChangedError
from mediaposter.browser.page import Page, Target


class Login(StrEnum):
    """What a page shows."""

    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Evidence:
    """What a site shows only to whom it knows, and only to whom it does not."""

    inside: Target
    outside: Target


CAPTCHA = Target(
    (
        "iframe[src*='captcha']",
        "iframe[src*='challenges.cloudflare.com']",
        "iframe[title*='challenge' i]",
        "[id*='captcha' i]",
        "[data-testid*='captcha' i]",
    )
)

# As found in 2025 and 2026. Names are the sites' own: roles, test ids and addresses, no classes.
SITES: dict[str, Evidence] = {
    "x": Evidence(
        Target(
            (
                "[data-testid='AppTabBar_Profile_Link']",
                "[data-testid='SideNav_NewTweet_Button']",
                "a[href='/compose/post']",
            )
        ),
        Target(("a[href='/login']", "a[href^='/i/flow/login']", "[data-testid='loginButton']")),
    ),
    "tiktok": Evidence(
        Target(("[data-e2e='profile-icon']", "[data-e2e='upload-icon']", "[data-e2e='nav-profile']")),
        Target(("[data-e2e='top-login-button']", "[data-e2e='login-button']")),
    ),
    "instagram": Evidence(
        Target(("a[href^='/direct/inbox']", "[aria-label='New post']")),
        Target(("input[name='username']", "a[href^='/accounts/login']")),
    ),
    "threads": Evidence(Target(("a[href='/activity']", "[aria-label='Create']")), Target(("a[href^='/login']",))),
    "youtube": Evidence(Target(("#avatar-btn",)), Target(("a[href*='accounts.google.com']",))),
    "sora": Evidence(
        Target(("button[aria-label='Profile']", "a[href='/profile']", "[data-testid='user-avatar']")),
        Target(("a[href*='/login']", "button[data-testid='login-button']")),
    ),
}


async def login_of(page: Page) -> Login:
    """Say what the page shows. Both kinds of evidence at once, or neither, is `unknown`."""
    evidence = SITES[page.site]
    counts = (await page.look({"inside": evidence.inside, "outside": evidence.outside}))["counts"]
    inside, outside = counts["inside"] > 0, counts["outside"] > 0
    if inside is outside:
        return Login.UNKNOWN
    return Login.LOGGED_IN if inside else Login.LOGGED_OUT


async def require_login(page: Page, *, seconds: float = 15.0) -> None:
    """Wait until it is seen that somebody is logged in. Raises CaptchaError, LoginNeededError."""
    began = page.clock()
    while True:
        await stop_at_captcha(page)
        found = await login_of(page)
        if found is Login.LOGGED_IN:
            return
        if (page.clock() - began).total_seconds() >= (2.0 if found is Login.LOGGED_OUT else seconds):
            break
        await page.sleep(0.25)
    if found is Login.LOGGED_OUT:
        raise LoginNeededError(
            f"Nobody is logged in on {page.site}.",
            fix=f"Open {page.origin} in the browser that MediaPoster drives and log in; then try again.",
        )
    raise await _unclear(page)


async def stop_at_captcha(page: Page) -> None:
    """Raise CaptchaError when the site asks for a person."""
    if (await page.look({"captcha": CAPTCHA}))["counts"]["captcha"]:
        await page.picture("captcha")
        raise CaptchaError(
            f"{page.site} asks whether a person is there.",
            fix=f"Open {page.origin} in the browser that MediaPoster drives, answer it, and try again.",
        )


async def _unclear(page: Page) -> SiteChangedError:
    return await page.changed("login", "the page shows neither that somebody is logged in nor that nobody is")
