"""X: posts of text, up to four pictures or a video, threads and a first comment, by API v2.

Every post costs, more when it carries a link. X refuses a text that the account posted before, so a refused repetition
of a second attempt says that the first one may be public: the account is then read.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

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
from mediaposter.publishing.channels.x.api import DUPLICATE, PLATFORM, XSettings, ask, call, permalink
from mediaposter.publishing.channels.x.media import upload
from mediaposter.publishing.channels.x.reading import is_gone, is_ours, metrics_of
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RejectedError
from mediaposter.publishing.materials import materials
from mediaposter.publishing.models import Kind
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

__all__ = ["PLATFORM", "XChannel", "XSettings", "XTarget"]

_DOCS = "https://docs.x.com/x-api/posts/create-posts"
_LIMITS = "https://docs.x.com/x-api/fundamentals/rate-limits"
_EARLIER = timedelta(minutes=2)  # how far X's clock may be behind ours
_SAME_DAY = timedelta(days=1)  # X refuses the same text that long: a like post of that time is ours from before
_PAGES = 5  # of 100 posts each, that `find` reads
_SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
_PREMIUM = ("Basic", "Premium", "PremiumPlus")
_ME = {"user.fields": "name,username,subscription_type"}


class XTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    premium: bool = Field(default=False, description="The account pays for Premium: texts of 25,000 instead of 280.")
    reply_settings: Literal["following", "mentionedUsers", "subscribers", "verified"] | None = Field(
        default=None, description="Who may reply; everybody without it."
    )
    paid_partnership: bool = Field(default=False, description="Label the post as a paid promotion.")


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
        source = self.rules.price.source if self.rules.price else ""
        price = Price(settings.post_micros, settings.link_post_micros, source=source)
        longest = 25_000 if target.get("premium") is True else self.rules.text.description_max
        text = replace(self.rules.text, description_max=longest)
        return replace(self.rules, text=text, price=price)

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload the media, wait until X has processed them, and give pictures their alternative text."""
        outgoing.target_as(XTarget)
        account, ids = outgoing.account, list[str]()
        for material in await materials(outgoing, self.rules_for(outgoing.target)):
            media_id = await upload(account, material)
            if outgoing.copy.alt_text and not material.is_video:
                described = {"id": media_id, "metadata": {"alt_text": {"text": outgoing.copy.alt_text}}}
                await ask(account, "POST", "/2/media/metadata", json=described)
            ids.append(media_id)
        return Prepared(data={"media_ids": ids} if ids else {})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Create the post."""
        body = _post(outgoing, prepared)
        try:
            answer = await ask(
                outgoing.account, "POST", "/2/tweets", creating=True, timeout=self.timing.commit, json=body
            )
        except RejectedError as error:
            if outgoing.attempt > 1 and DUPLICATE in error.detail.lower():
                raise OutcomeUnknownError(
                    f"An earlier attempt may have made it. {error.detail}", answer=error.answer
                ) from error
            raise
        made: Any = answer.body.get("data")
        if not isinstance(made, dict) or not made.get("id"):
            raise OutcomeUnknownError("x answered without a post.", answer=answer.kept())
        number = str(made["id"])
        return Handle(external_id=number, url=permalink(outgoing.account, number), answer={"id": number})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say that it is public: a post that was made is. Reading it back would cost."""
        url = permalink(outgoing.account, handle.external_id)
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the same text among the account's posts since the arming; X charges for each one read."""
        asked = {"max_results": "100", "tweet.fields": "created_at,entities,note_tweet,referenced_tweets"}
        if outgoing.armed_at is not None:
            since = outgoing.armed_at - (_SAME_DAY if outgoing.attempt > 1 else _EARLIER)
            asked["start_time"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = caption(outgoing.copy, self.rules.text)
        path, read = f"/2/users/{outgoing.account.external_id}/tweets", 0
        for _ in range(_PAGES):
            try:
                answer = await ask(outgoing.account, "GET", path, params=asked)
            except ChannelError as error:
                return Unreadable(evidence=f"The account's posts could not be read: {error.detail}", again=True)
            posts: list[dict[str, Any]] = answer.body.get("data") or []  # type: ignore[assignment]
            if not posts and answer.body.get("errors"):
                return Unreadable(evidence="X answered with errors instead of the account's posts.", again=True)
            read += len(posts)
            for post in posts:
                if is_ours(outgoing, text, post):
                    number = str(post["id"])
                    return Found(
                        external_id=number,
                        url=permalink(outgoing.account, number),
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
        me: dict[str, Any] = (await call(credentials, "GET", "/2/users/me", params=_ME)).body["data"]
        scopes = str(credentials.get("scope", "")).split()
        target: JsonObject = {"premium": True} if me.get("subscription_type") in _PREMIUM else {}
        return [Identity(str(me["id"]), str(me["username"]), str(me["name"]), credentials, scopes, target)]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good, whether it may post, and whether credits are left."""
        try:
            me: Any = (await ask(account, "GET", "/2/users/me", params=_ME)).body.get("data") or {}
        except ChannelError as error:
            return [check_of(error)]
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
            await ask(
                account, "GET", path, params={"tweet.fields": "public_metrics,non_public_metrics", **media}, fine=(404,)
            )
        ).body
        if not told.get("data") and not is_gone(told):
            told = (await ask(account, "GET", path, params={"tweet.fields": "public_metrics", **media})).body
        if not told.get("data"):
            return None
        return metrics_of(told)


def _post(outgoing: Outgoing, prepared: Prepared) -> dict[str, Any]:
    target = outgoing.target_as(XTarget)
    body: dict[str, Any] = {"text": caption(outgoing.copy, XChannel.rules.text)}
    if prepared.data.get("media_ids"):
        body["media"] = {"media_ids": prepared.data["media_ids"]}
    if outgoing.generated and "media" in body:  # what the flag speaks of
        body["made_with_ai"] = True
    if target.paid_partnership:
        body["paid_partnership"] = True
    if outgoing.kind is not Kind.POST and outgoing.under is not None:
        body["reply"] = {"in_reply_to_tweet_id": outgoing.under.external_id}
    elif target.reply_settings:
        body["reply_settings"] = target.reply_settings
    return body
