"""What LinkedIn lets be read: the posts and comments of a page, who may post as what, and counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Absent, ChannelAccount, Found, Metrics, Outgoing, Unreadable
from mediaposter.publishing.channels.linkedin.api import ask, encoded
from mediaposter.publishing.channels.linkedin.wording import plain_of
from mediaposter.publishing.errors import ChannelError
from mediaposter.publishing.matching import same_text

_EARLIER = timedelta(minutes=2)  # how far LinkedIn's clock may be behind ours
_SAME_DAY = timedelta(days=1)  # LinkedIn refuses the same text that long: a like post of that time is ours from before
_PAGES = 5  # of 100 posts each, that a search reads
_POSTS_AS = ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN")
_FINDER = {"X-RestLi-Method": "FINDER"}
_MEMBER_COUNTS = ("IMPRESSION", "MEMBERS_REACHED", "REACTION", "COMMENT", "RESHARE")
MEMBER_READS = "r_member_social"
MEMBER_COUNTS = "r_member_postAnalytics"


def is_page(urn: str) -> bool:
    """Say whether a URN is that of a page and not of a person."""
    return urn.startswith("urn:li:organization:")


def granted(credentials: JsonObject) -> list[str]:
    """Return the scopes that were granted, nothing where LinkedIn did not say."""
    return str(credentials.get("scope") or "").replace(",", " ").split()


def is_readable(account: ChannelAccount) -> bool:
    """Say whether the account's posts may be read: a page's, or a member's with a permission that few apps have."""
    return is_page(account.external_id) or MEMBER_READS in granted(account.credentials)


def permalink(urn: str) -> str:
    """Return where people see a post."""
    return f"https://www.linkedin.com/feed/update/{urn}/"


def made_at(urn: str) -> datetime:
    """Return when a post was made: its number begins with the milliseconds since 1970."""
    return datetime.fromtimestamp((int(urn.rpartition(":")[2]) >> 22) / 1000, UTC)


async def find_post(outgoing: Outgoing, text: str) -> Found | Absent | Unreadable:
    """Look for a post with this text among the account's newest."""
    since, read = _since(outgoing), 0
    author = encoded(outgoing.account.external_id)
    for page in range(_PAGES):
        path = f"/rest/posts?author={author}&q=author&count=100&start={page * 100}&sortBy=CREATED"
        try:
            answer = await ask(outgoing.account.credentials, "GET", path, headers=_FINDER)
        except ChannelError as error:
            return Unreadable(evidence=f"The account's posts could not be read: {error.detail}", again=True)
        posts: list[dict[str, Any]] = answer.body.get("elements") or []  # type: ignore[assignment]
        read += len(posts)
        for post in posts:
            urn = str(post["id"])
            theirs = plain_of(str(post.get("commentary") or ""))
            alike = same_text(text, theirs) or not (text.strip() or theirs.strip())
            if _made(post) >= since and urn not in outgoing.taken and alike:
                evidence = f"LinkedIn lists {urn} with this text, made {_made(post):%Y-%m-%d %H:%M} UTC."
                return Found(external_id=urn, url=permalink(urn), evidence=evidence, answer={"id": urn})
        if len(posts) < 100 or min(map(_made, posts)) < since:
            return Absent(evidence=f"None of the account's {read} newest posts is this one.")
    return Unreadable(evidence=f"The account has more than {read} posts since then, and this is not among those.")


