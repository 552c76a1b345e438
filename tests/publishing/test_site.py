"""The public site: pages, players and feeds, as browsers, readers and crawlers get them."""

import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe_async
from mediaposter.publishing import service
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.schemas import Profile, ProfileLink
from mediaposter.publishing.site import theme
from mediaposter.publishing.site.service import PAGE, slug_of
from tests.media.conftest import Clip
from tests.publishing.driving import drive, read

pytestmark = pytest.mark.feature("ADAPT-013")
Publish = Callable[..., Coroutine[Any, Any, str]]
SPECIAL = 'Fern & <b>"sun"</b> </script> \x0b Ünïcödé 🌿'
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "map": "http://www.sitemaps.org/schemas/sitemap/0.9",
}


@pytest.fixture
def publish(ctx: Context, site_account: Account, asset_id: str) -> Publish:
    """Publish a post on the site and return the path of its page."""

    async def published(title: str = "A small thing", link_label: str | None = None, **copy: Any) -> str:
        async with ctx.database.session() as session:
            post = await service.create_post(session, asset_ids=[asset_id])
            row = await service.plan_publication(
                session,
                post_id=post.id,
                account_id=site_account.id,
                copy=Copy(title=title, **copy),
                link_label=link_label,
            )
        assert await drive(ctx, row.id) is Outcome.CONFIRMED
        url = (await read(ctx, row.id)).url
        assert url is not None
        return url.removeprefix(ctx.settings.site_url)

    return published


