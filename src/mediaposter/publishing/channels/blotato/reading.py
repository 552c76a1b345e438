"""Reading Blotato's lists: accounts, submissions, boards, counts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Metrics,
    Outgoing,
    Unreadable,
)
from mediaposter.publishing.channels.blotato.rules import PLATFORMS
from mediaposter.publishing.connection import Check, Identity
from mediaposter.publishing.matching import same_text

WITH_PAGES = ("facebook", "linkedin")
_EARLIER = timedelta(minutes=2)  # how far Blotato's clock may be behind ours
# What the platforms' refusals mean (help.blotato.com, Errors): a part of the message in lower case, and the mend.
_MENDS = (
    ("url ownership", "TikTok takes the file only from Blotato: retry, and it is brought up anew."),
    (
        "reached_active_user_cap",
        "TikTok holds a young account back: post by hand for some days, then retry.",
    ),
    ("upload count", "YouTube's uploads of the day are used up: retry tomorrow."),
    ("exceeded the number of videos", "YouTube's uploads of the day are used up: retry tomorrow."),
    ("threads api", "Link the Threads profile with its Instagram account and use it by hand for some days."),
    ("aspect ratio", "Use a shape that the platform takes: `mediaposter check FILE --accounts ACCOUNT`."),
    ("format", "Use an MP4 with H.264 and AAC, or a JPEG."),
    ("dimension", "Use a size that the platform takes: `mediaposter check FILE --accounts ACCOUNT`."),
    ("metadata", "The platform could not read the file: retry it."),
    ("fetch", "The platform could not fetch the file: retry it."),
    ("duplicate", "The account has posted this before: change the words, then retry."),
    ("credit", "Buy credits at my.blotato.com, then retry."),
    ("reconnect", "Connect the account again at my.blotato.com, then retry."),
    ("token", "Connect the account again at my.blotato.com, then retry."),
    ("servers", "A fault of the platform: retry it later."),
)


def items(told: JsonObject) -> list[dict[str, Any]]:
    """Return the entries of a list, whichever way it is wrapped."""
    for name in ("items", "posts", "data", "body"):
        if isinstance(told.get(name), list):
            return told[name]
    return []


def identities(one: dict[str, Any], pages: Sequence[dict[str, Any]], credentials: JsonObject) -> list[Identity]:
    """Return what may be posted as by way of one connected account: itself, or its pages."""
    platform, number = str(one["platform"]), str(one["id"])
    if platform not in PLATFORMS:
        return []
    handle = str(one.get("username") or one.get("fullname") or number)
    target: JsonObject = {"platform": platform, "account": number}
    shown = f"{platform}.{handle}".removeprefix("@")
    own = Identity(number, shown, str(one.get("fullname") or handle), credentials, target=target)
    of_pages = [
        Identity(
            f"{number}/{page['id']}",
            f"{platform}.{page.get('name') or page['id']}",
            str(page.get("name") or page["id"]),
            credentials,
            target={**target, "page": str(page["id"])},
        )
        for page in pages
    ]
    # On Facebook only pages may be posted as.
    return of_pages if platform == "facebook" else [own, *of_pages]


def confirmation(submission: str, told: JsonObject) -> Confirmation:
    """Return what Blotato's word on a submission means."""
    match told.get("status"):
        case "published":
            url = told.get("publicUrl")
            return Confirmation(
                state=ConfirmState.PUBLISHED, external_id=submission, url=str(url) if url else None, answer=told
            )
        case "failed":
            reason = str(told.get("errorMessage") or "no reason given")
            return Confirmation(
                state=ConfirmState.FAILED, reason=f"Blotato says: {reason}", fix=_mend(reason), answer=told
            )
        case _:
            return Confirmation(state=ConfirmState.PROCESSING, answer=told)


