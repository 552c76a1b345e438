"""Talking to the Graph API: answers, what its errors mean, tokens that last, uploads, containers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.errors import RejectedError, RetryLaterError
from mediaposter.publishing.materials import Material, chunks
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform

VERSION = "v24.0"
_LOOK_SECONDS = 3.0
_GRANT = "Grant everything that is asked, with a role on the page that may post: mediaposter accounts connect {}"
Ask = Callable[..., Awaitable[Answer]]
# Subcodes that say more than their code (developers.facebook.com, Instagram Platform, Error Codes).
_SUBCODES = {
    "2207026": (Means.REJECTED, "Use an MP4 or MOV with H.264 and AAC."),
    "2207004": (Means.REJECTED, "Make the picture smaller than 8 MB."),
    "2207005": (Means.REJECTED, "Use a JPEG."),
    "2207009": (Means.REJECTED, "Use a picture between 4:5 and 1.91:1."),
    "2207010": (Means.REJECTED, "Shorten the caption to 2,200 characters, 30 hashtags and 20 mentions."),
    "2207023": (Means.REJECTED, "The kind of media is not known: use a picture or a video."),
    "2207028": (Means.REJECTED, "A carousel has 2 to 10 pictures."),
    "2207050": (Means.REJECTED, "The account is restricted: sign in to Instagram and follow what it asks."),
    "2207052": (Means.REJECTED, "The file could not be fetched: see `mediaposter accounts test`."),
    "2207003": (Means.LATER, "Nothing: fetching the file took too long, it is tried again."),
    "2207020": (Means.LATER, "Nothing: the prepared post has expired, it is made anew."),
    "2207008": (Means.LATER, "Nothing: the prepared post has expired, it is made anew."),
    "2207027": (Means.LATER, "Nothing: it is not ready, it is tried again."),
    "2207042": (Means.LATER, "Nothing: the account's posts of the day are used up, it goes out later."),
    "2207051": (Means.UNKNOWN, ""),  # held for spam: now and then the post is public all the same
    "1363047": (Means.REJECTED, "The video is too short or too long."),
    "1366046": (Means.REJECTED, "Use a JPEG or PNG of at most 4 MB."),
    "1390008": (Means.LATER, "Nothing: the page posts too fast, it goes out later."),
    "33": (Means.REJECTED, "It is not there any more, or the account may not see it."),
}
_FAULTS = ("1", "2", "-1", "-2")
_LIMITED = ("4", "17", "32", "341", "613", "80001", "80002", "80006", "80014")


class GraphSettings(ChannelSettings):
    """What the channels on graph.facebook.com have in common."""

    base_url: str = Field(default="https://graph.facebook.com", description="The Graph API.")
    version: str = Field(default=VERSION, description="The version of the Graph API.")
    client_id: str | None = Field(default=None, description="The Meta app's id, from developers.facebook.com.")
    client_secret: SecretStr | None = Field(default=None, description="The Meta app's secret.")


@dataclass(frozen=True)
class Graph:
    """The Graph API of one channel."""

    platform: Platform
    settings: type[GraphSettings]

    async def ask(
        self, account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any
    ) -> Answer:
        """Ask as the account. Raises what the table of errors says."""
        settings = self.settings()
        address = f"{settings.base_url.rstrip('/')}/{settings.version}{path}"
        token = str(account.credentials["access_token"])
        return await self.platform.ask(method, address, creating=creating, token=token, **request)

    def of(self, account: ChannelAccount) -> Ask:
        """Return a way to ask as the account."""

        async def ask(method: str, path: str, **request: Any) -> Answer:
            return await self.ask(account, method, path, **request)

        return ask


def graph(name: str) -> Platform:
    """Return the Graph API as the channel `name` uses it. Its addresses may carry tokens, so they are never told."""
    grant = _GRANT.format(name)
    return Platform(
        name,
        errors=(
            *(
                ErrorRule(means, code=code, fix=fix, after=6 * 3600 if code == "2207042" else 60)
                for code, (means, fix) in _SUBCODES.items()
            ),
            *(ErrorRule(Means.LATER, code=code, after=900) for code in _LIMITED),
            ErrorRule(Means.LATER, status=429),
            ErrorRule(Means.RECONNECT, code="190"),
            ErrorRule(Means.RECONNECT, code="102"),
            ErrorRule(Means.REJECTED, code="10", fix=grant),
            *(ErrorRule(Means.REJECTED, code=str(code), fix=grant) for code in range(200, 300)),
            ErrorRule(
                Means.REJECTED, code="368", fix="Meta has blocked the account for a while: sign in and look why."
            ),
            ErrorRule(Means.REJECTED, code="506", fix="The account has posted this before: change it, then retry."),
            # "An unknown error" and "temporarily unavailable" come with any status.
            # Codes below 0 are faults of Instagram's own, with status 400: "Instagram server error. Try again."
            *(ErrorRule(Means.UNKNOWN, code=code, creating=True) for code in _FAULTS),
            *(ErrorRule(Means.LATER, code=code, after=60) for code in _FAULTS),
            ErrorRule(
                Means.REJECTED, code="9004", fix="The file could not be fetched: see `mediaposter accounts test`."
            ),
            ErrorRule(Means.LATER, code="9007", after=30),
        ),
        reads=_complaint,
        secret_urls=True,
    )


def _complaint(answer: Answer) -> Complaint:
    told: Any = answer.data.get("error") if isinstance(answer.data, dict) else None
    if not isinstance(told, dict):
        return Complaint("", str(told or answer.text[:200]))
    subcode, code = str(told.get("error_subcode", "")), str(told.get("code", ""))
    message = " ".join(str(told[name]) for name in ("message", "error_user_msg") if told.get(name))
    wait = answer.headers.get("retry-after", "")
    after = timedelta(seconds=int(wait)) if wait.isdigit() else None
    return Complaint(subcode if subcode in _SUBCODES else code, message, after)


async def send_file(platform: Platform, address: str, token: str, material: Material) -> None:
    """Send a file to the address that an upload was given. Raises what the table of errors says."""
    await platform.ask(
        "POST",
        address,
        headers={
            "Authorization": f"OAuth {token}",
            "offset": "0",
            "file_size": str(material.size),
            "Content-Length": str(material.size),
            "Content-Type": "application/octet-stream",
        },
        content=chunks(material, 1 << 20),
        timeout=1800,
    )


async def wait_until_ready(ask: Ask, container: str, *, field: str, why: Sequence[str]) -> None:
    """Wait until Meta has processed a container. Raises RejectedError with what it says when it failed."""
    while True:
        fields = ",".join((field, *why))
        told = (await ask("GET", f"/{container}", params={"fields": fields})).body
        match told.get(field):
            case "FINISHED" | "PUBLISHED":
                return
            case "ERROR":
                reason = next((str(told[name]) for name in why if told.get(name)), "no reason given")
                code = next((code for code in _SUBCODES if code in reason), "")
                raise RejectedError(
                    f"Meta could not use it: {reason}",
                    fix=_SUBCODES[code][1] if code else "Use an MP4 with H.264 and AAC, or a JPEG, then retry.",
                    answer=told,
                )
            case "EXPIRED":
                raise RetryLaterError("The prepared post has expired; it is made anew.")
            case _:
                await asyncio.sleep(_LOOK_SECONDS)


def lasting(credentials: JsonObject, answer: JsonObject) -> tuple[JsonObject, datetime | None]:
    """Return credentials with the token of an answer, and when that ends."""
    seconds = answer.get("expires_in")
    ends = datetime.now(UTC) + timedelta(seconds=int(seconds)) if seconds else None
    renewed: JsonObject = {**credentials, "access_token": str(answer["access_token"])}
    if ends is not None:
        renewed["expires_at"] = ends.isoformat()
    else:
        renewed.pop("expires_at", None)
    return renewed, ends
