"""The pages of the site as HTML. One stylesheet, one small inline script, nothing from any other host."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import regex
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mediaposter.publishing.models import Account
from mediaposter.publishing.schemas import Profile, ProfileLink
from mediaposter.publishing.site.models import SitePost
from mediaposter.publishing.site.repository import PageCounts
from mediaposter.publishing.site.service import POSTER_WIDTH
from mediaposter.publishing.site.theme import accent_of, hex_of, initials_of, stylesheet_of

_HERE = Path(__file__).parent
_URL = regex.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_RTL = frozenset({"ar", "arc", "dv", "fa", "ha", "he", "khw", "ks", "ku", "ps", "ur", "yi"})

STYLESHEET = (_HERE / "static" / "site.css").read_text()
STYLESHEET_PATH = f"/_site/{hashlib.sha256(STYLESHEET.encode()).hexdigest()[:12]}.css"
MARK = (_HERE / "static" / "icon.svg").read_text().strip()
SCRIPT = (_HERE / "static" / "site.js").read_text().strip()


@dataclass(frozen=True)
class Home:
    """An account as its pages show it."""

    account: Account
    profile: Profile
    url: str
    path: str
    initials: str

    @property
    def handle(self) -> str:
        """The handle in lower case, as addresses have it."""
        return self.account.external_id

    @property
    def name(self) -> str:
        """What the account calls itself."""
        return self.account.name

    @property
    def own_links(self) -> Sequence[ProfileLink]:
        """The account's own links; the tracked one of its offer stands apart."""
        return [link for link in self.profile.links if not link.tracked]

    @property
    def direction(self) -> str:
        """Which way the account's language runs: ltr or rtl."""
        return "rtl" if self.profile.language.split("-")[0].lower() in _RTL else "ltr"


@dataclass(frozen=True)
class Item:
    """A post as the pages and feeds show it. Addresses are absolute, paths are not."""

    post: SitePost
    home: Home
    counts: PageCounts
    url: str
    path: str
    video_path: str
    poster_path: str
    video_url: str
    poster_url: str
    embed_url: str

    @property
    def poster_width(self) -> int:
        """The poster's width in pixels."""
        return POSTER_WIDTH

    @property
    def poster_height(self) -> int:
        """The poster's height in pixels; it has the video's proportions."""
        return round(POSTER_WIDTH * self.post.height / self.post.width / 2) * 2

    @property
    def link_label(self) -> str:
        """What the button of the offer says."""
        return self.post.link_label or "See the offer"


def home_of(account: Account, base_url: str) -> Home:
    """Return an account for its pages. `base_url` is the public address without a slash at its end."""
    path = f"/@{quote(account.external_id)}"
    return Home(account, Profile.model_validate(account.profile), base_url + path, path, initials_of(account.name))


def item_of(post: SitePost, home: Home, base_url: str, counts: PageCounts | None = None) -> Item:
    """Return a post for its pages."""
    path = f"{home.path}/{quote(post.slug)}"
    return Item(
        post=post,
        home=home,
        counts=counts or PageCounts(),
        url=base_url + path,
        path=path,
        video_path=f"{path}/video.mp4",
        poster_path=f"{path}/poster.jpg",
        video_url=f"{base_url}{path}/video.mp4",
        poster_url=f"{base_url}{path}/poster.jpg",
        embed_url=f"{base_url}{path}/embed",
    )


def render_home(home: Home, items: Sequence[Item], *, newer: str | None, older: str | None, base_url: str) -> str:
    """Return an account's home page. `newer` and `older` are the paths of the neighbouring pages of its feed."""
    featured = featured_link(home, items)
    values = {"home": home, "items": items, "newer": newer, "older": older, "featured": featured, "base_url": base_url}
    return _render("home.html", style_of(home, items[0] if items else None), **values)


def render_post(item: Item, more: Sequence[Item], *, base_url: str) -> str:
    """Return the page of one post, with a few others of its account."""
    described = video_object(item)
    values = {"item": item, "home": item.home, "more": more, "described": described, "base_url": base_url}
    return _render("post.html", style_of(item.home, item), **values)


def render_embed(item: Item) -> str:
    """Return the player alone, for other sites to frame."""
    return _render("embed.html", style_of(item.home, item), item=item, home=item.home)


def render_index(homes: Sequence[Home], *, base_url: str) -> str:
    """Return the list of every home page."""
    return _render("index.html", style_of(None), homes=homes, base_url=base_url)


def render_missing(base_url: str) -> str:
    """Return the page for an address that leads nowhere."""
    return _render("missing.html", style_of(None), base_url=base_url)


