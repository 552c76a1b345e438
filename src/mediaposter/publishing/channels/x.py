"""X: posts of text, up to four pictures or a video, threads and a first comment, by API v2.

Every post costs, more when it carries a link. X refuses a text that the account posted before, so a refused repetition
of a second attempt says that the first one may be public: the account is then read.
"""

import asyncio
import html
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Literal

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
from mediaposter.publishing.connection import Check, Identity, OAuth
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import (
    ChannelError,
    OutcomeUnknownError,
    ReconnectNeededError,
    RejectedError,
    RetryLaterError,
)
from mediaposter.publishing.matching import same_text
from mediaposter.publishing.materials import Material, chunks, materials
from mediaposter.publishing.models import Kind
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import (
    ChannelRules,
    ImageRules,
    Limit,
    LimitScope,
    MediaRules,
    Price,
    TextRules,
    caption,
)

_DOCS = "https://docs.x.com/x-api/posts/create-posts"
_LIMITS = "https://docs.x.com/x-api/fundamentals/rate-limits"
_EARLIER = timedelta(minutes=2)  # how far X's clock may be behind ours
_SAME_DAY = timedelta(days=1)  # X refuses the same text that long: a like post of that time is ours from before
_PAGES = 5  # of 100 posts each, that `find` reads
_PIECE = 4 << 20  # bytes; an append takes 5 MB at most
_SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
_PREMIUM = ("Basic", "Premium", "PremiumPlus")
_SHORT = regex.compile(r"https?://t\.co/\w+")
_CREDITS = "Buy credits or raise the spending limit at console.x.com; the post is sent by itself then."
_DUPLICATE = "duplicate content"


class XSettings(ChannelSettings):
    """Settings of the `x` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_X_")

    base_url: str = Field(default="https://api.x.com", description="X's API.")
    client_id: str | None = Field(default=None, description="OAuth 2.0 client id, from console.x.com.")
    client_secret: SecretStr | None = Field(
        default=None, description="OAuth 2.0 client secret of a confidential app (type: Web App)."
    )
    post_micros: int = Field(
        default=15_000, ge=0, description="What one post costs, in millionths of a US dollar; 0 on a legacy plan."
    )
    link_post_micros: int = Field(
        default=200_000, ge=0, description="What one post with a link costs, in millionths of a US dollar."
    )


class XTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    premium: bool = Field(default=False, description="The account pays for Premium: texts of 25,000 instead of 280.")
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = Field(
        default=None, description="Who may reply; everybody without it."
    )
    paid_partnership: bool = Field(default=False, description="Label the post as a paid promotion.")


def _complaint(answer: Answer) -> Complaint:
    """Read a problem (`title`, `detail`, `type`, `errors`) and which of the limits is used up, from the headers."""
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    errors: Any = told.get("errors")
    first: dict[str, Any] = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    parts = (told.get("detail") or told.get("error_description"), first.get("message") or first.get("detail"))
    message = " ".join(str(part) for part in parts if part) or str(told.get("error") or answer.text[:200])
    kind = str(told.get("type") or first.get("type") or "").rpartition("/")[2]
    code = kind if kind and kind != "about:blank" else str(told.get("title") or first.get("title") or "")
    return Complaint(code, message, _until_reset(answer) if answer.status == 429 else None)


def _until_reset(answer: Answer) -> timedelta | None:
    """Return how long the day's limit of the user or the app asks to wait, where one of them is used up."""
    for whose in ("user", "app"):
        name = f"x-{whose}-limit-24hour"
        if answer.headers.get(f"{name}-remaining") == "0" and answer.headers.get(f"{name}-reset", "").isdigit():
            reset = datetime.fromtimestamp(int(answer.headers[f"{name}-reset"]), UTC)
            return max(timedelta(0), reset - datetime.now(UTC))
    return None


