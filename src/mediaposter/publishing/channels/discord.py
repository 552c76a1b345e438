"""Discord: a webhook of a server posts texts and files into its channel, or into a thread of it.

The webhook's token is in the path of every address: it is kept and told nowhere (`Platform.secret_urls`). A webhook can
read a message back by its id, but cannot list what it has posted: an unanswered post waits for a person's word.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any, ClassVar

import regex
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Handle,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.connection import Check, Identity, Paste, check_of
from mediaposter.publishing.connection import Field as Pasted
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RejectedError
from mediaposter.publishing.materials import materials
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import ChannelRules, ImageRules, Limit, MediaRules, TextRules, caption

_DOCS = "https://discord.com/developers/docs/resources/webhook#execute-webhook"
_WEBHOOK = regex.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d{5,})/([\w-]{20,})/?(?:\?.*)?"
)
_SUPPRESS_EMBEDS = 1 << 2
_SUPPRESS_NOTIFICATIONS = 1 << 12
_FILE_MAX = 10 * 1024 * 1024  # without boosts of the server; the lower documented value, read 2026-11-23
_NEW = "The webhook was deleted: make a new one in the channel's settings under Integrations, and connect it."


class DiscordSettings(ChannelSettings):
    """Settings of the `discord` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_DISCORD_")

    base_url: str = Field(default="https://discord.com/api/v10", description="Discord's API.")


class DiscordTarget(BaseModel):
    """Where and how a message is posted."""

    model_config = ConfigDict(extra="forbid")

    thread_id: str | None = Field(default=None, pattern=r"^\d+$", description="Post into this thread.")
    thread_name: str | None = Field(
        default=None, max_length=100, description="Open a thread of this name: forum and media channels need one."
    )
    tags: list[str] = Field(default=[], max_length=5, description="Ids of a forum's tags for the new thread.")
    username: str | None = Field(default=None, max_length=80, description="Another name than the webhook's.")
    silent: bool = Field(default=False, description="Post without a notification.")
    suppress_embeds: bool = Field(default=False, description="Show no previews of links.")


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    wait = told.get("retry_after")
    after = timedelta(seconds=float(wait)) if wait is not None else None
    detail = f" {json.dumps(told['errors'])[:300]}" if told.get("errors") else ""
    return Complaint(str(told.get("code", "")), f"{told.get('message', '')}{detail}", after)


PLATFORM = Platform(
    "discord",
    errors=(
        ErrorRule(Means.LATER, status=429),
        ErrorRule(Means.RECONNECT, code="10015", fix=_NEW),
        ErrorRule(Means.RECONNECT, code="50027", fix=_NEW),
        ErrorRule(Means.RECONNECT, status=401, fix=_NEW),
        ErrorRule(
            Means.REJECTED,
            code="220001",
            fix="This is a forum: set `thread_name` or `thread_id` in the account's target.",
        ),
        ErrorRule(
            Means.REJECTED,
            code="220003",
            fix="Only forums open threads: take `thread_name` out of the account's target.",
        ),
        ErrorRule(Means.REJECTED, code="10003", fix="Check `thread_id` in the account's target: no such thread there."),
        ErrorRule(Means.REJECTED, code="160005", fix="The thread is locked: open it or choose another one."),
        ErrorRule(Means.REJECTED, code="40005", fix="Make the files smaller than 10 MB."),
        ErrorRule(Means.REJECTED, status=413, fix="Make the files smaller than 10 MB."),
        ErrorRule(Means.REJECTED, code="50035", fix="Change what Discord names: text of 2000 characters, 10 files."),
        ErrorRule(Means.REJECTED, code="240000", fix="Discord's filter found a harmful link: take it out."),
    ),
    reads=_complaint,
    secret_urls=True,
)


