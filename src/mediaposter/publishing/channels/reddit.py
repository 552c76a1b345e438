"""Reddit: text, link, picture or video posts to a subreddit, and a first comment.

Errors come inside answers of 200. A post with media is answered by the address of a websocket only; its id is found
among the account's newest posts, so the handle of such a post is a job until `confirm` has found it.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Literal

import httpx
import regex
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Metrics,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RejectedError
from mediaposter.publishing.matching import same_text
from mediaposter.publishing.materials import Material, materials, poster
from mediaposter.publishing.models import Kind
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://www.reddit.com/dev/api/#POST_api_submit"
_WAIT = regex.compile(r"(\d+)\s*(millisecond|second|minute|hour|day)")
_SECONDS = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600, "day": 86400}
_EARLIER = timedelta(minutes=2)  # how far Reddit's clock may be behind ours
_JOB = "submitted:"  # begins the id of a handle whose post Reddit has not named yet


class RedditSettings(ChannelSettings):
    """Settings of the `reddit` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_REDDIT_")

    base_url: str = Field(default="https://oauth.reddit.com", description="Reddit's API.")
    client_id: str | None = Field(default=None, description="Id of your app, from reddit.com/prefs/apps (web app).")
    client_secret: SecretStr | None = Field(default=None, description="Secret of your app.")
    user_agent: str = Field(
        default="web:mediaposter:0.1",
        description="How requests name themselves; Reddit wants PLATFORM:APP:VERSION. The account's name is added.",
    )


class RedditTarget(BaseModel):
    """Where and how a post is submitted."""

    model_config = ConfigDict(extra="forbid")

    subreddit: str = Field(
        pattern=r"^(?:u_)?[A-Za-z0-9_-]{2,25}$", description="Name without r/; u_NAME for a profile."
    )
    kind: Literal["self", "link", "image", "video"] | None = Field(
        default=None, description="Else by what the post has: its media, its link, its text."
    )
    flair_id: str | None = Field(default=None, description="Id of a flair of the subreddit; some demand one.")
    flair_text: str | None = Field(default=None, max_length=64, description="Text of a flair that may be edited.")
    nsfw: bool = False
    spoiler: bool = False
    resubmit: bool = Field(default=False, description="Submit a link that the subreddit has already.")
    send_replies: bool = Field(default=True, description="Send replies to the account's inbox.")


def _complaint(answer: Answer) -> Complaint:
    """Read `json.errors` of a 200, and the other shapes: `{reason, explanation}` and `{message, error}`."""
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    inner = told.get("json")
    listed: Any = (inner.get("errors") if isinstance(inner, dict) else None) or []
    if listed:
        code, message = str(listed[0][0]), str(listed[0][1]) if len(listed[0]) > 1 else ""
        exact = inner.get("ratelimit") if isinstance(inner, dict) else None
        after = timedelta(seconds=float(exact)) if exact else _wait(message)
        return Complaint(code, message, after if code == "RATELIMIT" else None)
    message = str(told.get("explanation") or told.get("message") or answer.text[:200])
    return Complaint(str(told.get("reason") or ""), message)


def _wait(message: str) -> timedelta | None:
    found = _WAIT.search(message.lower())
    return timedelta(seconds=(int(found[1]) + 1) * _SECONDS[found[2]]) if found else None


