"""The machine-readable side of the site: RSS, JSON Feed, oEmbed, sitemap, robots.txt."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

import regex

from mediaposter.publishing.site.pages import Home, Item
from mediaposter.publishing.site.service import POSTER_WIDTH

FEED = 50  # posts in a feed
_ATOM = "http://www.w3.org/2005/Atom"
_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_MEDIA = "http://search.yahoo.com/mrss/"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
_NOT_XML = regex.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")  # XML 1.0, section 2.2
for _prefix, _namespace in (("atom", _ATOM), ("itunes", _ITUNES), ("media", _MEDIA), ("video", _VIDEO)):
    ET.register_namespace(_prefix, _namespace)


def rss(home: Home, items: Sequence[Item]) -> bytes:
    """Return the posts of a home as RSS 2.0 with video enclosures, iTunes and Media RSS."""
    root = ET.Element("rss", {"version": "2.0"})
    channel = ET.SubElement(root, "channel")
    about = home.profile.bio or f"Videos by {home.name}"
    _add(channel, "title", home.name)
    _add(channel, "link", home.url)
    _add(channel, "description", about)
    _add(channel, "language", home.profile.language)
    _add(channel, "generator", "MediaPoster")
    ET.SubElement(
        channel, f"{{{_ATOM}}}link", {"href": f"{home.url}/rss.xml", "rel": "self", "type": "application/rss+xml"}
    )
    _add(channel, f"{{{_ITUNES}}}author", home.name)
    _add(channel, f"{{{_ITUNES}}}explicit", "false")
    if items:
        _add(channel, "lastBuildDate", format_datetime(items[0].post.published_at.astimezone(UTC), usegmt=True))
    for item in items:
        _rss_item(ET.SubElement(channel, "item"), item)
    return _document(root)


def _rss_item(node: ET.Element, item: Item) -> None:
    post = item.post
    _add(node, "title", post.title)
    _add(node, "link", item.url)
    _add(node, "guid", post.publication_id, {"isPermaLink": "false"})
    _add(node, "pubDate", format_datetime(post.published_at.astimezone(UTC), usegmt=True))
    _add(node, "description", _html_of(item))
    for tag in post.hashtags:
        _add(node, "category", tag)
    enclosure = {"url": item.video_url, "length": str(post.video_bytes), "type": "video/mp4"}
    ET.SubElement(node, "enclosure", enclosure)
    _add(node, f"{{{_ITUNES}}}author", item.home.name)
    _add(node, f"{{{_ITUNES}}}duration", str(max(1, round(post.duration))))
    media = ET.SubElement(
        node,
        f"{{{_MEDIA}}}content",
        {
            "url": item.video_url,
            "fileSize": str(post.video_bytes),
            "type": "video/mp4",
            "medium": "video",
            "duration": str(max(1, round(post.duration))),
            "width": str(post.width),
            "height": str(post.height),
        },
    )
    _add(media, f"{{{_MEDIA}}}title", post.title, {"type": "plain"})
    ET.SubElement(media, f"{{{_MEDIA}}}thumbnail", {"url": item.poster_url})
    ET.SubElement(media, f"{{{_MEDIA}}}player", {"url": item.embed_url})


def json_feed(home: Home, items: Sequence[Item]) -> bytes:
    """Return the posts of a home as JSON Feed 1.1."""
    author = {"name": home.name, "url": home.url}
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": home.name,
        "home_page_url": home.url,
        "feed_url": f"{home.url}/feed.json",
        "description": home.profile.bio or f"Videos by {home.name}",
        "language": home.profile.language,
        "authors": [author],
        "items": [_json_item(item) for item in items],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _json_item(item: Item) -> dict[str, Any]:
    post = item.post
    told: dict[str, Any] = {
        "id": post.publication_id,
        "url": item.url,
        "title": post.title,
        "content_html": _html_of(item),
        "content_text": post.description or post.title,
        "image": item.poster_url,
        "date_published": post.published_at.astimezone(UTC).isoformat(),
        "attachments": [
            {
                "url": item.video_url,
                "mime_type": "video/mp4",
                "title": post.title,
                "size_in_bytes": post.video_bytes,
                "duration_in_seconds": round(post.duration, 3),
            }
        ],
    }
    if post.hashtags:
        told["tags"] = list(post.hashtags)
    if post.link_url:
        told["external_url"] = post.link_url
    return told


def oembed(item: Item, *, base_url: str, max_width: int | None, max_height: int | None) -> dict[str, Any]:
    """Return a post as oEmbed 1.0 of type video, no larger than asked, in its own proportions."""
    post = item.post
    share = min(
        1.0,
        (max_width or 640) / post.width,
        (max_height or 720) / post.height,
    )
    width, height = max(1, int(post.width * share)), max(1, int(post.height * share))
    title = escape(post.title, quote=True)
    frame = (
        f'<iframe src="{escape(item.embed_url, quote=True)}" width="{width}" height="{height}" title="{title}" '
        'style="border:0" allow="fullscreen; picture-in-picture" allowfullscreen loading="lazy"></iframe>'
    )
    return {
        "version": "1.0",
        "type": "video",
        "title": post.title,
        "author_name": item.home.name,
        "author_url": item.home.url,
        "provider_name": "MediaPoster",
        "provider_url": f"{base_url}/",
        "cache_age": 3600,
        "thumbnail_url": item.poster_url,
        "thumbnail_width": POSTER_WIDTH,
        "thumbnail_height": item.poster_height,
        "html": frame,
        "width": width,
        "height": height,
    }


def sitemap(homes: Sequence[tuple[Home, Sequence[Item]]], *, base_url: str) -> bytes:
    """Return every public page as a sitemap, with the videos on them."""
    ET.register_namespace("", _SITEMAP)
    root = ET.Element(f"{{{_SITEMAP}}}urlset")
    _page(root, f"{base_url}/", None)
    for home, items in homes:
        _page(root, home.url, items[0].post.published_at if items else None)
        for item in items:
            node = _page(root, item.url, item.post.published_at)
            video = ET.SubElement(node, f"{{{_VIDEO}}}video")
            _add(video, f"{{{_VIDEO}}}thumbnail_loc", item.poster_url)
            _add(video, f"{{{_VIDEO}}}title", item.post.title)
            _add(video, f"{{{_VIDEO}}}description", (item.post.description or item.post.title)[:2000])
            _add(video, f"{{{_VIDEO}}}content_loc", item.video_url)
            _add(video, f"{{{_VIDEO}}}player_loc", item.embed_url)
            _add(video, f"{{{_VIDEO}}}duration", str(max(1, round(item.post.duration))))
            _add(video, f"{{{_VIDEO}}}publication_date", item.post.published_at.astimezone(UTC).isoformat())
    return _document(root)


def robots(base_url: str) -> str:
    """Return robots.txt: the pages may be read, the API and the redirects are of no use to a crawler."""
    return f"User-agent: *\nDisallow: /api/\nDisallow: /r/\n\nSitemap: {base_url}/sitemap.xml\n"


def _html_of(item: Item) -> str:
    paragraphs = [part.strip() for part in regex.split(r"\n\s*\n", item.post.description) if part.strip()]
    html = "".join(f"<p>{escape(part)}</p>".replace("\n", "<br>") for part in paragraphs)
    if item.post.link_url:
        html += f'<p><a href="{escape(item.post.link_url, quote=True)}">{escape(item.link_label)}</a></p>'
    return html or f"<p>{escape(item.post.title)}</p>"


def _page(root: ET.Element, url: str, changed: datetime | None) -> ET.Element:
    node = ET.SubElement(root, f"{{{_SITEMAP}}}url")
    _add(node, f"{{{_SITEMAP}}}loc", url)
    if changed is not None:
        _add(node, f"{{{_SITEMAP}}}lastmod", changed.astimezone(UTC).isoformat(timespec="seconds"))
    return node


def _add(parent: ET.Element, tag: str, text: str, attributes: dict[str, str] | None = None) -> None:
    ET.SubElement(parent, tag, attributes or {}).text = _NOT_XML.sub("", text)


def _document(root: ET.Element) -> bytes:
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)