class DiscordChannel:
    """Posts by a webhook; nobody is pinged by what a post says."""

    name: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(description_max=2000, alt_text_max=1024),
        media=MediaRules(
            videos_max=10,
            images_max=10,
            mixed=True,
            together_max=10,
            size_max=_FILE_MAX,
            image=ImageRules(formats=("mjpeg", "png", "webp", "gif"), size_max=_FILE_MAX),
        ),
        limits=(Limit(30, 60, source="https://discord.com/developers/docs/topics/rate-limits"),),
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=180, settle=300, confirm=120)  # the files go up with the call
    settings: ClassVar[type[DiscordSettings]] = DiscordSettings
    target: ClassVar[type[DiscordTarget]] = DiscordTarget
    connect: ClassVar[Paste] = Paste(
        fields=(Pasted("url", "Webhook URL", "Channel settings, Integrations, Webhooks, Copy Webhook URL."),),
        help_url="https://support.discord.com/hc/en-us/articles/228383668",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Make the renditions, and see that the webhook is there."""
        outgoing.target_as(DiscordTarget)
        files = await materials(outgoing, self.rules)
        hook = (await PLATFORM.ask("GET", _address(outgoing.account))).body
        return Prepared(data={"guild": hook.get("guild_id"), "media": [one.asset_id for one in files]})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Post the message, its files streamed from the disk."""
        target = outgoing.target_as(DiscordTarget)
        files = await materials(outgoing, self.rules)
        params = {"wait": "true"} | ({"thread_id": target.thread_id} if target.thread_id else {})
        with ExitStack() as opened:
            parts: dict[str, Any] = {"payload_json": (None, json.dumps(_payload(outgoing, target, len(files))))}
            for number, file in enumerate(files):
                parts[f"files[{number}]"] = (file.filename, opened.enter_context(file.path.open("rb")), file.mime)
            answer = await PLATFORM.ask(
                "POST",
                _address(outgoing.account),
                creating=True,
                timeout=self.timing.commit,
                params=params,
                files=parts,
            )
        made = answer.body
        if not made.get("id") or not made.get("channel_id"):
            raise OutcomeUnknownError("discord answered without a message.", answer=answer.kept())
        guild = prepared.data.get("guild") or "@me"
        url = f"https://discord.com/channels/{guild}/{made['channel_id']}/{made['id']}"
        kept = {"id": made["id"], "channel_id": made["channel_id"], "timestamp": made.get("timestamp")}
        return Handle(external_id=str(made["id"]), url=url, answer=kept)

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Read the message back."""
        target = outgoing.target_as(DiscordTarget)
        in_thread = target.thread_id or target.thread_name
        params = {"thread_id": str(handle.answer["channel_id"])} if in_thread else {}
        address = f"{_address(outgoing.account)}/messages/{handle.external_id}"
        answer = await PLATFORM.ask("GET", address, params=params, fine=(404,))
        if answer.status == 404 and answer.body.get("code") == 10008:
            return Confirmation(
                state=ConfirmState.FAILED,
                reason="The message is not there any more: somebody or a filter has deleted it.",
                fix="Ask the server's moderators, then retry.",
                answer=answer.kept(),
            )
        if answer.status == 404:
            raise PLATFORM.judge(answer, creating=False)
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)

    async def find(self, outgoing: Outgoing) -> Unreadable:
        """A webhook cannot list messages."""
        where = outgoing.account.name or outgoing.account.handle
        return Unreadable(evidence=f"Discord lets no webhook list messages. Look into {where} for this one.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the webhook as an account."""
        pasted = _WEBHOOK.fullmatch(str(credentials.get("url", "")).strip())
        if pasted is None:
            raise RejectedError(
                "This is no webhook address of Discord.",
                fix="Copy it from the channel's settings: https://discord.com/api/webhooks/NUMBER/TOKEN.",
            )
        number, token = pasted.groups()
        hook = (await PLATFORM.ask("GET", f"{_base()}/webhooks/{number}/{token}")).body
        name = str(hook.get("name") or "webhook")
        return [Identity(str(hook["id"]), name, name, {"token": token})]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the webhook is still there."""
        try:
            await PLATFORM.ask("GET", _address(account))
        except ChannelError as error:
            return [check_of(error)]
        return [Check("token", ok=True, says="The webhook is there.")]


def _payload(outgoing: Outgoing, target: DiscordTarget, files: int) -> dict[str, Any]:
    flags = _SUPPRESS_EMBEDS * target.suppress_embeds | _SUPPRESS_NOTIFICATIONS * target.silent
    payload: dict[str, Any] = {
        "content": caption(outgoing.copy, DiscordChannel.rules.text),
        "allowed_mentions": {"parse": []},
        "flags": flags,
    }
    if files:
        alt = {"description": outgoing.copy.alt_text} if outgoing.copy.alt_text else {}
        payload["attachments"] = [{"id": number, **alt} for number in range(files)]
    if target.username:
        payload["username"] = target.username
    if target.thread_name and not target.thread_id:
        payload |= {"thread_name": target.thread_name, "applied_tags": target.tags}
    return payload


def _base() -> str:
    return DiscordSettings().base_url.rstrip("/")


def _address(account: ChannelAccount) -> str:
    return f"{_base()}/webhooks/{account.external_id}/{account.credentials['token']}"