def featured_link(home: Home, items: Sequence[Item]) -> dict[str, str] | None:
    """Return label and address of the button on a home: the tracked link of the profile, else the newest post's."""
    for link in home.profile.links:
        if link.tracked:
            return {"label": link.label, "url": str(link.url)}
    for item in items:
        if item.post.link_url:
            return {"label": item.link_label, "url": item.post.link_url}
    return None


def style_of(home: Home | None, item: Item | None = None) -> str:
    """Return the declarations inside a page: the colours of its account and the shape of its video."""
    if home is None:
        return stylesheet_of("#57534e", "")
    ratio = item.post.width / item.post.height if item else 1.0
    return stylesheet_of(home.profile.accent, home.handle, ratio=ratio)


def headers_for(style: str, *, framed: bool = False) -> dict[str, str]:
    """Return the security headers of a page: nothing is loaded from elsewhere, and only our own script runs.

    `style` is what `style_of` gave for the page; the policy allows it by its hash.
    """
    styles = f"'self' {_hash_of(style)}"
    ancestors = "*" if framed else "'none'"
    policy = (
        "default-src 'none'; img-src 'self'; media-src 'self'; connect-src 'self'; "
        f"style-src {styles}; script-src {_hash_of(SCRIPT)}; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return headers if framed else headers | {"X-Frame-Options": "DENY"}


def icon_of(home: Home) -> str:
    """Return the account's picture, its initials on its accent, as SVG."""
    chroma, hue = accent_of(home.profile.accent, home.handle)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="18" fill="{hex_of(0.5, chroma, hue)}"/>'
        '<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-weight="700" font-size="27" '
        f'text-anchor="middle" dominant-baseline="central">{escape(home.initials)}</text></svg>'
    )


def video_object(item: Item) -> dict[str, Any]:
    """Return a post as schema.org describes a video."""
    post = item.post
    return {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": post.title,
        "description": post.description or post.title,
        "thumbnailUrl": [item.poster_url],
        "uploadDate": post.published_at.astimezone(UTC).isoformat(),
        "duration": f"PT{max(1, round(post.duration))}S",
        "contentUrl": item.video_url,
        "embedUrl": item.embed_url,
        "url": item.url,
        "width": post.width,
        "height": post.height,
        "keywords": list(post.hashtags),
        "author": {"@type": "Person", "name": item.home.name, "url": item.home.url},
        "interactionStatistic": [
            _interaction("WatchAction", item.counts.plays),
            _interaction("LikeAction", item.counts.likes),
        ],
    }


def _interaction(action: str, total: int) -> dict[str, Any]:
    return {
        "@type": "InteractionCounter",
        "interactionType": {"@type": action},
        "userInteractionCount": total,
    }


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: Mapping[str, Any]) -> "_OurOwn":
    # Inside a script element only these could end it or start a comment.
    text = json.dumps(value, ensure_ascii=False)
    for character, safe in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, safe)
    return _OurOwn(text)


def _prose(text: str) -> Markup:
    """Return text of a person as paragraphs, with its addresses as links."""
    paragraphs = [paragraph.strip() for paragraph in regex.split(r"\n\s*\n", text) if paragraph.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(_linked(paragraph)) for paragraph in paragraphs)


def _linked(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in _URL.finditer(text):
        pieces.append(escape(text[end : match.start()]))
        url = match.group()
        shown = regex.sub(r"^https?://(www\.)?", "", url)
        shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
        pieces.append(Markup('<a href="{}" rel="nofollow noopener ugc">{}</a>').format(url, shown))
        end = match.end()
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces).replace("\n", Markup("<br>"))


def _day(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y}"


def _clock(seconds: float) -> str:
    whole = max(1, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _short(total: int) -> str:
    if total < 1000:
        return str(total)
    for size, unit in ((1_000_000, "M"), (1000, "K")):
        if total >= size:
            return f"{total / size:.1f}".removesuffix(".0") + unit
    return str(total)


def _host(url: object) -> str:
    return regex.sub(r"^https?://(www\.)?", "", str(url)).split("/")[0]


def _render(name: str, style: str, **values: Any) -> str:
    return _environment.get_template(name).render(
        **values, theme_style=_OurOwn(style), script=_OurOwn(SCRIPT), stylesheet=STYLESHEET_PATH
    )


class _OurOwn(str):
    """Text of ours, no person's: it goes into a page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(prose=_prose, day=_day, clock=_clock, short=_short, script_json=_json, host=_host)
