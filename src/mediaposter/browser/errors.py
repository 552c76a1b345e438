"""The errors of the browser room.

MediaPosterError
├── BrowserUnavailableError   503  the browser does not do what it is told; says what to switch on
├── PageScriptError           502  our script failed inside the page
├── ElsewhereError            409  the tab is on another site than the step is for
├── LoginNeededError          401  nobody is logged in: a person logs in, in the browser itself
├── CaptchaError              409  the site asks for a person
├── SiteChangedError          502  a step did not find what it needs; has the step's name and a screenshot
├── SiteRefusedError          422  the site will not do it, in its own words
├── UsageExhaustedError       429  the site's allowance is used up
├── SiteRetiredError          410  the site has ended
└── OutcomeUnknownError       502  the one click was made, and nothing shows what came of it
"""

from datetime import date
from pathlib import Path

from mediaposter.core.errors import MediaPosterError


class BrowserUnavailableError(MediaPosterError):
    """The browser cannot be driven. `number` is the system's own number of the error, where it has one."""

    code = "BROWSER_UNAVAILABLE"
    status = 503
    title = "The browser cannot be driven"

    def __init__(self, detail: str, *, fix: str, number: int | None = None) -> None:
        super().__init__(detail, fix=fix)
        self.number = number


class PageScriptError(MediaPosterError):
    """Our script failed inside the page."""

    code = "PAGE_SCRIPT_FAILED"
    status = 502
    title = "A script failed in the page"


class ElsewhereError(MediaPosterError):
    """The tab is on another site than the step is for."""

    code = "BROWSER_ELSEWHERE"
    status = 409
    title = "The browser is on another page"


class LoginNeededError(MediaPosterError):
    """Nobody is logged in, or it cannot be told."""

    code = "LOGIN_NEEDED"
    status = 401
    title = "Somebody has to log in"


class CaptchaError(MediaPosterError):
    """The site wants to know whether a person is there."""

    code = "CAPTCHA"
    status = 409
    title = "The site asks for a person"


class SiteChangedError(MediaPosterError):
    """A step did not find what it needs: the site may have changed. Nothing is taken as done."""

    code = "SITE_CHANGED"
    status = 502
    title = "The site is not as its recipe knows it"

    def __init__(self, site: str, step: str, detail: str, *, screenshot: Path | None = None) -> None:
        shown = f" The page as it was: {screenshot}" if screenshot else ""
        super().__init__(
            f"{site}, step {step!r}: {detail}.{shown}",
            fix="Look at the screenshot and at the page; try again, or name another way to do it.",
        )
        self.step = step
        self.screenshot = screenshot


class SiteRefusedError(MediaPosterError):
    """The site will not do it."""

    code = "SITE_REFUSED"
    status = 422
    title = "The site refused"


class UsageExhaustedError(MediaPosterError):
    """The site's allowance is used up."""

    code = "USAGE_EXHAUSTED"
    status = 429
    title = "The site's allowance is used up"


class SiteRetiredError(MediaPosterError):
    """The site has ended."""

    code = "SITE_RETIRED"
    status = 410
    title = "The site has ended"

    def __init__(self, site: str, on: date, *, fix: str) -> None:
        super().__init__(f"{site} ended on {on.isoformat()}.", fix=fix)


class OutcomeUnknownError(MediaPosterError):
    """The one click was made, and nothing on the page shows what came of it. It is not made again."""

    code = "BROWSER_OUTCOME_UNKNOWN"
    status = 502
    title = "Nobody knows what became of the click"
