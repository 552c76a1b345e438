"""Mastodon: posts of text, up to four pictures or a video, and threads, on any instance.

Every post carries the id of its publication as its Idempotency-Key, so an instance that gets it twice in an hour makes
one post. Instances differ in what they take; connecting an account asks its instance.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as day
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
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
from mediaposter.publishing.connection import Check, Identity, Paste, check_of
from mediaposter.publishing.connection import Field as Pasted
from mediaposter.publishing.copy import Counting, length
from mediaposter.publishing.errors import (
    ChannelError,
    OutcomeUnknownError,
    RejectedError,
)
from mediaposter.publishing.matching import same_text
from mediaposter.publishing.materials import Material, materials
from mediaposter.publishing.models import Kind
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://docs.joinmastodon.org/methods/statuses/"
_LIMITS = "https://docs.joinmastodon.org/api/rate-limits/"
_EARLIER = timedelta(minutes=2)  # how far the instance's clock may be behind ours
_PAGES, _PAGE = 5, 40  # of the account's posts that `find` reads
_WORKING = 206  # an instance still works on the media
_LOOK_SECONDS = 2.0

_AGAIN = "Make a new token under Preferences > Development, then: mediaposter accounts connect mastodon"


class MastodonSettings(ChannelSettings):
    """Settings of the `mastodon` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_MASTODON_")

    base_url: str = Field(
        default="https://mastodon.social", description="The instance of accounts that name none of their own."
    )


class MastodonTarget(BaseModel):
    """How a post is made. What the instance takes is found out when the account is connected."""

    model_config = ConfigDict(extra="forbid")

    visibility: Literal["public", "unlisted", "private"] = Field(default="public", description="Who sees it.")
    language: str | None = Field(default=None, description="Language of the text, such as en.")
    sensitive: bool = Field(default=False, description="Media are hidden until they are clicked.")
    warning: str = Field(default="", description="A content warning in front of the text.")
    characters: int = Field(default=500, ge=1, description="Characters that the instance takes in a post.")
    image_bytes: int = Field(default=16_777_216, ge=1, description="Bytes that the instance takes of a picture.")
    video_bytes: int = Field(default=103_809_024, ge=1, description="Bytes that the instance takes of a video.")


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    message = " ".join(str(told[name]) for name in ("error", "error_description") if told.get(name))
    return Complaint("", message or answer.text[:200])


PLATFORM = Platform(
    "mastodon",
    errors=(
        ErrorRule(Means.LATER, status=429, after=300),
        ErrorRule(Means.RECONNECT, status=401, fix=_AGAIN),
        ErrorRule(Means.RECONNECT, status=403, says="scope", fix=_AGAIN),
        ErrorRule(
            Means.REJECTED, status=403, fix="The instance does not let the account do this: sign in there and look."
        ),
        ErrorRule(
            Means.REJECTED,
            status=404,
            says="record not found",
            fix="The post itself or the one above it was deleted: make a new post.",
        ),
        ErrorRule(Means.REJECTED, says="character limit", fix="Shorten the text to what the instance takes."),
        ErrorRule(Means.REJECTED, status=413, fix="Make the file smaller: the instance takes no file as large."),
        ErrorRule(Means.REJECTED, status=422, fix="Read what the instance says and change the text or the media."),
    ),
    reads=_complaint,
    guarded=True,
)


