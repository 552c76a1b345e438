"""Reading what became of a post on Meta's platforms."""

from datetime import datetime, timedelta
from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Absent, Found, Outgoing, Unreadable
from mediaposter.publishing.channels.meta.api import Ask
from mediaposter.publishing.connection import Check
from mediaposter.publishing.errors import ChannelError, RejectedError
from mediaposter.publishing.matching import same_text

__all__ = ["Ask", "find_comment", "find_listed", "find_published", "insights", "permalink", "quota"]
_EARLIER = timedelta(minutes=2)  # how far Meta's clock may be behind ours
_NEWEST = 50
# What proves that a container was not published (IG Container reference, 2026-11-23). IN_PROGRESS does not: that
# one is "still in the publishing process".
_UNPUBLISHED = ("FINISHED", "ERROR", "EXPIRED")


async def find_published(
    ask: Ask, outgoing: Outgoing, *, status: str, listing: str, text: str, words: str
) -> Found | Absent | Unreadable:
    """Ask the container that was to be published whether it was, and find the post in a listing if so."""
    if outgoing.prepared is None:
        return Absent(evidence="Nothing was prepared.")
    container = str(outgoing.prepared.data["container"])
    try:
        state = str((await ask("GET", f"/{container}", params={"fields": status})).body.get(status))
    except ChannelError as error:
        if not is_gone(error):
            return Unreadable(evidence=f"The container could not be read: {error.detail}", again=True)
        state = "gone"  # containers are cleared away after a day: then only the listing knows
    if state in _UNPUBLISHED:
        return Absent(evidence=f"The container {container} is {state}: it was not published.")
    # A story has no words: nothing tells it from another one, and after a day it is not listed any more either.
    if state != "PUBLISHED" and not (state == "gone" and words.strip()):
        return Unreadable(
            evidence=f"The container {container} is {state}, which proves nothing.", again=state != "gone"
        )
    found = await find_listed(ask, outgoing, listing=listing, text=text, words=words)
    if isinstance(found, Absent) and state == "PUBLISHED":
        return Unreadable(evidence=f"The container {container} was published; the post is not listed yet.", again=True)
    return found


async def find_listed(
    ask: Ask, outgoing: Outgoing, *, listing: str, text: str, words: str, when: str = "timestamp"
) -> Found | Absent | Unreadable:
    """Look for a post with the same words in a listing of the account, since the arming."""
    link = "permalink_url" if when == "created_time" else "permalink"
    asked = {"fields": f"id,{text},{link},{when}", "limit": str(_NEWEST)}
    try:
        listed: list[dict[str, Any]] = (await ask("GET", listing, params=asked)).body.get("data") or []
    except ChannelError as error:
        return Unreadable(evidence=f"The account's posts could not be read: {error.detail}", again=True)
    new = [one for one in listed if _since(outgoing, str(one[when]))]
    for one in new:
        theirs = str(one.get(text, ""))
        if str(one["id"]) not in outgoing.taken and (same_text(words, theirs) or words.strip() == theirs.strip()):
            number, url = str(one["id"]), one.get(link)
            return Found(
                external_id=number,
                url=str(url) if url else None,
                evidence=f"The account lists {number} with these words, of {one[when]}.",
                answer={"id": number},
            )
    if len(new) >= _NEWEST:
        return Unreadable(evidence=f"The account has more than {len(new)} posts since then; the newest are others.")
    return Absent(evidence=f"None of the account's {len(new)} posts since then is this one.")


async def find_comment(ask: Ask, outgoing: Outgoing, *, text: str, words: str) -> Found | Absent | Unreadable:
    """Look for the comment under the post that it goes under."""
    if outgoing.under is None:
        return Absent(evidence="There is no post to comment.")
    asked = {"fields": f"id,{text},from", "limit": str(_NEWEST)}
    try:
        path = f"/{outgoing.under.external_id}/comments"
        listed: list[dict[str, Any]] = (await ask("GET", path, params=asked)).body.get("data") or []
    except ChannelError as error:
        return Unreadable(evidence=f"The comments could not be read: {error.detail}", again=True)
    for one in listed:
        if str(one["id"]) not in outgoing.taken and same_text(words, str(one.get(text, ""))):
            return Found(external_id=str(one["id"]), evidence=f"The post has the comment {one['id']}.")
    if len(listed) >= _NEWEST:
        return Unreadable(evidence=f"The post has more than {len(listed)} comments; those that are read are others.")
    return Absent(evidence=f"None of the {len(listed)} comments is this one.")


async def permalink(ask: Ask, number: str, field: str) -> str | None:
    """Return where people see a post; None when it is not told, which fails nothing."""
    try:
        url = (await ask("GET", f"/{number}", params={"fields": field})).body.get(field)
    except ChannelError:
        return None
    return str(url) if url else None


async def insights(ask: Ask, number: str, names: str) -> dict[str, int] | None:
    """Return the counts that Meta has of a post; None when it is gone."""
    try:
        told = (await ask("GET", f"/{number}/insights", params={"metric": names})).body
    except RejectedError as error:
        if is_gone(error):
            return None
        raise
    counts: dict[str, int] = {}
    for one in told.get("data") or []:
        values: Any = one.get("values") or [one.get("total_value") or {}]
        value = values[0].get("value")
        if isinstance(value, int):
            counts[str(one["name"])] = value
    return counts


def quota(told: JsonObject, *, usual: int) -> list[Check]:
    """Return what Meta says of the posts of the day that are left."""
    one: dict[str, Any] = (told.get("data") or [{}])[0]
    used = int(one.get("quota_usage", 0))
    most = int((one.get("config") or {}).get("quota_total", usual))
    says = f"{used} of {most} posts of 24 hours are used."
    fix = "" if used < most else "Wait until the oldest post is a day old."
    return [Check("token", ok=True, says="The token is good."), Check("quota", ok=used < most, says=says, fix=fix)]


def is_gone(error: ChannelError) -> bool:
    return isinstance(error, RejectedError) and ((error.answer or {}).get("error") or {}).get("error_subcode") == 33


def _since(outgoing: Outgoing, told: str) -> bool:
    # Meta writes the zone as +0000.
    return outgoing.armed_at is None or datetime.strptime(told, "%Y-%m-%dT%H:%M:%S%z") >= outgoing.armed_at - _EARLIER
