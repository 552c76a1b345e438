"""What is where on X's site: paths, targets, words and times. Data only; the names are the site's own test ids."""

from dataclasses import dataclass

from mediaposter.browser.page import Field, Target

_LINK = "a[href*='/status/']:has(time)"
POST = {
    "id": Field(_LINK, "href", r"/status/(\d+)"),
    "by": Field(_LINK, "href", r"^/?(?:https?://[^/]+/)?([^/]+)/status/"),
    "text": Field("[data-testid='tweetText']"),
    "at": Field("time", "datetime"),
    "counts": Field("[role='group'][aria-label]", "aria-label"),
}
ME = {"id": Field(attribute="href", pattern=r"([^/]+)/?$")}


@dataclass(frozen=True)
class Recipe:
    """The site. Times in seconds; `screens` is how far a profile is read."""

    compose: str = "/compose/post"
    reply: str = "/intent/post?in_reply_to={id}"
    profile: str = "/{handle}"
    replies: str = "/{handle}/with_replies"
    status: str = "/{handle}/status/{id}"
    screens: int = 6

    me: Target = Target(("a[data-testid='AppTabBar_Profile_Link']",))
    text: Target = Target(("[data-testid='tweetTextarea_0']",))
    send: Target = Target(("[data-testid='tweetButton']",))
    toast: Target = Target(("[data-testid='toast']", "[role='alert']"))
    post: Target = Target(("article[data-testid='tweet']",))
    empty: Target = Target(("[data-testid='emptyState']",))
    repeated: tuple[str, ...] = ("already said that", "already sent")
    limited: tuple[str, ...] = ("limit", "try again later")
    to_ready: float = 15.0
    to_appear: float = 30.0  # a new post is on the profile
