"""Reading Blotato's lists: accounts, posts, boards, counts."""

from collections.abc import Sequence
from typing import Any, cast

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
from mediaposter.publishing.channels.blotato.siblings import Sibling, username_of
from mediaposter.publishing.connection import Check, Identity
from mediaposter.publishing.matching import same_text

WITH_PAGES = ("facebook", "linkedin")
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
    outgoing: Outgoing, listed: Sequence[dict[str, Any]], siblings: Sequence[Sibling], *, words: str
) -> Found | Absent | Unreadable:
    """Look through a list of posts for this one.

    The list names the platform, the words and the address of each post, and not its account: a post with the same words
    may be that of another account of the key, until that one is known to have an address of its own.
    """
    platform = outgoing.target.get("platform")
    alike = [
        post
        for post in listed
        if post.get("platform") == platform
        and _same(words, str(post.get("text", "")))
        and _id(post) not in outgoing.taken
    ]
    others = {one.url for one in siblings if one.url} | {one.external_id for one in siblings if one.external_id}
    public = [post for post in alike if _state(post) == "published"]
    left = [post for post in public if _id(post) not in others and _url(post) not in others]
    username = username_of(outgoing.account.handle)
    names = [one.username for one in siblings if one.username.lower() != username.lower()]
    left = [post for post in left if not any(_names(post, name) for name in names)]
    mine = [post for post in left if _names(post, username)]
    if mine or (left and not siblings):
        # The list is newest first.
        return _found((mine or left)[-1], "it")
    known = {_url(post) for post in public} | {_id(post) for post in public}
    doubtful = sum(one.url is None and one.external_id not in known for one in siblings)
    if len(left) > doubtful:
        return _found(left[-1], f"each of {doubtful + 1} posts with these words" if doubtful else "it")
    if left:
        return Unreadable(
            evidence=f"Blotato lists {len(left)} posts with these words, and {doubtful} other accounts of the key post "
            "the same. It does not say which is whose.",
            again=True,
        )
    failed = [post for post in alike if _state(post) == "failed"]
    if len(failed) == 1 and not siblings:
        return Absent(evidence=f"The platform refused it: {_told(failed[0]).get('errorMessage') or 'no reason given'}")
    return Absent(evidence=f"None of the {len(listed)} posts of the key on {platform} since then is this one.")


def published_id(listed: Sequence[dict[str, Any]], url: str | None) -> str | None:
    """Return Blotato's id of the post with this address: its counts are found under it."""
    return next((_id(post) for post in listed if url and _url(post) == url), None)


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


def metrics(told: JsonObject) -> Metrics:
    """Return the newest counts: each field is optional, and numbers come as strings."""
    newest: Any = told
    for name in ("latestMetrics", "latestSnapshot", "snapshots", "items"):
        if told.get(name):
            newest = told[name]
            break
    if isinstance(newest, list):
        snapshots = cast("list[dict[str, Any]]", newest)
        newest = max(snapshots, key=lambda one: str(one.get("fetchedAt", "")))
    newest = newest.get("metrics") or newest

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


def _found(post: dict[str, Any], what: str) -> Found:
    return Found(external_id=_id(post), url=_url(post), evidence=f"Blotato lists {what} as published: {_id(post)}.")


def _same(ours: str, theirs: str) -> bool:
    return same_text(ours, theirs) or ours.strip() == theirs.strip()


def _told(post: dict[str, Any]) -> dict[str, Any]:
    state: Any = post.get("state")
    return state if isinstance(state, dict) else {}


def _state(post: dict[str, Any]) -> str:
    return str(_told(post).get("type", ""))


def _id(post: dict[str, Any]) -> str:
    return str(post.get("id", ""))


def _url(post: dict[str, Any]) -> str | None:
    url = _told(post).get("postUrl")
    return str(url) if url else None


def _names(post: dict[str, Any], username: str) -> bool:
    """Whether the address of a post names this account, as those of most platforms do."""
    parts = (_url(post) or "").lower().split("/")
    return bool(username) and (username.lower() in parts or f"@{username.lower()}" in parts)
