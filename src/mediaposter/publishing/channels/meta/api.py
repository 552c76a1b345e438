"""Talking to the Graph API: answers, what its errors mean, tokens that last, uploads, containers."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
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

VERSION = "v26.0"  # of 2026-07-29: developers.facebook.com/docs/graph-api/changelog
_LOOK_SECONDS = 3.0
_NEARLY = 95  # per cent of what Meta lets an app or a page call in an hour
_COUNTED = ("call_count", "total_cputime", "total_time")
_REST = 900.0  # seconds: then a part of that hour is over
_GRANT = "Grant everything that is asked, with a role on the page that may post: mediaposter accounts connect {}"
Ask = Callable[..., Awaitable[Answer]]
# Subcodes that say more than their code (developers.facebook.com, Instagram Platform, Error Codes).
_SUBCODES = {
    "2207026": (Means.REJECTED, "Use an MP4 or MOV with H.264 and AAC."),
    "2207004": (Means.REJECTED, "Make the picture smaller than 8 MB."),
    "2207005": (Means.REJECTED, "Use a JPEG."),
    "2207009": (Means.REJECTED, "Use a picture between 4:5 and 1.91:1."),
    "2207010": (Means.REJECTED, "Shorten the caption to 2,200 characters, 30 hashtags and 20 mentions."),
    "2207040": (Means.REJECTED, "Mention 20 accounts at most."),
    "2207057": (Means.REJECTED, "Choose a thumbnail within the video."),
    "2207023": (Means.REJECTED, "The kind of media is not known: use a picture or a video."),
    "2207028": (Means.REJECTED, "A carousel has 2 to 10 pictures."),
    "2207050": (Means.REJECTED, "The account is restricted: sign in to Instagram and follow what it asks."),
    "2207052": (Means.REJECTED, "The file could not be fetched: see `mediaposter accounts test`."),
    "2207003": (Means.LATER, "Nothing: fetching the file took too long, it is tried again."),
    "2207020": (Means.LATER, "Nothing: the prepared post has expired, it is made anew."),
    "2207006": (Means.LATER, "Nothing: the prepared post is gone, it is made anew."),
    "2207008": (Means.LATER, "Nothing: a fault of Instagram's, it is tried again."),
    "2207001": (Means.LATER, "Nothing: a fault of Instagram's, it is tried again."),
    "2207032": (Means.LATER, "Nothing: a fault of Instagram's, it is tried again."),
    "2207053": (Means.LATER, "Nothing: the upload failed at Instagram, it is tried again."),
    "2207027": (Means.LATER, "Nothing: it is not ready, it is tried again."),
    "2207042": (Means.LATER, "Nothing: the account's posts of the day are used up, it goes out later."),
    "2207051": (Means.REJECTED, "Instagram takes it for spam: look at the account in the app, and post less often."),
    "1363047": (Means.REJECTED, "The video is too short or too long."),
    "1366046": (Means.REJECTED, "Use a JPEG or PNG of at most 4 MB."),
    "1390008": (Means.LATER, "Nothing: the page posts too fast, it goes out later."),
    "33": (Means.REJECTED, "It is not there any more, or the account may not see it."),
}
# After these the post may be public all the same: the container is asked.
_DOUBTFUL = ("2207001", "2207008", "2207032", "2207051", "2207053")
# What is wrong with a token (developers.facebook.com, Graph API, Handle Errors).
_TOKENS = {
    "458": "The app was taken off the account. ",
    "459": "Sign in at facebook.com and do what it asks. ",
    "460": "The password was changed. ",
    "464": "Sign in at facebook.com and confirm the account. ",
    "492": "The user has lost the role on the page: have it given back. ",
}
# What Threads says of a container that failed (developers.facebook.com, Threads API, Troubleshooting).
_FAILED = {
    "FAILED_DOWNLOADING": "The file could not be fetched: see `mediaposter accounts test`.",
    "INVALID_DURATION": "A video lasts 5 minutes at most.",
    "INVALID_ASPEC_RATIO": "Use a ratio between 10:1 and 1:10, best 9:16.",
    "INVALID_BIT_RATE": "Use 100 Mbit/s at most.",
    "INVALID_FRAME_RATE": "Use 23 to 60 frames a second.",
    "INVALID_AUDIO": "Use AAC in stereo or mono, 48 kHz at most.",
    "FAILED_PROCESSING_AUDIO": "Use AAC in stereo or mono, 48 kHz at most.",
}
_FAULTS = ("1", "2", "-1", "-2", "transient")
_LIMITED = ("4", "17", "32", "341", "613", "80001", "80002", "80006", "80014")


class GraphSettings(ChannelSettings):
    """What the channels on graph.facebook.com have in common."""

    base_url: str = Field(default="https://graph.facebook.com", description="The Graph API.")
    version: str = Field(default=VERSION, description="The version of the Graph API.")
    client_id: str | None = Field(default=None, description="The Meta app's id, from developers.facebook.com.")
    client_secret: SecretStr | None = Field(default=None, description="The Meta app's secret.")
    appsecret_proof: bool = Field(
        default=True,
        description="Prove with each call that we know the app's secret; off for tokens of another app.",
    )

    def proof(self, token: str) -> dict[str, str]:
        """Return what proves that the app uses the token, nothing where there is no app."""
        if self.client_secret is None or not self.appsecret_proof:
            return {}
        secret = self.client_secret.get_secret_value().encode()
        return {"appsecret_proof": hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()}


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
        params = {**request.pop("params", {}), **settings.proof(token)}
        return await self.platform.ask(method, address, creating=creating, token=token, params=params, **request)

    def of(self, account: ChannelAccount) -> Ask:
        """Return a way to ask as the account."""

        async def ask(method: str, path: str, **request: Any) -> Answer:
            return await self.ask(account, method, path, **request)

        return ask


def graph(name: str) -> Platform:
    """Return the Graph API as the channel `name` uses it. Its addresses may carry tokens, so they are never told."""
    grant, again = _GRANT.format(name), f"Connect it again: mediaposter accounts connect {name}"
    prefix = f"MEDIAPOSTER_{name.upper()}"
    return Platform(
        name,
        errors=(
            *(ErrorRule(Means.UNKNOWN, code=code, creating=True, fix=_SUBCODES[code][1]) for code in _DOUBTFUL),
            *(
                ErrorRule(means, code=code, fix=fix, after=6 * 3600 if code == "2207042" else 60)
                for code, (means, fix) in _SUBCODES.items()
            ),
            *(ErrorRule(Means.LATER, code=code, after=900) for code in _LIMITED),
            ErrorRule(Means.LATER, status=429),
            *(ErrorRule(Means.RECONNECT, code=code, fix=why + again) for code, why in _TOKENS.items()),
            ErrorRule(Means.RECONNECT, code="190"),
            ErrorRule(Means.RECONNECT, code="102"),
            ErrorRule(
                Means.REJECTED,
                says="appsecret_proof",
                fix=f"Set {prefix}_CLIENT_SECRET to the secret of the app that gave the token, or "
                f"{prefix}_APPSECRET_PROOF=false.",
            ),
            ErrorRule(Means.REJECTED, says="link_limit_exceeded", fix="Take links away: 5 at most."),
            ErrorRule(Means.REJECTED, code="2635", fix=f"Set {prefix}_VERSION to a version that Meta still serves."),
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
    if subcode in _SUBCODES or (code == "190" and subcode in _TOKENS):
        return Complaint(subcode, message)
    if code in _LIMITED:
        rest = 0.0 if "retry-after" in answer.headers else _regained(answer.headers)
        return Complaint(code, message, timedelta(seconds=rest) if rest else None)
    return Complaint("transient" if told.get("is_transient") and code != "9007" else code, message)


def rest_of(answer: Answer) -> float | None:
    """Return for how many seconds a page or an app should rest, by what Meta says of its calls of the last hour.

    (developers.facebook.com, Graph API, Rate Limits, 2026-11-23: X-Business-Use-Case-Usage and X-App-Usage.)
    """
    told = _usage(answer.headers)
    most = max((told_of.get(name, 0) for told_of in told for name in _COUNTED), default=0)
    return _regained(answer.headers) or (_REST if most >= _NEARLY else None)


def _regained(headers: Mapping[str, str]) -> float:
    """Return in how many seconds Meta lets calls pass again; 0 when it does not say. It says it in minutes."""
    return 60.0 * max((told.get("estimated_time_to_regain_access", 0) for told in _usage(headers)), default=0)


def _usage(headers: Mapping[str, str]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for name in ("x-business-use-case-usage", "x-app-usage"):
        try:
            told: Any = json.loads(headers.get(name, "{}"))
        except ValueError:
            continue
        # Of pages and accounts there is a list for each; of an app one object.
        each: Any = told.values() if name.startswith("x-business") and isinstance(told, dict) else [[told]]
        listed: list[dict[str, Any]] = [
            one for many in each if isinstance(many, list) for one in many if isinstance(one, dict)
        ]
        for one in listed:
            found.append({str(key): float(value) for key, value in one.items() if isinstance(value, int | float)})
    return found


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
                raise _failed(told, next((str(told[name]) for name in why if told.get(name)), "no reason given"))
            case "EXPIRED":
                raise RetryLaterError("The prepared post has expired; it is made anew.")
            case _:
                await asyncio.sleep(_LOOK_SECONDS)


def _failed(told: JsonObject, reason: str) -> RejectedError | RetryLaterError:
    """Return what it means that Meta could not process a container."""
    means, fix = next((known for code, known in _SUBCODES.items() if len(code) == 7 and code in reason), (None, ""))
    said = f"Meta could not use it: {reason}"
    if means is Means.LATER or reason == "UNKNOWN":
        return RetryLaterError(said, after=timedelta(minutes=5), answer=told)
    fix = fix or next((mend for name, mend in _FAILED.items() if reason.startswith(name)), "")
    return RejectedError(said, fix=fix or "Use an MP4 with H.264 and AAC, or a JPEG, then retry.", answer=told)


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
