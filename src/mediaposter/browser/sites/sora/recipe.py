"""What is where on a site that works as Sora's did: paths, targets, words and times. Data only."""

from dataclasses import dataclass
from datetime import date

from mediaposter.browser.page import Target

CLOSED_ON = date(2026, 4, 26)  # the app and its site; the API followed on 2026-09-24
LENGTHS = (10, 15, 25)  # seconds
RATIOS = {"9:16": "Portrait", "16:9": "Landscape"}
_BUTTON = ("button",)
_CHOICE = ("[role='menuitemradio']", "[role='menuitem']", "[role='option']")


@dataclass(frozen=True)
class Recipe:
    """The site. Times in seconds; `screens` is how far the drafts are read, about a dozen on each."""

    compose: str = "/explore"
    drafts: str = "/drafts"
    draft_page: str = "/d/{id}"
    screens: int = 40

    prompt: Target = Target(("textarea",))
    create: Target = Target(_BUTTON, ("Create video", "Create"), exact=True)
    length: Target = Target(_BUTTON, ("5s", "10s", "15s", "20s", "25s"), exact=True)
    ratio: Target = Target(_BUTTON, tuple(RATIOS.values()), exact=True)
    alert: Target = Target(("[role='alert']",))
    generating: Target = Target(("[role='progressbar']", "[aria-label^='Generating']"))
    draft: Target = Target(("a[href*='/d/']",))
    draft_id: str = r"/d/([\w-]+)"
    shown_prompt: Target = Target(("[data-testid='prompt']", "article p"))
    video: Target = Target(("video",))

    settings: Target = Target(_BUTTON, ("Settings",), exact=True)
    settings_item: Target = Target(_CHOICE, ("Settings",), exact=True)
    usage_tab: Target = Target(("[role='tab']",), ("Usage",), exact=True)
    usage_panel: Target = Target(("[role='tabpanel']",))
    done: Target = Target(_BUTTON, ("Done",), exact=True)

    refused: tuple[str, ...] = ("violate", "guardrail", "not allowed", "content polic", "third-party")
    exhausted: tuple[str, ...] = ("reached your limit", "no generations left", "out of generations", "available on")
    failed: tuple[str, ...] = ("failed", "couldn't be generated", "something went wrong")

    to_ready: float = 15.0  # the button may be pressed
    to_begin: float = 20.0  # the site shows that it has begun
    smallest: int = 10_000  # bytes of a video; what is smaller is a page or an error


def length_choice(seconds: float) -> Target:
    """Return the menu's entry for a length."""
    return Target(_CHOICE, (f"{seconds:g} seconds",), exact=True)


def ratio_choice(aspect: str) -> Target:
    """Return the menu's entry for a shape."""
    return Target(_CHOICE, (RATIOS[aspect],), exact=True)
