"""Webhook: a signed POST of the post to an address of yours, as Standard Webhooks signs it.

`webhook-id` is the publication's id in every attempt, so a receiver that remembers ids takes each post once. The
address may carry a secret and lead anywhere: it goes through the guarded client and is told nowhere.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from typing import Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from mediaposter.core import context, http
from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.connection import Check, Identity, Paste
from mediaposter.publishing.connection import Field as Pasted
from mediaposter.publishing.errors import ChannelError, RejectedError
from mediaposter.publishing.materials import Material, materials
from mediaposter.publishing.media_urls import public_url, reachable
from mediaposter.publishing.platform import Answer, ErrorRule, Means, Platform
from mediaposter.publishing.rules import ChannelRules, MediaRules, TextRules, caption

_SPEC = "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"
_GONE = "The receiver says that it is gone: connect the address that has taken its place."


class WebhookSettings(ChannelSettings):
    """Settings of the `webhook` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_WEBHOOK_")

    base_url: str | None = Field(
        default=None, description="A gateway: each POST goes there with the path of its own address."
    )


class WebhookTarget(BaseModel):
    """What is sent, and where it can be looked up."""

    model_config = ConfigDict(extra="forbid")

    attach: Literal["url", "multipart"] = Field(
        default="url", description="Media as signed public addresses, or as files in a multipart form."
    )
    status_url: str | None = Field(
        default=None,
        pattern=r"^https?://.*\{id\}",
        description="Address that answers GET with 200 or 404 for a publication; {id} is its webhook-id.",
    )


PLATFORM = Platform(
    "webhook",
    errors=(
        ErrorRule(Means.RECONNECT, status=410, code="RECEIVER_GONE", fix=_GONE),
        ErrorRule(Means.RECONNECT, status=410, fix=_GONE),
        ErrorRule(Means.LATER, status=429),
        ErrorRule(Means.LATER, status=503),
        ErrorRule(Means.RECONNECT, status=401, fix="The receiver refuses the signature: connect it with its secret."),
        ErrorRule(Means.RECONNECT, status=403, fix="The receiver refuses us: connect it with its present secret."),
        ErrorRule(Means.REJECTED, status=404, fix="Nothing listens at the webhook's path: connect the right address."),
        ErrorRule(Means.REJECTED, status=413, fix="The receiver takes no file this large: use `attach=url`."),
    ),
    guarded=True,
    secret_urls=True,
)


