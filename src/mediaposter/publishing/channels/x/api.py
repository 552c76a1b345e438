"""X's API v2: its settings, its table of errors, and one request."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform

_CREDITS = "Buy credits or raise the spending limit at console.x.com; the post is sent by itself then."
DUPLICATE = "duplicate content"


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
            says=DUPLICATE,
            fix="The account has posted this text already: change the words, then retry.",
        ),
        ErrorRule(Means.RECONNECT, status=403, code="unsupported-authentication"),
        ErrorRule(
            Means.REJECTED,
            code="client-forbidden",
            fix="Put the app into a project with access to API v2 at console.x.com, then connect the account again.",
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
            fix="X does not let this account post this: look at x.com for a restriction, take links and mentions out, "
            "or connect it again and grant all that is asked: mediaposter accounts connect x",
        ),
        ErrorRule(Means.REJECTED, status=413, fix="Make the file smaller: videos to 512 MB, pictures to 5 MB."),
        ErrorRule(Means.REJECTED, status=400, fix="Read what X says and change the text or the media."),
    ),
    reads=_complaint,
)


def permalink(account: ChannelAccount, number: str) -> str:
    """Return where people see a post."""
    return f"https://x.com/{account.handle.removeprefix('@')}/status/{number}"


async def ask(account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Make one request as the account."""
    return await call(account.credentials, method, path, creating=creating, **request)


async def call(credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Make one request with credentials."""
    base = XSettings().base_url.rstrip("/")
    return await PLATFORM.ask(
        method, f"{base}{path}", creating=creating, token=str(credentials["access_token"]), **request
    )