class Page(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.data: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.data.append(data)
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def meta(self) -> dict[str, str]:
        return {
            str(one.get("property") or one.get("name")): str(one.get("content"))
            for one in self.all("meta")
            if one.get("content")
        }


async def test_a_home_shows_who_it_is_and_what_it_published(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish("The finger test")
    page = Page((await web.get("/@fern")).text)
    assert "Fern & Co" in page.text
    assert "Plants." in page.text
    assert path in [link.get("href") for link in page.all("a")]


async def test_a_home_without_posts_says_so(web: httpx.AsyncClient, site_account: Account) -> None:
    answer = await web.get("/@fern")
    assert "has not published anything here yet" in Page(answer.text).text


async def test_a_home_has_its_links_and_the_tracked_one_first(
    ctx: Context, web: httpx.AsyncClient, site_account: Account
) -> None:
    links = (
        ProfileLink(label="My jar", url="https://jar.example/"),  # type: ignore[arg-type]
        ProfileLink(label="Get the kit", url="https://go.example/r/abc", tracked=True),  # type: ignore[arg-type]
    )
    async with ctx.database.session() as session:
        await service.update_account(session, site_account.id, profile=Profile(links=links))
    hrefs = [str(link.get("href")) for link in Page((await web.get("/@fern")).text).all("a")]
    assert hrefs.index("https://go.example/r/abc") < hrefs.index("https://jar.example/")


async def test_the_posts_link_is_a_button_with_the_call_to_action(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish(link="https://go.example/r/xyz", link_label="Get the wick kit")
    html = (await web.get(path)).text
    page = Page(html)
    button = next(link for link in page.all("a") if link.get("class") == "offer")
    assert button["href"] == "https://go.example/r/xyz"
    assert "Get the wick kit" in page.text


async def test_what_people_wrote_is_escaped_everywhere(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish(SPECIAL, description=SPECIAL, hashtags=("<i>",), alt_text=SPECIAL)
    for url in (path, "/@fern", f"{path}/embed"):
        html = (await web.get(url)).text
        assert "<b>" not in html
        assert "<i>" not in html
    page = Page((await web.get(path)).text)
    described = json.loads(next(data for data in page.data if "VideoObject" in data))
    assert described["name"] == SPECIAL.strip()


async def test_only_addresses_with_http_become_links(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish(description="See https://a.example/x?y=1&z=2. Not javascript:alert(1) or http://")
    hrefs = [link.get("href") for link in Page((await web.get(path)).text).all("a")]
    assert "https://a.example/x?y=1&z=2" in hrefs
    assert not [href for href in hrefs if href and href.startswith("javascript")]


async def test_a_post_tells_other_platforms_how_to_show_it(
    ctx: Context, web: httpx.AsyncClient, publish: Publish
) -> None:
    path = await publish("The finger test", description="Push it in.", hashtags=("fern",), alt_text="A finger in soil")
    page = Page((await web.get(path)).text)
    meta = page.meta()
    base = ctx.settings.site_url
    assert meta["og:type"] == "video.other"
    assert meta["og:title"] == "The finger test"
    assert meta["og:video"] == f"{base}{path}/video.mp4"
    assert meta["og:image"] == f"{base}{path}/poster.jpg"
    assert (meta["og:video:width"], meta["og:video:height"]) == ("180", "320")
    assert meta["og:image:alt"] == "A finger in soil"
    assert meta["twitter:card"] == "player"
    assert meta["twitter:player"] == f"{base}{path}/embed"
    discovery = next(link for link in page.all("link") if link.get("type") == "application/json+oembed")
    told = (await web.get(str(discovery["href"]))).json()
    assert (told["type"], told["version"], told["title"]) == ("video", "1.0", "The finger test")


async def test_the_video_is_described_for_search_engines(web: httpx.AsyncClient, publish: Publish) -> None:
    page = Page((await web.get(await publish())).text)
    described = json.loads(next(data for data in page.data if "VideoObject" in data))
    assert set(described) >= {"name", "description", "thumbnailUrl", "uploadDate", "contentUrl", "duration"}
    assert datetime.fromisoformat(described["uploadDate"]).tzinfo is not None
    assert described["duration"] == "PT1S"


async def test_pages_load_nothing_from_elsewhere(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish()
    for url in (path, "/@fern", "/", f"{path}/embed"):
        page = Page((await web.get(url)).text)
        loaded = [one.get("src") for tag in ("script", "img", "video", "source", "iframe") for one in page.all(tag)]
        loaded += [link["href"] for link in page.all("link") if link.get("rel") in ("stylesheet", "icon")]
        assert [address for address in loaded if address and not address.startswith("/")] == []


async def test_the_policy_allows_only_the_script_and_style_of_the_page(
    web: httpx.AsyncClient, publish: Publish
) -> None:
    answer = await web.get(await publish())
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    page = Page(answer.text)
    assert not [one for _, one in page.tags if any(name.startswith("on") or name == "style" for name in one)]


async def test_the_embed_can_be_framed_by_anyone(web: httpx.AsyncClient, publish: Publish) -> None:
    answer = await web.get(f"{await publish()}/embed")
    assert "frame-ancestors *" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers


async def test_images_have_texts_and_controls_have_names(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish(alt_text="A finger in soil")
    page = Page((await web.get(path)).text)
    assert all("alt" in image for image in page.all("img"))
    assert page.all("video")[0]["aria-label"] == "A finger in soil"
    assert page.all("html")[0]["lang"] == "en"


async def test_a_page_is_not_sent_again_when_it_is_the_same(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish()
    for url in (path, "/@fern", "/@fern/rss.xml", f"{path}/video.mp4", f"{path}/poster.jpg"):
        await web.get(url)
        tag = (await web.get(url)).headers["etag"]
        again = await web.get(url, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_video_comes_in_ranges(web: httpx.AsyncClient, publish: Publish) -> None:
    url = f"{await publish()}/video.mp4"
    whole = await web.get(url)
    part = await web.get(url, headers={"Range": "bytes=10-19"})
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    beyond = await web.get(url, headers={"Range": "bytes=999999999-"})
    assert beyond.status_code == 416


async def test_a_head_request_gets_the_headers_alone(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish()
    for url in (path, f"{path}/video.mp4"):
        answer = await web.head(url)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 0


async def test_a_handle_in_capitals_leads_to_the_page(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish()
    assert (await web.get("/@FERN")).headers["location"] == "/@fern"
    assert (await web.get(path.replace("fern", "Fern"))).headers["location"] == path


@pytest.mark.parametrize(
    "path", ["/@nobody", "/@fern/nothing-abc123", "/@fern/nothing-abc123/video.mp4", "/@x/rss.xml"]
)
async def test_what_is_not_there_is_a_page_that_helps(web: httpx.AsyncClient, site_account: Account, path: str) -> None:
    answer = await web.get(path)
    assert answer.status_code == 404
    assert "See every page on this site" in answer.text


async def test_rss_is_well_formed_and_complete(ctx: Context, web: httpx.AsyncClient, publish: Publish) -> None:
    first = await publish("First", description="One.\n\nTwo & three.")
    await publish(SPECIAL, hashtags=("fern", "sun"), link="https://go.example/r/q?a=1&b=2")
    answer = await web.get("/@fern/rss.xml")
    assert answer.headers["content-type"].startswith("application/rss+xml")
    root = ET.fromstring(answer.content)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = root.find("channel")
    assert channel is not None
    assert all(channel.findtext(tag) for tag in ("title", "link", "description", "language", "lastBuildDate"))
    itself = channel.find("atom:link", NAMESPACES)
    assert itself is not None
    assert itself.get("href") == f"{ctx.settings.site_url}/@fern/rss.xml"
    newest, oldest = channel.findall("item")
    assert newest.findtext("title") == SPECIAL.replace("\x0b", "").strip()
    assert [tag.text for tag in newest.findall("category")] == ["fern", "sun"]
    assert oldest.findtext("link") == f"{ctx.settings.site_url}{first}"
    for item in (newest, oldest):
        assert parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo is not None
        assert (item.findtext("guid") or "").startswith("pub_")
        enclosure = item.find("enclosure")
        assert enclosure is not None
        video = await web.get(enclosure.get("url") or "")
        assert (enclosure.get("type"), enclosure.get("length")) == ("video/mp4", str(len(video.content)))
        thumbnail = item.find("media:content/media:thumbnail", NAMESPACES)
        assert thumbnail is not None
        assert (await web.get(thumbnail.get("url") or "")).headers["content-type"] == "image/jpeg"
        assert item.findtext("itunes:duration", namespaces=NAMESPACES) == "1"
    assert len({item.findtext("guid") for item in (newest, oldest)}) == 2


async def test_json_feed_follows_its_version(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish("First", description="One.", hashtags=("fern",))
    answer = await web.get("/@fern/feed.json")
    assert answer.headers["content-type"] == "application/feed+json"
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"].endswith("/@fern/feed.json")
    (item,) = feed["items"]
    assert item["url"].endswith(path)
    assert item["id"].startswith("pub_")
    assert datetime.fromisoformat(item["date_published"]).tzinfo is not None
    (video,) = item["attachments"]
    assert video["mime_type"] == "video/mp4"
    assert video["size_in_bytes"] == len((await web.get(video["url"])).content)


async def test_feeds_of_an_empty_home_are_valid(web: httpx.AsyncClient, site_account: Account) -> None:
    assert ET.fromstring((await web.get("/@fern/rss.xml")).content).find("channel/item") is None
    assert (await web.get("/@fern/feed.json")).json()["items"] == []


@pytest.mark.parametrize(
    ("asked", "size"), [({}, (180, 320)), ({"maxwidth": 90}, (90, 160)), ({"maxheight": 80}, (45, 80))]
)
async def test_oembed_keeps_within_what_is_asked(
    ctx: Context, web: httpx.AsyncClient, publish: Publish, asked: dict[str, int], size: tuple[int, int]
) -> None:
    path = await publish('A "quoted" title')
    told = (await web.get("/oembed", params={"url": ctx.settings.site_url + path, **asked})).json()
    assert (told["width"], told["height"]) == size
    frame = Page(told["html"]).all("iframe")[0]
    assert (frame["src"], frame["title"]) == (f"{ctx.settings.site_url}{path}/embed", 'A "quoted" title')


async def test_oembed_refuses_what_it_cannot_do(web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish()
    assert (await web.get("/oembed", params={"url": f"http://x{path}", "format": "xml"})).status_code == 501
    assert (await web.get("/oembed", params={"url": "http://x/@fern/nothing-aaaaaa"})).status_code == 404
    assert (await web.get("/oembed", params={"url": "nonsense"})).status_code == 404


async def test_crawlers_find_every_page(ctx: Context, web: httpx.AsyncClient, publish: Publish) -> None:
    path = await publish()
    robots = (await web.get("/robots.txt")).text
    assert f"Sitemap: {ctx.settings.site_url}/sitemap.xml" in robots
    places = ET.fromstring((await web.get("/sitemap.xml")).content).findall("map:url/map:loc", NAMESPACES)
    assert [place.text for place in places] == [
        f"{ctx.settings.site_url}/",
        f"{ctx.settings.site_url}/@fern",
        f"{ctx.settings.site_url}{path}",
    ]


async def test_an_archived_account_is_gone_from_the_site(
    ctx: Context, web: httpx.AsyncClient, publish: Publish, site_account: Account
) -> None:
    path = await publish()
    async with ctx.database.session() as session:
        await service.archive_account(session, site_account.id)
    assert [(await web.get(url)).status_code for url in ("/@fern", path)] == [404, 404]


async def test_a_long_feed_has_pages(web: httpx.AsyncClient, publish: Publish) -> None:
    paths = [await publish(f"Post {number}") for number in range(PAGE + 2)]
    seen: list[str] = []
    url: str | None = "/@fern"
    while url:
        page = Page((await web.get(url)).text)
        hrefs = [str(link.get("href")) for link in page.all("a")]
        seen += [path for path in dict.fromkeys(hrefs) if path in paths]
        url = next((str(link["href"]) for link in page.all("a") if link.get("rel") == "next"), None)
    assert seen == list(reversed(paths))


async def test_a_video_that_browsers_do_not_play_is_made_playable(
    ctx: Context, web: httpx.AsyncClient, site_account: Account, clip: Clip
) -> None:
    source = clip("odd.mkv", codec=("-c:v", "mpeg4"), audio=("-c:a", "libopus", "-ar", "48000"))
    limits = MediaLimits.of(ctx.settings)
    async with ctx.database.session() as session:
        asset = await media.register(session, str(source), storage=ctx.storage, limits=limits)
        post = await service.create_post(session, asset_ids=[asset.id])
        row = await service.plan_publication(
            session, post_id=post.id, account_id=site_account.id, copy=Copy(title="Odd")
        )
    assert await drive(ctx, row.id) is Outcome.CONFIRMED
    url = (await read(ctx, row.id)).url
    served = ctx.settings.home / "served.mp4"
    served.write_bytes((await web.get(f"{url}/video.mp4")).content)
    facts = await probe_async(served, limits)
    assert facts.video is not None
    assert facts.audio is not None
    assert (facts.video.codec, facts.video.pix_fmt, facts.audio.codec, facts.moov_first) == (
        "h264",
        "yuv420p",
        "aac",
        True,
    )


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Why houseplants die!", "why-houseplants-die-abc123"),
        ("  ", "post-abc123"),
        ("Ünïcödé 日本語", "ünïcödé-日本語-abc123"),
        ("../../etc/passwd", "etc-passwd-abc123"),
        ("rss.xml", "rss-xml-abc123"),
        ("word " * 40, "word-" * 12 + "abc123"),
    ],
)
def test_slugs_are_words_and_never_the_same(title: str, slug: str) -> None:
    assert slug_of(title, "pub_0000abc123") == slug


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#ffff00", None])
@pytest.mark.parametrize(("lightness", "against"), [(0.48, "#ffffff"), (0.81, "#1c1917")])
def test_text_on_any_accent_can_be_read(colour: str | None, lightness: float, against: str) -> None:
    chroma, hue = theme.accent_of(colour, "fern")
    ratio = contrast(theme.hex_of(lightness, chroma, hue), against)
    assert ratio >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 has it."""

    def luminance(colour: str) -> float:
        channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("name", "initials"), [("Fern & Co", "FC"), ("ann", "A"), ("The Very Long Name", "TN"), ("🌿", "?"), ("ß", "SS")]
)
def test_initials_stand_for_a_name(name: str, initials: str) -> None:
    assert theme.initials_of(name) == initials