class MastodonChannel:
    """A status, and those of a thread as replies to the one before."""

    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    settings: ClassVar[type[MastodonSettings]] = MastodonSettings
    target: ClassVar[type[MastodonTarget]] = MastodonTarget
    connect: ClassVar[Paste] = Paste(
        fields=(
            Pasted("instance", "Instance", "such as https://mastodon.social", secret=False),
            Pasted("access_token", "Access token", "Preferences > Development > your application; scopes read, write"),
        ),
        help_url="https://mastodon.social/settings/applications",
    )
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.LINKS_AS_23,
            description_max=500,
            alt_text_max=1500,
            thread_max=24,
        ),
        media=MediaRules(
            images_max=4,
            size_max=103_809_024,
            # 8,294,400 pixels of a video, 33,177,600 of a picture.
            width_max=3840,
            height_max=2160,
            fps_max=120,
            video_codecs=("h264", "hevc", "vp8", "vp9"),
            audio_codecs=("aac", "opus", "vorbis"),
            containers=("mp4", "mov", "webm"),
            moov_first=False,
            image=ImageRules(formats=("mjpeg", "png", "webp"), size_max=16_777_216, width_max=5760, height_max=5760),
        ),
        # 300 calls in 5 minutes, of which a post with a picture takes about five; 30 media in half an hour.
        limits=(Limit(30, 1800, source=_LIMITS),),
        source=_DOCS,
        read_on=day(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=1800, commit=30, settle=120, poll=2, confirm=120)

    def rules_for(self, target: JsonObject) -> ChannelRules:
        """Return the rules with what the account's instance takes; a content warning counts as text."""

        def told(name: str, usual: int) -> int:
            value = target.get(name, usual)
            return value if isinstance(value, int) and value > 0 else usual

        warning = target.get("warning")
        used = length(warning, Counting.GRAPHEMES) if isinstance(warning, str) else 0
        text = replace(self.rules.text, description_max=max(1, told("characters", 500) - used))
        image = replace(self.rules.media.image, size_max=told("image_bytes", 16_777_216))
        media = replace(self.rules.media, size_max=told("video_bytes", 103_809_024), image=image)
        return replace(self.rules, text=text, media=media)

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Upload the media and wait until the instance has processed them; what no post names is cleared away."""
        outgoing.target_as(MastodonTarget)
        files = await materials(outgoing, self.rules_for(outgoing.target))
        ids = [await _upload(outgoing, material) for material in files]
        return Prepared(data={"media_ids": ids} if ids else {})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Create the status, under the id of its publication: in every attempt, so that none repeats another.

        The instance remembers the id only of what it made (post_status_service.rb), so a refused post can be retried.
        """
        answer = await _ask(
            outgoing.account,
            "POST",
            "/api/v1/statuses",
            creating=True,
            headers={"Idempotency-Key": outgoing.id},
            json=_status(outgoing, prepared),
        )
        if not answer.body.get("id"):
            raise OutcomeUnknownError("mastodon answered without a post.", answer=answer.kept())
        number, url = str(answer.body["id"]), answer.body.get("url")
        return Handle(external_id=number, url=str(url) if url else None, answer={"id": number})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:  # noqa: ARG002 - as every channel
        """Say that it is public: a status that was made is."""
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the same text among the account's posts since the arming."""
        number = outgoing.account.external_id.partition("@")[0]
        path, read = f"/api/v1/accounts/{number}/statuses", 0
        asked = {"limit": str(_PAGE), "exclude_reblogs": "true"}
        for _ in range(_PAGES):
            try:
                listed: Any = (await _ask(outgoing.account, "GET", path, params=asked)).data
            except ChannelError as error:
                return Unreadable(evidence=f"The account's posts could not be read: {error.detail}", again=True)
            posts: list[dict[str, Any]] = listed if isinstance(listed, list) else []
            new = [post for post in posts if _since(outgoing, post)]
            read += len(new)
            for post in new:
                if _is_ours(outgoing, post):
                    number, url = str(post["id"]), post.get("url")
                    return Found(
                        external_id=number,
                        url=str(url) if url else None,
                        evidence=f"The account has post {number} with this text, of {post['created_at']}.",
                        answer={"id": number},
                    )
            if len(posts) < _PAGE or len(new) < len(posts):
                return Absent(evidence=f"None of the account's {read} posts since then is this one.")
            asked["max_id"] = str(posts[-1]["id"])
        return Unreadable(evidence=f"The account has more than {read} posts since then, and this is not among those.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return whose the token is, and what its instance takes."""
        base = _base(credentials)
        token = str(credentials["access_token"])
        me = (await PLATFORM.ask("GET", f"{base}/api/v1/accounts/verify_credentials", token=token)).body
        instance = (await PLATFORM.ask("GET", f"{base}/api/v2/instance")).body
        host = str(instance.get("domain") or base.partition("://")[2])
        name = str(me.get("display_name") or me["username"])
        kept: JsonObject = {"instance": base, "access_token": token}
        # Each instance gives out the same numbers: which one it is belongs to the identity.
        return [Identity(f"{me['id']}@{host}", f"{me['username']}@{host}", name, kept, target=_limits(instance))]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good."""
        try:
            me = (await _ask(account, "GET", "/api/v1/accounts/verify_credentials")).body
        except ChannelError as error:
            return [check_of(error)]
        return [Check("token", ok=True, says=f"Signed in as @{me.get('acct')} at {_base(account.credentials)}.")]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a post, or None when it is gone. Mastodon counts no views."""
        answer = await _ask(account, "GET", f"/api/v1/statuses/{external_id}", fine=(404,))
        told = answer.body
        if "favourites_count" not in told:
            return None
        counts = {name: told.get(name) for name in ("favourites_count", "replies_count", "reblogs_count")}
        return Metrics(
            likes=counts["favourites_count"],
            comments=counts["replies_count"],
            shares=counts["reblogs_count"],
            raw=counts,
        )


def _status(outgoing: Outgoing, prepared: Prepared) -> JsonObject:
    target = outgoing.target_as(MastodonTarget)
    body: JsonObject = {
        "status": caption(outgoing.copy, MastodonChannel.rules.text),
        "visibility": target.visibility,
        "sensitive": target.sensitive or bool(target.warning),
    }
    if prepared.data.get("media_ids"):
        body["media_ids"] = prepared.data["media_ids"]
    if target.warning:
        body["spoiler_text"] = target.warning
    if target.language:
        body["language"] = target.language
    if outgoing.kind is not Kind.POST and outgoing.under is not None:
        body["in_reply_to_id"] = outgoing.under.external_id
    return body


async def _upload(outgoing: Outgoing, material: Material) -> str:
    """Upload a file and return its id once the instance has processed it."""
    account = outgoing.account
    with material.path.open("rb") as file:
        answer = await _ask(
            account,
            "POST",
            "/api/v2/media",
            timeout=600,
            data={"description": outgoing.copy.alt_text or ""},
            files={"file": (material.filename, file, material.mime)},
        )
    number = str(answer.body["id"])
    ready = answer.body.get("url") is not None
    while not ready:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            answer = await _ask(account, "GET", f"/api/v1/media/{number}")
        except RejectedError as error:
            raise RejectedError(
                f"The instance could not use the file: {error.detail}",
                fix="Use an MP4 with H.264 and AAC, or a JPEG or PNG picture, then retry.",
                answer=error.answer,
            ) from error
        ready = answer.status != _WORKING
    return number


def _is_ours(outgoing: Outgoing, post: dict[str, Any]) -> bool:
    above = outgoing.under.external_id if outgoing.kind is not Kind.POST and outgoing.under is not None else None
    wanted, found = caption(outgoing.copy, MastodonChannel.rules.text), str(post.get("content", ""))
    return (
        str(post["id"]) not in outgoing.taken
        and post.get("in_reply_to_id") == above
        and (same_text(wanted, found) or not (wanted.strip() or found.strip()))
    )


def _since(outgoing: Outgoing, post: dict[str, Any]) -> bool:
    made = datetime.fromisoformat(str(post["created_at"]))
    return outgoing.armed_at is None or made >= outgoing.armed_at - _EARLIER


def _limits(instance: JsonObject) -> JsonObject:
    """Return what an instance says that it takes (configuration of /api/v2/instance)."""
    told: Any = instance.get("configuration") or {}
    found = {
        "characters": (told.get("statuses") or {}).get("max_characters"),
        "image_bytes": (told.get("media_attachments") or {}).get("image_size_limit"),
        "video_bytes": (told.get("media_attachments") or {}).get("video_size_limit"),
    }
    return {name: value for name, value in found.items() if isinstance(value, int) and value > 0}


def _base(credentials: JsonObject) -> str:
    base = str(credentials.get("instance") or MastodonSettings().base_url).strip().rstrip("/")
    return base if "://" in base else f"https://{base}"


async def _ask(account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    token = str(account.credentials["access_token"])
    return await PLATFORM.ask(method, f"{_base(account.credentials)}{path}", creating=creating, token=token, **request)
