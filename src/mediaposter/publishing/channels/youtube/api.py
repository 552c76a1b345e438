"""Talking to YouTube: its settings, its answers, and what its errors mean."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform

API = "/youtube/v3"
SCOPES = (
    "https://www.googleapis.com/auth/youtube.upload",
    "https://www.googleapis.com/auth/youtube.readonly",
)
COMMENTING = "https://www.googleapis.com/auth/youtube.force-ssl"
_PACIFIC = ZoneInfo("America/Los_Angeles")  # where Google's day of quotas ends
_CONNECT = "Connect it again: mediaposter accounts connect youtube"
_SPENT = ("quotaExceeded", "dailyLimitExceeded")


class YouTubeSettings(ChannelSettings):
    """Settings of the `youtube` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_YOUTUBE_")

    base_url: str = Field(default="https://www.googleapis.com", description="Google's APIs.")
    client_id: str | None = Field(default=None, description="OAuth client id, from console.cloud.google.com.")
    client_secret: SecretStr | None = Field(default=None, description="OAuth client secret.")
    uploads_a_day: int = Field(
        default=100, ge=1, description="Uploads that Google grants your project in a day, over all its channels."
    )


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    error: Any = told.get("error")
    if not isinstance(error, dict):
        return Complaint(str(error or ""), str(told.get("error_description") or answer.text[:200]))
    reasons: Any = error.get("errors") or [{}]
    code = str(reasons[0].get("reason") or error.get("status") or "")
    message = str(error.get("message", ""))
    if code == "rateLimitExceeded" and "per day" in message:
        code = "quotaExceeded"  # that of uploads is worded so (google-api-python-client issue 2753, read 2026-11-23)
    return Complaint(code, message, until_midnight() if code in _SPENT else None)


def until_midnight(now: datetime | None = None) -> timedelta:
    """Return how long it is until the quotas of the day begin anew: midnight in California."""
    here = (now or datetime.now(UTC)).astimezone(_PACIFIC)
    tomorrow = (here + timedelta(days=1)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=_PACIFIC) - here.astimezone(UTC)


def _refused(code: str, fix: str) -> ErrorRule:
    return ErrorRule(Means.REJECTED, code=code, fix=fix)


PLATFORM = Platform(
    "youtube",
    errors=(
        *(
            ErrorRule(Means.LATER, code=code, fix="Nothing: it goes out when Google's day begins anew.")
            for code in _SPENT
        ),
        ErrorRule(
            Means.LATER,
            code="uploadLimitExceeded",
            after=86_400,
            fix="Nothing: the channel's uploads of the day are used up, it goes out tomorrow.",
        ),
        ErrorRule(Means.LATER, code="rateLimitExceeded", after=60),
        ErrorRule(Means.LATER, code="userRateLimitExceeded", after=60),
        ErrorRule(Means.RECONNECT, code="authError", fix=_CONNECT),
        ErrorRule(Means.RECONNECT, code="UNAUTHENTICATED", fix=_CONNECT),
        ErrorRule(Means.RECONNECT, code="youtubeSignupRequired", fix="Make a channel at youtube.com, then connect."),
        ErrorRule(
            Means.RECONNECT,
            code="insufficientPermissions",
            fix="Connect it again and grant everything that is asked: mediaposter accounts connect youtube",
        ),
        _refused(
            "accessNotConfigured", "Switch on the YouTube Data API v3 for the project at console.cloud.google.com."
        ),
        _refused("accountClosed", "Google has closed the account."),
        _refused("accountSuspended", "YouTube has suspended the channel: see studio.youtube.com."),
        _refused("channelSuspended", "YouTube has suspended the channel: see studio.youtube.com."),
        _refused("invalidTitle", "Write a title of 1 to 100 characters without < and >."),
        _refused("invalidDescription", "Shorten the description to 5000 bytes, without < and >."),
        _refused("invalidTags", "Keep all tags together below 500 characters."),
        _refused("invalidCategoryId", "Set `category` to a number that YouTube lists for your country, such as 22."),
        _refused("invalidVideoMetadata", "Read what YouTube says and change the text or the target."),
        _refused("forbiddenPrivacySetting", "Set another `privacy` for the account."),
        _refused("commentsDisabled", "Comments are off for this video, as they are for what is made for kids."),
        _refused("commentTextTooLong", "Shorten the comment."),
        _refused("videoNotFound", "The video above is not there any more."),
    ),
    reads=_complaint,
)


async def ask(account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Ask as the account. Raises what the table of errors says."""
    return await call(account.credentials, method, path, creating=creating, **request)


async def call(credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Ask with these credentials. Raises what the table of errors says."""
    base = YouTubeSettings().base_url.rstrip("/")
    token = str(credentials["access_token"])
    return await PLATFORM.ask(method, f"{base}{path}", creating=creating, token=token, **request)