class WebhookChannel:
    """Hands a post to a receiver; what 2xx answers is taken."""

    name: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Webhook"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(title_max=1000, description_max=100_000, alt_text_max=5000),
        media=MediaRules(
            videos_max=20,
            images_max=20,
            mixed=True,
            together_max=20,
            containers=(),
            video_codecs=(),
            audio_codecs=(),
            moov_first=False,
        ),
        discloses_ai=True,
        source=_SPEC,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=120, settle=180, confirm=60)
    settings: ClassVar[type[WebhookSettings]] = WebhookSettings
    target: ClassVar[type[WebhookTarget]] = WebhookTarget
    connect: ClassVar[Paste] = Paste(
        fields=(
            Pasted("url", "Address", "Where the receiver takes POST, such as https://example.com/hooks/posts."),
            Pasted("secret", "Signing secret", "whsec_ and at least 24 bytes in base64; the receiver's too."),
        ),
        help_url="https://www.standardwebhooks.com",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Make sure that the secret signs and that the media can be reached."""
        target = outgoing.target_as(WebhookTarget)
        _key(outgoing.account.credentials)
        files = await materials(outgoing, self.rules)
        if target.attach == "url":
            for file in files:
                await public_url(file)
        return Prepared(data={"attach": target.attach, "media": [file.asset_id for file in files]})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:  # noqa: ARG002 - files are found again
        """Make the signed POST."""
        target = outgoing.target_as(WebhookTarget)
        files = await materials(outgoing, self.rules)
        now = context.current().clock()
        message = {"type": "post.publish", "timestamp": now.isoformat(), "data": await _post(outgoing, target, files)}
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed(outgoing.account.credentials, outgoing.id, int(now.timestamp()), body)
        with ExitStack() as opened:
            request: dict[str, Any] = {"content": body}
            if target.attach == "multipart" and files:
                request = {"files": {"payload": (None, body, "application/json")}}
                for number, file in enumerate(files):
                    handle = opened.enter_context(file.path.open("rb"))
                    request["files"][f"file{number}"] = (file.filename, handle, file.mime)
            else:
                headers["Content-Type"] = "application/json"
            answer = await PLATFORM.ask(
                "POST",
                _address(outgoing.account.credentials),
                creating=True,
                timeout=self.timing.commit,
                headers=headers,
                **request,
            )
        external_id, url = _told(answer, outgoing)
        return Handle(external_id=external_id, url=url, answer={"status": answer.status, "id": external_id})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:  # noqa: ARG002 - 2xx is its word
        """What the receiver took is its own from then on."""
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Ask the receiver, where it has an address for that."""
        target = outgoing.target_as(WebhookTarget)
        if target.status_url is None:
            return Unreadable(evidence="This receiver has no `status_url`: look there for the publication's id.")
        headers = signed(outgoing.account.credentials, outgoing.id, int(context.current().clock().timestamp()), b"")
        address = target.status_url.replace("{id}", quote(outgoing.id, safe=""))
        try:
            answer = await PLATFORM.ask("GET", address, headers=headers, fine=(404,))
        except ChannelError as error:
            return Unreadable(evidence=error.detail, again=True)
        if answer.status == 404:
            return Absent(evidence=f"The receiver answers that it does not have {outgoing.id}.")
        external_id, url = _told(answer, outgoing)
        return Found(external_id=external_id, url=url, evidence=f"The receiver answers that it has {outgoing.id}.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the receiver as an account. Nothing is sent to it."""
        _key(credentials)
        url = str(credentials.get("url", "")).strip()
        _refuse_open(url)
        await _refuse_inside(url)
        host = urlsplit(url).hostname or ""
        number = hashlib.sha256(url.encode()).hexdigest()[:16]
        return [Identity(number, host, host, {"url": url, "secret": credentials["secret"]})]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Look at the address, the secret, and whether our media can be fetched."""
        checks: list[Check] = []
        try:
            _key(account.credentials)
            _refuse_open(str(account.credentials.get("url", "")))
            await _refuse_inside(str(account.credentials.get("url", "")))
            checks.append(Check("token", ok=True, says="The address is allowed and the secret signs."))
        except RejectedError as error:
            checks.append(Check("token", ok=False, says=error.detail, fix=error.fix))
        if account.target.get("attach", "url") == "url":
            checks.append(await reachable())
        return checks


def signed(credentials: JsonObject, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers that sign `body`: HMAC-SHA256 of "id.timestamp.body", as Standard Webhooks 1.0.0 says.

    Of a multipart form `body` is its part `payload`, which names the SHA-256 of each file.
    """
    told = f"{message_id}.{timestamp}.".encode() + body
    mac = base64.b64encode(hmac.new(_key(credentials), told, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{mac}"}


def _key(credentials: JsonObject) -> bytes:
    secret = str(credentials.get("secret", "")).strip()
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise RejectedError(
            "The signing secret is none of Standard Webhooks.",
            fix="Give whsec_ and 24 to 64 random bytes in base64, such as of `openssl rand -base64 32`.",
        )
    return key


def _refuse_open(url: str) -> None:
    """Refuse what is not https, save in a closed network."""
    parts = urlsplit(url)
    allowed = {"https", "http"} if context.current().settings.allow_private_urls else {"https"}
    if parts.scheme not in allowed or not parts.hostname:
        raise RejectedError("The webhook's address is not https.", fix="Give an address that begins with https://.")


async def _refuse_inside(url: str) -> None:
    parts = urlsplit(url)
    private = context.current().settings.allow_private_urls
    try:
        await http.checked_address(parts.hostname or "", parts.port or 443, "The webhook", private)
    except http.UrlRefusedError as error:
        raise RejectedError(error.detail, fix=error.fix) from None


def _address(credentials: JsonObject) -> str:
    url = str(credentials.get("url", ""))
    _refuse_open(url)
    gateway = WebhookSettings().base_url
    if gateway is None:
        return url
    parts = urlsplit(url)
    return f"{gateway.rstrip('/')}{parts.path}" + (f"?{parts.query}" if parts.query else "")


async def _post(outgoing: Outgoing, target: WebhookTarget, files: Sequence[Material]) -> Mapping[str, Any]:
    copy = outgoing.copy
    return {
        "id": outgoing.id,
        "post_id": outgoing.post_id,
        "attempt": outgoing.attempt,
        "account": {"id": outgoing.account.id, "handle": outgoing.account.handle},
        "text": caption(copy, WebhookChannel.rules.text),
        "title": copy.title,
        "description": copy.description,
        "hashtags": list(copy.hashtags),
        "link": copy.link,
        "alt_text": copy.alt_text,
        "ai_generated": outgoing.generated,
        "media": [await _medium(number, file, target) for number, file in enumerate(files)],
    }


async def _medium(number: int, file: Material, target: WebhookTarget) -> Mapping[str, Any]:
    where = {"part": f"file{number}"} if target.attach == "multipart" else {"url": await public_url(file)}
    seen = file.facts.video
    return {
        **where,
        "filename": file.filename,
        "type": file.mime,
        "bytes": file.size,
        "sha256": file.sha256,
        "width": seen.width if seen else None,
        "height": seen.height if seen else None,
        "seconds": file.facts.duration if file.is_video else None,
    }


def _told(answer: Answer, outgoing: Outgoing) -> tuple[str, str | None]:
    """What the receiver calls the post and where it is, as far as it says so."""
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    url = told.get("url")
    shown = url if isinstance(url, str) and url.startswith(("https://", "http://")) else None
    return str(told.get("id") or outgoing.id)[:200], shown