PLATFORM = Platform(
    "reddit",
    errors=(
        ErrorRule(Means.LATER, code="RATELIMIT", after=600),
        ErrorRule(Means.LATER, status=429),
        ErrorRule(Means.RECONNECT, code="USER_REQUIRED"),
        ErrorRule(Means.REJECTED, code="ALREADY_SUB", fix="The subreddit has this link: set `resubmit`, or leave it."),
        ErrorRule(Means.REJECTED, code="SUBREDDIT_NOEXIST", fix="Check the subreddit's name: there is none such."),
        ErrorRule(
            Means.REJECTED,
            code="SUBREDDIT_NOTALLOWED",
            fix="Join the subreddit or ask its moderators: they choose who posts.",
        ),
        ErrorRule(Means.REJECTED, code="SUBREDDIT_REQUIRED", fix="Set `subreddit` in the account's target."),
        ErrorRule(Means.REJECTED, code="NO_LINKS", fix="The subreddit takes texts only: set `kind=self`."),
        ErrorRule(Means.REJECTED, code="NO_SELFS", fix="The subreddit takes links only: give the post a link."),
        ErrorRule(Means.REJECTED, code="NO_IMAGES", fix="The subreddit takes no pictures: choose another one."),
        ErrorRule(Means.REJECTED, code="NO_VIDEOS", fix="The subreddit takes no videos: choose another one."),
        ErrorRule(
            Means.REJECTED,
            code="SUBMIT_VALIDATION_FLAIR_REQUIRED",
            fix="The subreddit demands a flair: set `flair_id` in the account's target.",
        ),
        ErrorRule(Means.REJECTED, code="BAD_FLAIR_TEMPLATE_ID", fix="Check `flair_id`: the subreddit has none such."),
        ErrorRule(Means.REJECTED, code="TOO_LONG", fix="Shorten the title to 300 characters, the text to 10,000."),
        ErrorRule(Means.REJECTED, code="NO_TEXT", fix="Write a title."),
        ErrorRule(Means.REJECTED, code="DOMAIN_BANNED", fix="Reddit refuses this link's site: take the link out."),
        ErrorRule(Means.REJECTED, code="THREAD_LOCKED", fix="The post is locked: nobody can comment there."),
        ErrorRule(Means.REJECTED, code="DELETED_LINK", fix="The post is deleted: nobody can comment there."),
        ErrorRule(
            Means.REJECTED, status=403, fix="The account may not post there: look for a ban, karma or approval rules."
        ),
        ErrorRule(Means.REJECTED, status=200, fix="Follow what the subreddit's rule says, then retry."),
    ),
    reads=_complaint,
)


