"""What Facebook counts of a page's posts and videos, which it tells in two ways.

A post has the id PAGE_POST and its own insights; a video or a reel has a plain id and `video_insights`. Asking one for
what only the other has is refused (developers.facebook.com, Page Insights and Video Insights, read 2026-11-23).
"""

from collections.abc import Mapping
from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Metrics
from mediaposter.publishing.channels.meta.api import Ask
from mediaposter.publishing.channels.meta.reading import is_gone
from mediaposter.publishing.errors import RejectedError

_SUMMED = "summary(total_count).limit(0)"
_OF_POST = f"reactions.{_SUMMED},comments.{_SUMMED},shares"
_OF_VIDEO = f"likes.{_SUMMED},comments.{_SUMMED}"
_POST_INSIGHTS = "post_media_view,post_total_media_view_unique,post_clicks"
# The first that Facebook tells: reels and other videos have names of their own.
_PLAYS = ("fb_reels_total_plays", "blue_reels_play_count", "post_video_views", "total_video_views")
_REACH = ("post_total_media_view_unique", "total_video_views_unique")
_TIME = ("post_video_view_time", "total_video_view_total_time")  # milliseconds


async def measure(ask: Ask, number: str) -> Metrics | None:
    """Return the counts of a post or a video, None when it is gone. Without read_insights only less is known."""
    return await (_of_post(ask, number) if "_" in number else _of_video(ask, number))


async def _of_post(ask: Ask, number: str) -> Metrics | None:
    told = await _fields(ask, number, _OF_POST)
    if told is None:
        return None
    seen = await _insights(ask, f"/{number}/insights", {"metric": _POST_INSIGHTS, "period": "lifetime"})
    return Metrics(
        views=_whole(seen, "post_media_view"),
        reach=_whole(seen, "post_total_media_view_unique"),
        likes=_total(told, "reactions"),
        comments=_total(told, "comments"),
        shares=(told.get("shares") or {}).get("count"),
        clicks=_whole(seen, "post_clicks"),
        raw={**told, "insights": seen},
    )


async def _of_video(ask: Ask, number: str) -> Metrics | None:
    told = await _fields(ask, number, _OF_VIDEO)
    if told is None:
        return None
    # Without names all that there are come back: which those are depends on the kind of video.
    seen = await _insights(ask, f"/{number}/video_insights", {"period": "lifetime"})
    reactions, actions = _each(seen, "post_video_likes_by_reaction_type"), _each(seen, "post_video_social_actions")
    watched = _whole(seen, *_TIME)
    return Metrics(
        views=_whole(seen, *_PLAYS),
        reach=_whole(seen, *_REACH),
        likes=sum(reactions.values()) if reactions else _total(told, "likes"),
        comments=_total(told, "comments"),
        shares=actions.get("SHARE"),
        watch_seconds=watched / 1000 if watched is not None else None,
        raw={**told, "insights": seen},
    )


async def _fields(ask: Ask, number: str, fields: str) -> JsonObject | None:
    try:
        return (await ask("GET", f"/{number}", params={"fields": fields})).body
    except RejectedError as error:
        if is_gone(error):
            return None
        raise


async def _insights(ask: Ask, path: str, params: Mapping[str, str]) -> dict[str, Any]:
    try:
        told = (await ask("GET", path, params=params)).body
    except RejectedError:
        return {}  # not granted, or a page too small for insights: the other counts are known all the same
    return {str(one["name"]): (one.get("values") or [{}])[0].get("value") for one in told.get("data") or []}


def _total(told: JsonObject, name: str) -> int | None:
    return ((told.get(name) or {}).get("summary") or {}).get("total_count")


def _whole(seen: Mapping[str, Any], *names: str) -> int | None:
    return next((seen[name] for name in names if isinstance(seen.get(name), int)), None)


def _each(seen: Mapping[str, Any], name: str) -> dict[str, int]:
    told: Any = seen.get(name)
    return {str(key): int(value) for key, value in told.items()} if isinstance(told, dict) else {}