PLATFORM = Platform(
    "x",
    errors=(
        ErrorRule(Means.LATER, status=402, after=3600, fix=_CREDITS),
        ErrorRule(Means.LATER, code="credits", after=3600, fix=_CREDITS),
        ErrorRule(Means.LATER, code="usage-capped", after=86_400, fix=_CREDITS),
        ErrorRule(Means.LATER, status=429),
        ErrorRule(
            Means.REJECTED,
            status=403,
            says=_DUPLICATE,
            fix="The account has posted this text already: change the words, then retry.",
        ),
        ErrorRule(Means.RECONNECT, status=403, code="oauth2-permissions"),
        ErrorRule(
            Means.REJECTED,
            code="client-forbidden",
            fix="Put the app into a project with access to API v2 at console.x.com, then connect the account again.",
        ),
        ErrorRule(
            Means.REJECTED,
            status=403,
            says="scope",
            fix="Connect the account again and grant all that is asked: mediaposter accounts connect x",
        ),
        ErrorRule(
            Means.REJECTED,
            status=403,
            says="locked",
            fix="X has locked the account: sign in at x.com and follow what it asks, then retry.",
        ),
        ErrorRule(
            Means.REJECTED, status=403, says="suspended", fix="X has suspended the account: appeal at help.x.com."
        ),
        ErrorRule(Means.REJECTED, says="cashtag", fix="Keep one cashtag ($ABC) at most in a post."),
        ErrorRule(Means.REJECTED, says="too long", fix="Shorten the text to 280; with Premium set `premium=true`."),
        ErrorRule(
            Means.REJECTED,
            says="not visible to you",
            fix="The post above was deleted or is protected: nothing can go under it.",
        ),
        ErrorRule(
            Means.REJECTED,
            says="media id",
            fix="The upload has expired or X could not use it: retry, and it is uploaded anew.",
        ),
        ErrorRule(
            Means.REJECTED,
            status=403,
            fix="X does not let this account post this: look at x.com for a restriction, and take links and mentions "
            "out.",
        ),
        ErrorRule(Means.REJECTED, status=413, fix="Make the file smaller: videos to 512 MB, pictures to 5 MB."),
        ErrorRule(Means.REJECTED, status=400, fix="Read what X says and change the text or the media."),
    ),
    reads=_complaint,
)


