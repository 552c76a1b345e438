"""What X tells of posts: whether one is ours, and its counts."""

import html
from typing import Any

import regex

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Metrics, Outgoing
from mediaposter.publishing.matching import same_text
from mediaposter.publishing.models import Kind

_SHORT = regex.compile(r"https?://t\.co/\w+")


def is_ours(outgoing: Outgoing, ours: str, post: dict[str, Any]) -> bool:
    """Say whether a post of the timeline is this publication, whose text is `ours`."""
    above = {one.get("id") for one in post.get("referenced_tweets") or () if one.get("type") == "replied_to"}
    wanted = {outgoing.under.external_id} if outgoing.kind is not Kind.POST and outgoing.under is not None else set()
    theirs = _text(post)
    return (
        str(post["id"]) not in outgoing.taken
        and above == wanted
        and (same_text(ours, theirs) or not (ours.strip() or theirs.strip()))
    )


def _text(post: dict[str, Any]) -> str:
    """Return the text of a post as it was written: links as they were, without the one that stands for its media."""
    whole: dict[str, Any] = post.get("note_tweet") or post
    text = html.unescape(str(whole.get("text", "")))
    entities: list[dict[str, Any]] = [
        *((whole.get("entities") or {}).get("urls") or ()),
        *((post.get("entities") or {}).get("urls") or ()),
    ]
    for link in entities:
        written = "" if link.get("media_key") else str(link.get("expanded_url") or link["url"])
        text = text.replace(str(link["url"]), written)
    # A picture's link is not always among the entities; it is the last one, and ours are all expanded by now.
    return _SHORT.sub("", text) if entities else text


def metrics_of(told: JsonObject) -> Metrics:
    """Return the counts of a post as X tells them."""
    post: Any = told["data"]
    public: dict[str, Any] = post.get("public_metrics") or {}
    private: dict[str, Any] = post.get("non_public_metrics") or {}
    media: Any = (told.get("includes") or {}).get("media") or []  # type: ignore[union-attr]
    views = [one["public_metrics"]["view_count"] for one in media if "view_count" in (one.get("public_metrics") or {})]
    shares = [public[name] for name in ("retweet_count", "quote_count") if name in public]
    return Metrics(
        views=sum(views) if views else None,
        impressions=private.get("impression_count", public.get("impression_count")),
        likes=public.get("like_count"),
        comments=public.get("reply_count"),
        shares=sum(shares) if shares else None,
        saves=public.get("bookmark_count"),
        clicks=private.get("url_link_clicks"),
        raw={"public_metrics": public, "non_public_metrics": private},
    )


def is_gone(told: JsonObject) -> bool:
    """Say whether X answered that there is no such post."""
    errors: Any = told.get("errors") or []
    return told.get("status") == 404 or any("resource-not-found" in str(one.get("type")) for one in errors)
