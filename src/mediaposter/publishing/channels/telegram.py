"""Telegram: a bot posts to a channel, group or chat by the Bot API.

The bot's token is in the path of every address: it is kept and told nowhere (`Platform.secret_urls`). A bot cannot read
what it has posted, so an unanswered post waits for a person's word.
"""

import json
import math
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any, ClassVar

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
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RejectedError
from mediaposter.publishing.materials import Material, materials, poster
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform
from mediaposter.publishing.rules import (
    ChannelRules,
    ImageRules,
    Limit,
    MediaRules,
    TextRules,
    caption,
)

_DOCS = "https://core.telegram.org/bots/api"
_FAQ = "https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"
_ADMIN = "Make the bot an administrator of the channel with the right to post, then retry."


class TelegramSettings(ChannelSettings):
    """Settings of the `telegram` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_TELEGRAM_")

    base_url: str = Field(
        default="https://api.telegram.org", description="The Bot API server: Telegram's, or a local one of your own."
    )


class TelegramTarget(BaseModel):
    """How a message is posted."""

    model_config = ConfigDict(extra="forbid")

    disable_notification: bool = Field(default=False, description="Post without a sound.")
    protect_content: bool = Field(default=False, description="Forbid forwarding and saving.")
    message_thread_id: int | None = Field(default=None, description="The topic of a forum group.")
    link_preview: bool = Field(default=True, description="Show a preview of the first link of a text.")


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    wait = (told.get("parameters") or {}).get("retry_after")
    after = timedelta(seconds=float(wait)) if wait is not None else None
    return Complaint(str(told.get("error_code", "")), str(told.get("description", "")), after)


PLATFORM = Platform(
    "telegram",
    errors=(
        ErrorRule(Means.LATER, status=429),
        ErrorRule(
            Means.RECONNECT, status=401, fix="The bot's token is void: ask @BotFather for it, then connect it again."
        ),
        ErrorRule(
            Means.RECONNECT, status=404, fix="The token names no bot: ask @BotFather for it, then connect it again."
        ),
        ErrorRule(
            Means.RECONNECT, status=403, fix="The bot was removed or blocked there: add it again as an administrator."
        ),
        ErrorRule(Means.REJECTED, status=400, says="chat not found", fix="Check the chat's id and add the bot to it."),
        ErrorRule(
            Means.REJECTED,
            status=400,
            says="upgraded to a supergroup",
            fix="The group has a new id now: connect it again with that one.",
        ),
        ErrorRule(Means.REJECTED, status=400, says="need administrator rights", fix=_ADMIN),
        ErrorRule(Means.REJECTED, status=400, says="not enough rights", fix=_ADMIN),
        ErrorRule(Means.REJECTED, status=400, says="have no rights", fix=_ADMIN),
        ErrorRule(Means.REJECTED, status=400, says="caption is too long", fix="Shorten the text to 1024 characters."),
        ErrorRule(Means.REJECTED, status=400, says="message is too long", fix="Shorten the text to 4096 characters."),
        ErrorRule(Means.REJECTED, status=400, says="thread not found", fix="Check `message_thread_id`: no such topic."),
        ErrorRule(
            Means.REJECTED,
            status=413,
            fix="Make the file smaller than 50 MB, or run a Bot API server of your own (up to 2000 MB).",
        ),
    ),
    reads=_complaint,
    secret_urls=True,
)


class TelegramChannel:
    """Posts texts, pictures, videos and albums as a bot."""

    name: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(
            counting=Counting.UTF16,  # the stricter reading of "characters after entities parsing"
            description_max=4096,
            caption_max=1024,
            thread_max=20,
        ),
        media=MediaRules(
            videos_max=10,
            images_max=10,
            mixed=True,
            together_max=10,
            size_max=50_000_000,  # "Bots can currently send files of up to 50 MB"
            image=ImageRules(size_max=10_000_000, width_max=5000, height_max=5000, ratio_min=0.05, ratio_max=20),
        ),
        limits=(Limit(20, 60, source=_FAQ),),  # "no more than 20 messages per minute" in a group
        source=_DOCS,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=180, settle=300, confirm=60)  # the file goes up with the call
    settings: ClassVar[type[TelegramSettings]] = TelegramSettings
    target: ClassVar[type[TelegramTarget]] = TelegramTarget
    connect: ClassVar[Paste] = Paste(
        fields=(
            Pasted("token", "Bot token", "From @BotFather: /newbot or /token."),
            Pasted("chat", "Channel or chat", "@name of a public channel, or the chat's numeric id.", secret=False),
        ),
        help_url="https://core.telegram.org/bots/features#botfather",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Make the renditions; Telegram itself takes files only with the message."""
        outgoing.target_as(TelegramTarget)
        files = await materials(outgoing, self.rules)
        covers = [bool(await _cover(outgoing, one)) for one in files]
        return Prepared(data={"media": [one.asset_id for one in files], "covers": covers})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:  # noqa: ARG002 - files are found again
        """Send the message, its files streamed from the disk."""
        files = await materials(outgoing, self.rules)
        covers = [await _cover(outgoing, one) for one in files]
        with ExitStack() as opened:
            method, data, parts = _message(outgoing, files, covers, opened)
            answer = await PLATFORM.ask(
                "POST",
                _address(outgoing.account.credentials, method),
                creating=True,
                timeout=self.timing.commit,
                data=data,
                files=parts or None,
            )
        result = answer.body.get("result")
        first = result[0] if isinstance(result, list) and result else result
        if not isinstance(first, dict) or "message_id" not in first:
            raise OutcomeUnknownError("telegram answered without a message.", answer=answer.kept())
        kept = {"message_id": first["message_id"], "chat": first.get("chat", {}), "date": first.get("date")}
        return Handle(external_id=str(first["message_id"]), url=_permalink(first), answer=kept)

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:  # noqa: ARG002 - nothing can be read
        """Telegram answers a message only when it is there."""
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)

    async def find(self, outgoing: Outgoing) -> Unreadable:
        """A bot cannot read what is in a chat."""
        chat = outgoing.account.handle
        return Unreadable(evidence=f"Telegram lets no bot read what it has posted. Look into {chat} for this message.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the chat that was pasted, after a look whether the bot may post there."""
        chat = str(credentials.get("chat", "")).strip()
        if not chat:
            raise RejectedError("No chat was named.", fix="Give @name of the channel, or the chat's numeric id.")
        told = (await PLATFORM.ask("GET", _address(credentials, "getChat"), params={"chat_id": chat})).body["result"]
        refused = await _refusal_to_post(credentials, told)
        if refused:
            raise RejectedError(refused, fix=_ADMIN)
        handle = f"@{told['username']}" if told.get("username") else str(told["id"])
        name = told.get("title") or told.get("first_name") or handle
        return [Identity(str(told["id"]), handle, name, {"token": credentials["token"]})]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the token is good and whether the bot may post in the chat."""
        try:
            told = await PLATFORM.ask(
                "GET", _address(account.credentials, "getChat"), params={"chat_id": account.external_id}
            )
            refused = await _refusal_to_post(account.credentials, told.body["result"])
        except ChannelError as error:
            return [check_of(error)]
        if refused:
            return [Check("scope", ok=False, says=refused, fix=_ADMIN)]
        return [Check("token", ok=True, says="The bot may post there.")]


async def _refusal_to_post(credentials: JsonObject, chat: dict[str, Any]) -> str:
    """Return why the bot may not post in a chat, nothing when it may."""
    if chat.get("type") == "private":
        return ""
    bot = (await PLATFORM.ask("GET", _address(credentials, "getMe"))).body["result"]
    asked = {"chat_id": str(chat["id"]), "user_id": str(bot["id"])}
    member = (await PLATFORM.ask("GET", _address(credentials, "getChatMember"), params=asked)).body["result"]
    status = member.get("status")
    if status in ("left", "kicked"):
        return "The bot is not in this chat."
    if chat.get("type") == "channel" and (status != "administrator" or not member.get("can_post_messages")):
        return "The bot may not post in this channel."
    if status == "restricted" and not member.get("can_send_messages"):
        return "The bot may not write in this group."
    return ""


async def _cover(outgoing: Outgoing, material: Material) -> Material | None:
    """The chosen frame of a video; where none was chosen, Telegram takes its own."""
    if not material.is_video or outgoing.copy.thumbnail_at is None:
        return None
    return await poster(outgoing, material)


def _message(
    outgoing: Outgoing, files: Sequence[Material], covers: Sequence[Material | None], opened: ExitStack
) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Return the method, its fields and the open files of a message."""
    target = outgoing.target_as(TelegramTarget)
    text = caption(outgoing.copy, TelegramChannel.rules.text)
    data = {"chat_id": outgoing.account.external_id}
    if target.disable_notification:
        data["disable_notification"] = "true"
    if target.protect_content:
        data["protect_content"] = "true"
    if target.message_thread_id is not None:
        data["message_thread_id"] = str(target.message_thread_id)
    if outgoing.under is not None:
        data["reply_parameters"] = json.dumps({"message_id": int(outgoing.under.external_id)})
    if not files:
        if not target.link_preview:
            data["link_preview_options"] = json.dumps({"is_disabled": True})
        return "sendMessage", {**data, "text": text}, {}
    parts: dict[str, Any] = {}
    items: list[dict[str, Any]] = []
    for number, (file, cover) in enumerate(zip(files, covers, strict=True)):
        parts[f"file{number}"] = (file.filename, opened.enter_context(file.path.open("rb")), file.mime)
        item: dict[str, Any] = {"type": "video" if file.is_video else "photo", "media": f"attach://file{number}"}
        if file.is_video:
            item |= {"supports_streaming": True, "duration": math.floor(file.facts.duration)}
            if file.facts.video is not None:
                item |= {"width": file.facts.video.width, "height": file.facts.video.height}
        if cover is not None:
            parts[f"cover{number}"] = (cover.filename, opened.enter_context(cover.path.open("rb")), cover.mime)
            item["cover"] = f"attach://cover{number}"
        items.append(item)
    if len(items) > 1:
        items[0]["caption"] = text  # an album shows the caption of its first
        return "sendMediaGroup", {**data, "media": json.dumps(items)}, parts
    single = items[0]
    kind = str(single.pop("type"))
    fields = {name: _spelt(value) for name, value in single.items() if name != "media"}
    parts[kind] = parts.pop("file0")
    return f"send{kind.title()}", {**data, **fields, "caption": text}, parts


def _spelt(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _address(credentials: JsonObject, method: str) -> str:
    return f"{TelegramSettings().base_url.rstrip('/')}/bot{credentials['token']}/{method}"


def _permalink(message: dict[str, Any]) -> str | None:
    """The public address of a message, or the one for members; a private chat has none."""
    chat = message.get("chat", {})
    if chat.get("username"):
        return f"https://t.me/{chat['username']}/{message['message_id']}"
    inner = str(chat.get("id", ""))
    return f"https://t.me/c/{inner[4:]}/{message['message_id']}" if inner.startswith("-100") else None