class XChannel:
    """One post, and those of a thread as replies to the one before."""

    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.X_WEIGHTED,
            description_max=280,
            first_comment=True,
            thread_max=24,
            alt_text_max=1000,
        ),
        media=MediaRules(
            images_max=4,
            duration_min=0.5,
            duration_max=140,
            size_max=512_000_000,
            width_min=32,
            height_min=32,
            width_max=1280,
            height_max=1280,
            ratio_min=1 / 3,
            ratio_max=3,
            fps_max=60,
            image=ImageRules(formats=("mjpeg", "png", "webp"), size_max=5_000_000),
        ),
        limits=(
            Limit(50, 1800, source="https://help.x.com/en/rules-and-policies/x-limits"),
            Limit(100, 900, source=_LIMITS),
            Limit(2400, 86_400, source="https://help.x.com/en/rules-and-policies/x-limits"),
            Limit(10_000, 86_400, scope=LimitScope.CHANNEL, source=_LIMITS),
        ),
        price=Price(15_000, 200_000, source="https://docs.x.com/x-api/getting-started/pricing"),
        discloses_ai=True,
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    # What was posted appears in the timeline after a while: before that its absence proves nothing.
    timing: ClassVar[Timing] = Timing(commit=60, settle=300)
    settings: ClassVar[type[XSettings]] = XSettings
    target: ClassVar[type[XTarget]] = XTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://x.com/i/oauth2/authorize",
        token_url="{base_url}/2/oauth2/token",  # noqa: S106 - an address
        scopes=_SCOPES,
        basic_auth=True,
        help_url="https://console.x.com",
    )

    def rules_for(self, target: JsonObject) -> ChannelRules:
        """Return the rules with the price that is set, and with longer texts for an account that pays for Premium."""
        settings = XSettings()
        price = replace(Price(0, 0), micros=settings.post_micros, with_link_micros=settings.link_post_micros)
        longest = 25_000 if target.get("premium") is True else self.rules.text.description_max
        text = replace(self.rules.text, description_max=longest)
        return replace(self.rules, text=text, price=replace(price, source=_source_of_price(self.rules)))

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload the media, wait until X has processed them, and give pictures their alternative text."""
        outgoing.target_as(XTarget)
        account, ids = outgoing.account, list[str]()
        for material in await materials(outgoing, self.rules_for(outgoing.target)):
            media_id = await _upload(account, material)
            if outgoing.copy.alt_text and not material.is_video:
                described = {"id": media_id, "metadata": {"alt_text": {"text": outgoing.copy.alt_text}}}
                await _ask(account, "POST", "/2/media/metadata", json=described)
            ids.append(media_id)
        return Prepared(data={"media_ids": ids} if ids else {})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Create the post."""
        body = _post(outgoing, prepared)
        try:
            answer = await _ask(
                outgoing.account, "POST", "/2/tweets", creating=True, timeout=self.timing.commit, json=body
            )
        except RejectedError as error:
            if outgoing.attempt > 1 and _DUPLICATE in error.detail.lower():
                raise OutcomeUnknownError(
                    f"An earlier attempt may have made it. {error.detail}", answer=error.answer
                ) from error
            raise
        made: Any = answer.body.get("data")
        if not isinstance(made, dict) or not made.get("id"):
            raise OutcomeUnknownError("x answered without a post.", answer=answer.kept())
        number = str(made["id"])
        return Handle(external_id=number, url=_permalink(outgoing.account, number), answer={"id": number})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say that it is public: a post that was made is. Reading it back would cost."""
        url = _permalink(outgoing.account, handle.external_id)
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the same text among the account's posts since the arming; X charges for each one read."""
        asked = {"max_results": "100", "tweet.fields": "created_at,entities,note_tweet,referenced_tweets"}
        if outgoing.armed_at is not None:
            since = outgoing.armed_at - (_SAME_DAY if outgoing.attempt > 1 else _EARLIER)
            asked["start_time"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        path, read = f"/2/users/{outgoing.account.external_id}/tweets", 0
        for _ in range(_PAGES):
            try:
                answer = await _ask(outgoing.account, "GET", path, params=asked)
            except ChannelError as error:
                return Unreadable(evidence=f"The account's posts could not be read: {error.detail}", again=True)
            posts: list[dict[str, Any]] = answer.body.get("data") or []  # type: ignore[assignment]
            if not posts and answer.body.get("errors"):
                return Unreadable(evidence="X answered with errors instead of the account's posts.", again=True)
            read += len(posts)
            for post in posts:
                if _is_ours(outgoing, post):
                    number = str(post["id"])
                    return Found(
                        external_id=number,
                        url=_permalink(outgoing.account, number),
                        evidence=f"X lists post {number} with this text, made {post.get('created_at', 'lately')}.",
                        answer={"id": number},
                    )
            more = (answer.body.get("meta") or {}).get("next_token")  # type: ignore[union-attr]
            if not more:
                return Absent(evidence=f"None of the account's {read} posts since then is this one.")
            asked["pagination_token"] = str(more)
        return Unreadable(evidence=f"The account has more than {read} posts since then, and this is not among those.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the account that gave its permission."""
        me: dict[str, Any] = (await _call(credentials, "GET", "/2/users/me", params=_ME)).body["data"]
        scopes = str(credentials.get("scope", "")).split()
        target: JsonObject = {"premium": True} if me.get("subscription_type") in _PREMIUM else {}
        return [Identity(str(me["id"]), str(me["username"]), str(me["name"]), credentials, scopes, target)]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good, whether it may post, and whether credits are left."""
        try:
            me: Any = (await _ask(account, "GET", "/2/users/me", params=_ME)).body.get("data") or {}
        except ReconnectNeededError as error:
            return [Check("token", ok=False, says=error.detail, fix=error.fix)]
        except RetryLaterError as error:
            return [Check("quota", ok=False, says=error.detail, fix=error.fix)]
        except ChannelError as error:
            return [Check("reach", ok=False, says=error.detail, fix=error.fix)]
        checks = [Check("token", ok=True, says=f"Signed in as @{me.get('username')}.")]
        granted = str(account.credentials.get("scope", "")).split()
        missing = [scope for scope in _SCOPES if scope not in granted] if granted else []
        if missing:
            says, fix = f"Not granted: {', '.join(missing)}.", "Connect it again: mediaposter accounts connect x"
            return [*checks, Check("scope", ok=False, says=says, fix=fix)]
        return [*checks, Check("scope", ok=True, says="It may post with media.")] if granted else checks

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the public counts, and what only the author sees of posts of the last 30 days."""
        path = f"/2/tweets/{external_id}"
        media = {"expansions": "attachments.media_keys", "media.fields": "public_metrics"}
        told = (
            await _ask(
                account, "GET", path, params={"tweet.fields": "public_metrics,non_public_metrics", **media}, fine=(404,)
            )
        ).body
        if not told.get("data") and not _is_gone(told):
            told = (await _ask(account, "GET", path, params={"tweet.fields": "public_metrics", **media})).body
        if not told.get("data"):
            return None
        return _metrics(told)


_ME = {"user.fields": "name,username,subscription_type"}


def _source_of_price(rules: ChannelRules) -> str:
    return rules.price.source if rules.price else ""


def _post(outgoing: Outgoing, prepared: Prepared) -> dict[str, Any]:
    target = outgoing.target_as(XTarget)
    body: dict[str, Any] = {"text": caption(outgoing.copy, XChannel.rules.text)}
    if prepared.data.get("media_ids"):
        body["media"] = {"media_ids": prepared.data["media_ids"]}
    if outgoing.generated:
        body["made_with_ai"] = True
    if target.paid_partnership:
        body["paid_partnership"] = True
    if outgoing.kind is not Kind.POST and outgoing.under is not None:
        body["reply"] = {"in_reply_to_tweet_id": outgoing.under.external_id}
    elif target.reply_settings:
        body["reply_settings"] = target.reply_settings
    return body


async def _upload(account: ChannelAccount, material: Material) -> str:
    """Upload a file in parts and return its media id once X has processed it."""
    begun = {
        "media_type": material.mime,
        "total_bytes": material.size,
        "media_category": "tweet_video" if material.is_video else "tweet_image",
    }
    told: Any = (await _ask(account, "POST", "/2/media/upload/initialize", json=begun)).body["data"]
    media_id = str(told["id"])
    number = 0
    async for piece in chunks(material, _PIECE):
        await _ask(
            account,
            "POST",
            f"/2/media/upload/{media_id}/append",
            data={"segment_index": str(number)},
            files={"media": (material.filename, piece, "application/octet-stream")},
            timeout=300,
        )
        number += 1
    state: Any = (await _ask(account, "POST", f"/2/media/upload/{media_id}/finalize")).body.get("data") or {}
    while (processing := state.get("processing_info")) is not None:
        match processing.get("state"):
            case "succeeded":
                break
            case "failed":
                reason = (processing.get("error") or {}).get("message") or "no reason given"
                raise RejectedError(
                    f"X could not use the file: {reason}.",
                    fix="Use an MP4 with H.264 and AAC of at most 140 seconds, or a JPEG or PNG picture, then retry.",
                    answer={"processing_info": processing},
                )
            case "pending" | "in_progress":
                await asyncio.sleep(float(processing.get("check_after_secs", 5)))
            case other:
                raise RetryLaterError(f"x told an unknown state of the file: {other}.")
        asked = {"command": "STATUS", "media_id": media_id}
        state = (await _ask(account, "GET", "/2/media/upload", params=asked)).body.get("data") or {}
    return media_id


def _is_ours(outgoing: Outgoing, post: dict[str, Any]) -> bool:
    above = {one.get("id") for one in post.get("referenced_tweets") or () if one.get("type") == "replied_to"}
    wanted = {outgoing.under.external_id} if outgoing.kind is not Kind.POST and outgoing.under is not None else set()
    ours, theirs = caption(outgoing.copy, XChannel.rules.text), _text(post)
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


def _metrics(told: JsonObject) -> Metrics:
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


def _is_gone(told: JsonObject) -> bool:
    errors: Any = told.get("errors") or []
    return told.get("status") == 404 or any("resource-not-found" in str(one.get("type")) for one in errors)


def _permalink(account: ChannelAccount, number: str) -> str:
    return f"https://x.com/{account.handle.removeprefix('@')}/status/{number}"


async def _ask(account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    return await _call(account.credentials, method, path, creating=creating, **request)


async def _call(credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    base = XSettings().base_url.rstrip("/")
    return await PLATFORM.ask(
        method, f"{base}{path}", creating=creating, token=str(credentials["access_token"]), **request
    )
