"""Threads: posts of text, pictures or a video, and chains of replies.

A post is a container first, which may be made again and again; publishing it is the one public call, and the container
says afterwards whether that came. Media are fetched by Threads from an address of ours.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Literal

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
from mediaposter.publishing.channels.meta import reading
from mediaposter.publishing.channels.meta.api import graph, lasting, rest_of, wait_until_ready
from mediaposter.publishing.connection import Check, Identity, OAuth, check_of
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError
from mediaposter.publishing.materials import materials
from mediaposter.publishing.media_urls import public_url
from mediaposter.publishing.models import Kind
from mediaposter.publishing.platform import Answer
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://developers.facebook.com/docs/threads/posts"
_LIMITS = "https://developers.facebook.com/docs/threads/overview"
_SCOPES = ("threads_basic", "threads_content_publish")
PLATFORM = graph("threads")


class ThreadsSettings(ChannelSettings):
    """Settings of the `threads` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_THREADS_")

    base_url: str = Field(default="https://graph.threads.net", description="The Graph API of Threads.")
    client_id: str | None = Field(default=None, description="The Threads app's id, from developers.facebook.com.")
    client_secret: SecretStr | None = Field(default=None, description="The Threads app's secret.")


class ThreadsTarget(BaseModel):
    """How a post is made."""

    model_config = ConfigDict(extra="forbid")

    replies: Literal["everyone", "accounts_you_follow", "mentioned_only"] = Field(
        default="everyone", description="Who may reply."
    )