class RedditChannel:
    """Submits to one subreddit for each account; put others into the target of a post."""

    name: ClassVar[str] = "reddit"
    title: ClassVar[str] = "Reddit"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            title_max=300, title_required=True, description_max=10_000, first_comment=True, comment_max=10_000
        ),
        media=MediaRules(
            videos_max=1,
            images_max=1,
            duration_min=2,
            duration_max=900,
            size_max=1_000_000_000,
            image=ImageRules(formats=("mjpeg", "png", "gif"), size_max=20_000_000),
        ),
        limits=(Limit(1, 2, source="https://support.reddithelp.com/hc/en-us/articles/16160319875092"),),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    # A video is listed only once it is processed: before that its absence proves nothing.
    timing: ClassVar[Timing] = Timing(settle=1800, poll=5, confirm=1800)
    settings: ClassVar[type[RedditSettings]] = RedditSettings
    target: ClassVar[type[RedditTarget]] = RedditTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://www.reddit.com/api/v1/authorize",
        token_url="https://www.reddit.com/api/v1/access_token",  # noqa: S106 - an address
        scopes=("identity", "submit", "read", "history"),
        pkce=False,
        basic_auth=True,
        authorize_params={"duration": "permanent"},
        help_url="https://www.reddit.com/prefs/apps",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload the media to Reddit's storage."""
        target = outgoing.target_as(RedditTarget)
        if outgoing.kind is Kind.COMMENT:
            return Prepared()
        files = await materials(outgoing, self.rules)
        kind = target.kind or _kind(outgoing, files)
        if kind in ("image", "video") and not (files and files[0].is_video == (kind == "video")):
            raise RejectedError(f"The post has no {kind}.", fix="Take `kind` out of the target, or change the media.")
        data: dict[str, object] = {"kind": kind}
        if kind in ("image", "video"):
            data["url"] = await _upload(outgoing.account, files[0])
        if kind == "video":
            data["poster"] = await _upload(outgoing.account, await poster(outgoing, files[0]))
        return Prepared(data=data)

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Submit the post or the comment."""
        comment = outgoing.kind is Kind.COMMENT
        path, form = (
            ("/api/comment", _comment(outgoing)) if comment else ("/api/submit", _submission(outgoing, prepared))
        )
        answer = await _ask(outgoing.account, "POST", path, creating=True, data=form)
        told = answer.body.get("json")
        if not isinstance(told, dict):
            raise OutcomeUnknownError("reddit answered without saying what became of it.", answer=answer.kept())
        if told.get("errors"):
            raise PLATFORM.judge(answer, creating=True)
        data: dict[str, Any] = told.get("data") or {}
        if comment:
            things = data.get("things") or [{}]
            data = things[0].get("data") or {}
        if data.get("name"):
            number = str(data["name"])
            return Handle(external_id=number, url=_shown(data), answer={"name": number})
        if comment or "user_submitted_page" not in data:
            raise OutcomeUnknownError("reddit answered without an id.", answer=answer.kept())
        return Handle(external_id=f"{_JOB}{outgoing.id}", answer={"kind": prepared.data.get("kind")})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Read the post back; one with media is looked for until Reddit has made it."""
        if not handle.external_id.startswith(_JOB):
            return await _read(outgoing, handle)
        found = await self.find(outgoing)
        if isinstance(found, Found):
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=found.external_id, url=found.url)
        return Confirmation(state=ConfirmState.PROCESSING)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the same title and text in the subreddit among the account's newest posts."""
        listing = "comments" if outgoing.kind is Kind.COMMENT else "submitted"
        path = f"/user/{outgoing.account.handle.removeprefix('u/')}/{listing}"
        asked = {"sort": "new", "limit": "100", "raw_json": "1"}
        try:
            answer = await _ask(outgoing.account, "GET", path, params=asked)
        except ChannelError as error:
            return Unreadable(evidence=f"The account's posts could not be read: {error.detail}", again=True)
        children: list[dict[str, Any]] = (answer.body.get("data") or {}).get("children") or []
        since = (outgoing.armed_at - _EARLIER).timestamp() if outgoing.armed_at else 0.0
        posts = [child["data"] for child in children]
        for post in posts:
            new = float(post.get("created_utc", 0)) >= since and post["name"] not in outgoing.taken
            if new and _is_ours(outgoing, post):
                url = f"https://www.reddit.com{post['permalink']}"
                return Found(external_id=post["name"], url=url, evidence=f"Reddit lists {post['name']} with this text.")
        oldest = min((float(post.get("created_utc", 0)) for post in posts), default=0.0)
        if len(posts) >= 100 and oldest > since:
            return Unreadable(evidence="The account has more than 100 posts since then, and Reddit lists no more.")
        return Absent(evidence=f"Of the account's {len(posts)} newest posts none is this one.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the account that gave its permission."""
        me = (await _call(credentials, "", "GET", "/api/v1/me", params={"raw_json": "1"})).body
        name = str(me["name"])
        return [Identity(f"t2_{me['id']}", name, name, credentials, str(credentials.get("scope", "")).split())]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good and whether the subreddit is there."""
        try:
            me = (await _ask(account, "GET", "/api/v1/me")).body
        except ChannelError as error:
            return [check_of(error)]
        if me.get("is_suspended"):
            says = "Reddit has suspended the account."
            return [Check("token", ok=False, says=says, fix="Appeal at reddit.com/appeals.")]
        return [Check("token", ok=True, says=f"Signed in as u/{me.get('name')}."), await _subreddit(account)]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return score and comments; Reddit counts views for the author's eyes only."""
        posts = await _info(account, external_id)
        if not posts:
            return None
        post = posts[0]
        names = ("score", "ups", "upvote_ratio", "num_comments", "num_crossposts", "removed_by_category")
        return Metrics(
            likes=post.get("score"),
            comments=post.get("num_comments"),
            shares=post.get("num_crossposts"),
            raw={name: post.get(name) for name in names},
        )


def _kind(outgoing: Outgoing, files: Sequence[Material]) -> str:
    if files:
        return "video" if files[0].is_video else "image"
    return "link" if outgoing.copy.link else "self"


def _text(outgoing: Outgoing, kind: object) -> str:
    copy = outgoing.copy.model_copy(update={"link": None}) if kind == "link" else outgoing.copy
    return caption(copy, RedditChannel.rules.text)


def _submission(outgoing: Outgoing, prepared: Prepared) -> dict[str, str]:
    target = outgoing.target_as(RedditTarget)
    kind = str(prepared.data["kind"])
    form = {
        "api_type": "json",
        "kind": kind,
        "sr": target.subreddit,
        "title": outgoing.copy.title.strip(),
        "nsfw": _spelt(target.nsfw),
        "spoiler": _spelt(target.spoiler),
        "resubmit": _spelt(target.resubmit),
        "sendreplies": _spelt(target.send_replies),
    }
    text = _text(outgoing, kind)
    if text:
        form["text"] = text
    if kind == "link":
        form["url"] = outgoing.copy.link or ""
    if kind in ("image", "video"):
        form["url"] = str(prepared.data["url"])
    if kind == "video":
        form["video_poster_url"] = str(prepared.data["poster"])
    if target.flair_id:
        form["flair_id"] = target.flair_id
    if target.flair_text:
        form["flair_text"] = target.flair_text
    return form


def _comment(outgoing: Outgoing) -> dict[str, str]:
    assert outgoing.under is not None
    return {"api_type": "json", "thing_id": outgoing.under.external_id, "text": _text(outgoing, "self")}


def _spelt(value: bool) -> str:
    return "true" if value else "false"


def _is_ours(outgoing: Outgoing, post: dict[str, Any]) -> bool:
    if outgoing.kind is Kind.COMMENT:
        return outgoing.under is not None and (
            post.get("link_id") == outgoing.under.external_id
            and same_text(_text(outgoing, "self"), post.get("body", ""))
        )
    target = outgoing.target_as(RedditTarget)
    kind = (outgoing.prepared.data.get("kind") if outgoing.prepared else None) or target.kind
    text, theirs = (
        _text(outgoing, kind or ("link" if outgoing.copy.link and not outgoing.asset_ids else None)),
        post.get("selftext", ""),
    )
    return (
        str(post.get("subreddit", "")).lower() == target.subreddit.lower()
        and same_text(outgoing.copy.title, post.get("title", ""))
        and (not theirs or same_text(text, theirs))  # not every subreddit keeps the text beside media
    )


async def _read(outgoing: Outgoing, handle: Handle) -> Confirmation:
    posts = await _info(outgoing.account, handle.external_id)
    if not posts:
        return Confirmation(state=ConfirmState.PROCESSING)
    post = posts[0]
    removed = post.get("removed_by_category")
    if removed:
        return Confirmation(
            state=ConfirmState.FAILED,
            external_id=handle.external_id,
            reason=f"Reddit shows it as removed ({removed}).",
            fix="Read the subreddit's rules or ask its moderators; a new post may be removed as well.",
            answer={"removed_by_category": removed},
        )
    return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=_shown(post) or handle.url)


