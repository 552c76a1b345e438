"""LinkedIn's versioned REST API: its settings, its table of errors, and one request."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform, retry_after

_AGAIN = "mediaposter accounts connect linkedin"
DUPLICATE = "duplicate"


class LinkedInSettings(ChannelSettings):
    """Settings of the `linkedin` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_LINKEDIN_")

    base_url: str = Field(default="https://api.linkedin.com", description="LinkedIn's API.")
    client_id: str | None = Field(default=None, description="Client ID, from linkedin.com/developers/apps.")
    client_secret: SecretStr | None = Field(default=None, description="Primary client secret.")
    scopes: str | None = Field(
        default=None,
        description="Scopes to ask for, by spaces, where the app has other products than the default ones: LinkedIn "
        "refuses all when the app was not granted one of them.",
    )
    version: str = Field(
        default="202609", pattern=r"^\d{6}$", description="Version of the API, YYYYMM; each lives for about a year."
    )
    processing_poll: float = Field(
        default=5.0, description="Seconds between two looks at a picture or video being processed."
    )
    grace: float = Field(
        default=15.0, description="Seconds to wait for processing where LinkedIn does not let its state be read."
    )


def _complaint(answer: Answer) -> Complaint:
    """Read `message`, and the most telling of `errorDetails.inputErrors[].code`, `code` and `serviceErrorCode`."""
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    details = told.get("errorDetails")
    inputs: Any = details.get("inputErrors") if isinstance(details, dict) else None
    first: Any = inputs[0] if isinstance(inputs, list) and inputs else {}
    code = first.get("code") or told.get("code") or told.get("serviceErrorCode") or ""
    message = str(told.get("message") or first.get("description") or answer.text[:200])
    daily = answer.status == 429 and "limit" in message.lower() and retry_after(answer) is None
    return Complaint(str(code), message, _until_midnight() if daily else None)


def _until_midnight() -> timedelta:
    """Return how long it is until the daily limits begin anew: at midnight UTC."""
    now = datetime.now(UTC)
    return (now + timedelta(days=1)).replace(hour=0, minute=1, second=0, microsecond=0) - now


PLATFORM = Platform(
    "linkedin",
    errors=(
        ErrorRule(Means.LATER, status=429),
        ErrorRule(Means.RECONNECT, status=401),
        ErrorRule(
            Means.REJECTED,
            status=426,
            fix="LinkedIn has ended this version of its API: set MEDIAPOSTER_LINKEDIN_VERSION to a newer one (YYYYMM, "
            "as listed at learn.microsoft.com/linkedin/marketing/versioning), then retry.",
        ),
        ErrorRule(
            Means.REJECTED,
            status=422,
            says=DUPLICATE,
            fix="The account has posted this already: change the words, then retry.",
        ),
        ErrorRule(Means.LATER, code="MEDIA_ASSET_WAITING_UPLOAD", after=60),
        ErrorRule(
            Means.REJECTED,
            code="MEDIA_ASSET_PROCESSING_FAILED",
            fix="Use an MP4 with H.264 of 3 seconds to 30 minutes, or a JPEG or PNG picture, then retry.",
        ),
        ErrorRule(
            Means.REJECTED,
            status=403,
            says="organization",
            fix="Become an administrator of the page, or have its administrator connect it: " + _AGAIN,
        ),
        ErrorRule(
            Means.REJECTED,
            status=403,
            fix="The app or the person lacks a permission: add the product to the app at linkedin.com/developers, then "
            f"connect again and grant it: {_AGAIN}",
        ),
        ErrorRule(Means.REJECTED, says="length", fix="Shorten the text to 3,000 characters, a comment to 1,250."),
        ErrorRule(Means.REJECTED, says="image", fix="Use JPEG or PNG pictures of at most 5 MB and 36 megapixels."),
        ErrorRule(Means.REJECTED, status=404, fix="What it goes under, or its media, is not there: retry from anew."),
        ErrorRule(Means.REJECTED, status=400, fix="Read what LinkedIn says and change the text or the media."),
        ErrorRule(Means.REJECTED, status=422, fix="Read what LinkedIn says and change the text or the media."),
    ),
    reads=_complaint,
    headers={"X-Restli-Protocol-Version": "2.0.0"},
)


async def ask(credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Make one request as the account. `path` carries its query, since Rest.li wants its own way of encoding."""
    settings = LinkedInSettings()
    headers = {"LinkedIn-Version": settings.version, **request.pop("headers", {})}
    url = f"{settings.base_url.rstrip('/')}{path}"
    token = str(credentials["access_token"])
    return await PLATFORM.ask(method, url, creating=creating, token=token, headers=headers, **request)


def encoded(urn: str) -> str:
    """Return a URN as it stands in a path, a query or a list."""
    return quote(urn, safe="")