def find(
    outgoing: Outgoing, told: JsonObject, *, account: str, page: str | None, text: str
) -> Found | Absent | Unreadable:
    """Look through a list of posts for this one: of the same account there, the same page, with the same words."""
    listed = items(told)
    if not listed and not any(isinstance(value, list) for value in told.values()):
        return Unreadable(evidence="Blotato's list of posts has a shape that is not understood.")
    new = [post for post in listed if _since(outgoing, post)]
    for post in new:
        number = str(post.get("postSubmissionId") or post.get("id"))
        inner: dict[str, Any] = post.get("post") or post
        words = str((inner.get("content") or inner).get("text", ""))
        alike = same_text(text, words) or text.strip() == words.strip()
        if number in outgoing.taken or str(inner.get("accountId", "")) != account or not alike:
            continue
        if "target" not in inner and outgoing.target.get("platform") in WITH_PAGES:
            return Unreadable(evidence=f"Blotato lists {number} with these words and does not say for which page.")
        if (inner.get("target") or {}).get("pageId") != page:
            continue
        if post.get("status") == "failed":
            reason = str(post.get("errorMessage") or "no reason given")
            return Absent(evidence=f"Blotato took it as {number} and the platform refused it: {reason}")
        if post.get("status") != "published":
            return Unreadable(evidence=f"Blotato has it as {number}, {post.get('status')}.", again=True)
        url = post.get("publicUrl")
        return Found(
            external_id=number,
            url=str(url) if url else None,
            evidence=f"Blotato lists it as {number}.",
            answer={"postSubmissionId": number},
        )
    return Absent(evidence=f"None of the key's {len(new)} posts since then is this one.")


def checks(account: ChannelAccount, told: JsonObject) -> list[Check]:
    """Return whether the account is still connected at Blotato."""
    made = [Check("token", ok=True, says="The key is good.")]
    number = str(account.target.get("account", ""))
    if any(str(one.get("id")) == number for one in items(told)):
        return [*made, Check("target", ok=True, says=f"Account {number} is connected at Blotato.")]
    fix = "Connect it at my.blotato.com, then: mediaposter accounts sync blotato"
    return [*made, Check("target", ok=False, says=f"Account {number} is not connected at Blotato.", fix=fix)]


def boards(account: ChannelAccount, told: JsonObject) -> list[Check]:
    """Return whether the chosen board is there, and those that are."""
    known = {str(one.get("id")): str(one.get("name", "")) for one in items(told)}
    chosen = str(account.target.get("board", ""))
    names = ", ".join(f"{name} ({number})" for number, name in known.items()) or "none"
    if chosen in known:
        return [Check("target", ok=True, says=f"It posts to the board {known[chosen]}.")]
    fix = f"Choose one: mediaposter accounts set {account.id} board={next(iter(known), 'ID')}"
    return [Check("target", ok=False, says=f"No board of its own is chosen. There are: {names}.", fix=fix)]


def metrics(told: JsonObject) -> Metrics | None:
    """Return the newest counts: each field is optional, and numbers come as strings."""
    newest: Any = told.get("metrics") or told.get("analytics") or told
    if isinstance(newest, list):
        newest = newest[-1] if newest else {}

    def count(*names: str) -> int | None:
        for name in names:
            value = newest.get(name)
            if value is not None and str(value).replace(".", "", 1).isdigit():
                return int(float(value))
        return None

    return Metrics(
        views=count("viewsCount", "views"),
        impressions=count("impressionsCount", "impressions"),
        reach=count("reachCount", "reach"),
        likes=count("likesCount", "likes"),
        comments=count("commentsCount", "comments"),
        shares=count("sharesCount", "shares", "twitterRetweetsCount"),
        saves=count("savesCount", "saves"),
        clicks=count("clicksCount", "clicks"),
        raw=told,
    )


def _mend(reason: str) -> str:
    lower = reason.lower()
    return next((mend for part, mend in _MENDS if part in lower), "See my.blotato.com/failed, mend it, then retry.")


def _since(outgoing: Outgoing, post: dict[str, Any]) -> bool:
    told = str(post.get("createdAt") or post.get("created_at") or "")
    if outgoing.armed_at is None or not told:
        return True
    made = datetime.fromisoformat(told)
    return (made if made.tzinfo else made.replace(tzinfo=UTC)) >= outgoing.armed_at - _EARLIER