async def find_comment(outgoing: Outgoing, text: str) -> Found | Absent | Unreadable:
    """Look for the account's comment with this text under the post."""
    assert outgoing.under is not None
    above, since, read = outgoing.under.external_id, _since(outgoing), 0
    for page in range(_PAGES):
        path = f"/rest/socialActions/{encoded(above)}/comments?count=100&start={page * 100}"
        try:
            answer = await ask(outgoing.account.credentials, "GET", path)
        except ChannelError as error:
            return Unreadable(evidence=f"The comments could not be read: {error.detail}", again=True)
        comments: list[dict[str, Any]] = answer.body.get("elements") or []  # type: ignore[assignment]
        read += len(comments)
        for comment in comments:
            urn = str(comment.get("commentUrn") or comment["id"])
            theirs = str((comment.get("message") or {}).get("text") or "")
            mine = comment.get("actor") == outgoing.account.external_id and urn not in outgoing.taken
            if mine and _time((comment.get("created") or {}).get("time")) >= since and same_text(text, theirs):
                evidence = f"LinkedIn lists the comment {urn} with this text."
                return Found(external_id=urn, url=permalink(above), evidence=evidence, answer={"id": urn})
        if len(comments) < 100:
            return Absent(evidence=f"None of the {read} comments under the post is this one.")
    return Unreadable(evidence=f"There are more than {read} comments, and this one is not among those.")


async def pages_of(credentials: JsonObject) -> list[str]:
    """Return the URNs of the pages that the member may post as; none where the app may not read them."""
    path = "/rest/organizationAcls?q=roleAssignee&state=APPROVED&count=100"
    answer = await ask(credentials, "GET", path, headers=_FINDER, fine=(400, 403))
    roles: list[dict[str, Any]] = answer.body.get("elements") or [] if answer.status == 200 else []  # type: ignore[assignment]
    found = {
        str(one.get("organization") or one.get("organizationTarget")): None
        for one in roles
        if one.get("role") in _POSTS_AS
    }
    return [urn for urn in found if is_page(urn)]


async def counts_of_page(account: ChannelAccount, urn: str) -> Metrics | None:
    """Return the organic counts of a page's post of the last twelve months; None when it is gone."""
    field = "ugcPosts" if ":ugcPost:" in urn else "shares"
    path = (
        "/rest/organizationalEntityShareStatistics?q=organizationalEntity"
        f"&organizationalEntity={encoded(account.external_id)}&{field}=List({encoded(urn)})"
    )
    elements: Any = (await ask(account.credentials, "GET", path, headers=_FINDER)).body.get("elements") or []
    if not elements:
        there = await ask(account.credentials, "GET", f"/rest/posts/{encoded(urn)}", fine=(404,))
        return None if there.status == 404 else Metrics()
    told: dict[str, Any] = elements[0].get("totalShareStatistics") or {}
    return Metrics(
        impressions=told.get("impressionCount"),
        reach=told.get("uniqueImpressionsCount"),
        likes=told.get("likeCount"),
        comments=told.get("commentCount"),
        shares=told.get("shareCount"),
        clicks=told.get("clickCount"),
        raw=told,
    )


async def counts_of_member(account: ChannelAccount, urn: str) -> Metrics | None:
    """Return the counts of a member's post; all unknown without the permission for them, None when it is gone."""
    if MEMBER_COUNTS not in granted(account.credentials):
        return Metrics()
    kind = "ugc" if ":ugcPost:" in urn else "share"
    told: dict[str, int] = {}
    for name in _MEMBER_COUNTS:
        path = (
            f"/rest/memberCreatorPostAnalytics?q=entity&entity=({kind}:{encoded(urn)})"
            f"&queryType={name}&aggregation=TOTAL"
        )
        answer = await ask(account.credentials, "GET", path, headers=_FINDER, fine=(404,))
        if answer.status == 404:
            return None
        elements: Any = answer.body.get("elements") or []
        if elements and elements[0].get("count") is not None:
            told[name] = int(elements[0]["count"])
    return Metrics(
        impressions=told.get("IMPRESSION"),
        reach=told.get("MEMBERS_REACHED"),
        likes=told.get("REACTION"),
        comments=told.get("COMMENT"),
        shares=told.get("RESHARE"),
        raw=dict(told),
    )


def _since(outgoing: Outgoing) -> datetime:
    if outgoing.armed_at is None:
        return datetime.min.replace(tzinfo=UTC)
    return outgoing.armed_at - (_SAME_DAY if outgoing.attempt > 1 else _EARLIER)


def _made(post: dict[str, Any]) -> datetime:
    return _time(post.get("createdAt") or post.get("publishedAt"))


def _time(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(float(milliseconds or 0) / 1000, UTC)