async def _info(account: ChannelAccount, name: str) -> list[dict[str, Any]]:
    answer = await _ask(account, "GET", "/api/info", params={"id": name, "raw_json": "1"})
    return [child["data"] for child in (answer.body.get("data") or {}).get("children") or []]


def _shown(data: dict[str, Any]) -> str | None:
    if data.get("permalink"):
        return f"https://www.reddit.com{data['permalink']}"
    url = data.get("url")
    return str(url) if url else None


async def _upload(account: ChannelAccount, material: Material) -> str:
    """Put a file into Reddit's storage and return its address there."""
    form = {"filepath": material.filename, "mimetype": material.mime}
    lease: dict[str, Any] = (await _ask(account, "POST", "/api/media/asset.json", data=form)).body["args"]  # type: ignore[assignment]
    action = str(lease["action"])
    action = f"https:{action}" if action.startswith("//") else action
    fields = {str(one["name"]): str(one["value"]) for one in lease["fields"]}
    with material.path.open("rb") as file:
        sent = {"file": (material.filename, file, material.mime)}
        await PLATFORM.ask("POST", action, data=fields, files=sent, timeout=1500)
    return str(httpx.URL(action).join("/" + fields["key"].lstrip("/")))


async def _subreddit(account: ChannelAccount) -> Check:
    name = account.target.get("subreddit")
    fix = "Set `subreddit` in the account's target to one where the account may post."
    if not name:
        return Check("target", ok=False, says="No subreddit is set.", fix=fix)
    try:
        about: Any = (await _ask(account, "GET", f"/r/{name}/about")).body.get("data")
    except ChannelError as error:
        return Check("target", ok=False, says=f"r/{name} cannot be read: {error.detail}", fix=fix)
    if not isinstance(about, dict) or about.get("user_is_banned"):
        return Check("target", ok=False, says=f"The account may not post in r/{name}.", fix=fix)
    return Check("target", ok=True, says=f"r/{name} is there.")


async def _ask(account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    return await _call(account.credentials, account.handle, method, path, creating=creating, **request)


async def _call(
    credentials: JsonObject, handle: str, method: str, path: str, *, creating: bool = False, **request: Any
) -> Answer:
    settings = RedditSettings()
    by = f" (by /u/{handle.removeprefix('u/')})" if handle else ""
    return await PLATFORM.ask(
        method,
        f"{settings.base_url.rstrip('/')}{path}",
        creating=creating,
        token=str(credentials["access_token"]),
        headers={"User-Agent": f"{settings.user_agent}{by}"},
        **request,
    )