class ThreadsChannel:
    """A container that is published."""

    name: ClassVar[str] = "threads"
    title: ClassVar[str] = "Threads"
    settings: ClassVar[type[ThreadsSettings]] = ThreadsSettings
    target: ClassVar[type[ThreadsTarget]] = ThreadsTarget
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.EMOJI_AS_UTF8,
            description_max=500,
            links_max=5,
            alt_text_max=1000,
            thread_max=24,
        ),
        media=MediaRules(
            images_max=20,
            duration_min=0.1,
            duration_max=300,
            size_max=1_000_000_000,
            width_max=1920,
            fps_min=23,
            fps_max=60,
            bit_rate_max=100_000_000,
            by_url=True,
            image=ImageRules(
                formats=("mjpeg", "png"),
                size_max=8_000_000,
                width_min=320,
                width_max=1440,
                ratio_min=0.1,
                ratio_max=10,
            ),
        ),
        limits=(Limit(250, 86_400, source=_LIMITS),),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=60, settle=180)
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="https://threads.net/oauth/authorize",
        token_url="{base_url}/oauth/access_token",  # noqa: S106 - an address
        scopes=_SCOPES,
        optional_scopes=("threads_manage_replies", "threads_read_replies", "threads_manage_insights"),
        scope_separator=",",
        pkce=False,
        help_url="https://developers.facebook.com/apps",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Make the container and wait until Threads has processed it."""
        account, files = outgoing.account, await materials(outgoing, self.rules)
        alt = outgoing.copy.alt_text or ""
        media: list[JsonObject] = []
        for one in files:
            kind, name = ("VIDEO", "video_url") if one.is_video else ("IMAGE", "image_url")
            media.append({"media_type": kind, name: await public_url(one), **({"alt_text": alt} if alt else {})})
        words = self._words(outgoing)
        if not media:
            card = {"link_attachment": outgoing.copy.link} if outgoing.copy.link else {}
            made = await self._container(account, {"media_type": "TEXT", **card, **words})
        elif len(media) == 1:
            made = await self._container(account, {**media[0], **words})
        else:
            children = [await self._container(account, {**one, "is_carousel_item": "true"}) for one in media]
            made = await self._container(account, {"media_type": "CAROUSEL", "children": ",".join(children), **words})
        return Prepared(data={"container": made})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Publish the container."""
        answer = await self._ask(
            outgoing.account,
            "POST",
            f"/{outgoing.account.external_id}/threads_publish",
            creating=True,
            timeout=self.timing.commit,
            params={"creation_id": str(prepared.data["container"])},
        )
        number = str(answer.body["id"])
        return Handle(external_id=number, answer={"id": number}, rest=rest_of(answer))

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Say that it is public, and where: a container that was published is."""
        url = await reading.permalink(self._asks(outgoing.account), handle.external_id, "permalink")
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Ask the container whether it was published, and find the post that it became."""
        path = "replies" if outgoing.kind is Kind.REPLY else "threads"
        return await reading.find_published(
            self._asks(outgoing.account),
            outgoing,
            status="status",
            listing=f"/{outgoing.account.external_id}/{path}",
            text="text",
            words=caption(outgoing.copy, self.rules.text),
        )

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return whose the token is, with a token that lasts 60 days."""
        kept, ends = credentials, None
        settings = ThreadsSettings()
        if settings.client_secret is not None and not credentials.get("lasting"):
            asked = {"grant_type": "th_exchange_token", "client_secret": settings.client_secret.get_secret_value()}
            answer = await self._call(credentials, "GET", "/access_token", params=asked)
            kept, ends = lasting({**credentials, "lasting": True}, answer.body)
        me = (await self._call(kept, "GET", "/v1.0/me", params={"fields": "id,username,name"})).body
        scopes = str(credentials.get("scope", "")).replace(",", " ").split()
        name = str(me.get("name") or me["username"])
        return [Identity(str(me["id"]), str(me["username"]), name, kept, scopes, expires_at=ends)]

    async def refresh(self, credentials: JsonObject) -> JsonObject:
        """Return credentials that last another 60 days; a token must be a day old for that."""
        asked = {"grant_type": "th_refresh_token"}
        return lasting(credentials, (await self._call(credentials, "GET", "/refresh_access_token", params=asked)).body)[
            0
        ]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good, and how many posts of the day are left."""
        path = f"/{account.external_id}/threads_publishing_limit"
        try:
            told = (await self._ask(account, "GET", path, params={"fields": "quota_usage,config"})).body
        except ChannelError as error:
            return [check_of(error)]
        return reading.quota(told, usual=250)

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a post (needs threads_manage_insights), or None when it is gone."""
        names = "views,likes,replies,reposts,quotes,shares"
        counts = await reading.insights(self._asks(account), external_id, names)
        if counts is None:
            return None
        shared = [counts[name] for name in ("reposts", "quotes", "shares") if name in counts]
        return Metrics(
            views=counts.get("views"),
            likes=counts.get("likes"),
            comments=counts.get("replies"),
            shares=sum(shared) if shared else None,
            raw=dict(counts),
        )

    def _words(self, outgoing: Outgoing) -> JsonObject:
        words: JsonObject = {
            "text": caption(outgoing.copy, self.rules.text),
            "reply_control": outgoing.target_as(ThreadsTarget).replies,
        }
        if outgoing.kind is not Kind.POST and outgoing.under is not None:
            words["reply_to_id"] = outgoing.under.external_id
            del words["reply_control"]
        return words

    async def _container(self, account: ChannelAccount, values: JsonObject) -> str:
        made = str((await self._ask(account, "POST", f"/{account.external_id}/threads", data=values)).body["id"])
        await wait_until_ready(self._asks(account), made, field="status", why=("error_message",))
        return made

    def _asks(self, account: ChannelAccount) -> reading.Ask:
        async def ask(method: str, path: str, **request: Any) -> Answer:
            return await self._ask(account, method, path, **request)

        return ask

    async def _ask(
        self, account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any
    ) -> Answer:
        return await self._call(account.credentials, method, f"/v1.0{path}", creating=creating, **request)

    async def _call(
        self, credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any
    ) -> Answer:
        base = ThreadsSettings().base_url.rstrip("/")
        token = {"access_token": str(credentials["access_token"])}
        params = {**request.pop("params", {}), **token}
        return await PLATFORM.ask(method, f"{base}{path}", creating=creating, params=params, **request)
