"""Talking to TikTok: its settings, its answers, and what its errors mean."""

from typing import Any

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.platform import Answer, Complaint, ErrorRule, Means, Platform

CONNECT = "Connect it again: mediaposter accounts connect tiktok"
_AUDIT = (
    "TikTok shows posts of an app that it has not audited to nobody but the creator: set `privacy=SELF_ONLY` and make "
    "the account private while testing, then ask for the audit at developers.tiktok.com."
)


class TikTokSettings(ChannelSettings):
    """Settings of the `tiktok` channel."""

    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_TIKTOK_")

    base_url: str = Field(default="https://open.tiktokapis.com", description="TikTok's API.")
    client_id: str | None = Field(default=None, description="The app's client key, from developers.tiktok.com.")
    client_secret: SecretStr | None = Field(default=None, description="The app's client secret.")


def _complaint(answer: Answer) -> Complaint:
    told: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
    error: Any = told.get("error")
    if isinstance(error, dict):
        return Complaint(str(error.get("code", "")), str(error.get("message", "")))
    return Complaint(str(error or ""), str(told.get("error_description") or answer.text[:200]))


PLATFORM = Platform(
    "tiktok",
    errors=(
        ErrorRule(Means.RECONNECT, code="access_token_invalid", fix=CONNECT),
        ErrorRule(
            Means.RECONNECT,
            code="scope_not_authorized",
            fix="Grant everything that is asked, `video.publish` above all: mediaposter accounts connect tiktok",
        ),
        ErrorRule(Means.LATER, code="rate_limit_exceeded", after=60),
        # Both count 24 hours, and TikTok does not say when the oldest post leaves them.
        ErrorRule(Means.LATER, code="spam_risk_too_many_posts", after=6 * 3600),
        ErrorRule(Means.LATER, code="spam_risk_too_many_pending_share", after=6 * 3600),
        ErrorRule(Means.LATER, code="reached_active_user_cap", after=6 * 3600),
        ErrorRule(
            Means.REJECTED,
            code="spam_risk_user_banned_from_posting",
            fix="TikTok has banned the account from posting: look at its account status in the app.",
        ),
        ErrorRule(Means.REJECTED, code="spam_risk_text", fix="TikTok takes the text for spam: write other words."),
        ErrorRule(Means.REJECTED, code="unaudited_client_can_only_post_to_private_accounts", fix=_AUDIT),
        ErrorRule(
            Means.REJECTED,
            code="privacy_level_option_mismatch",
            fix="The account does not allow that `privacy`: `mediaposter accounts test` lists those that it allows.",
        ),
        ErrorRule(
            Means.REJECTED,
            code="url_ownership_unverified",
            fix="Verify the address of your media server for the app at developers.tiktok.com (URL properties).",
        ),
        ErrorRule(Means.REJECTED, code="app_version_check_failed", fix="Update the TikTok app on the creator's phone."),
        ErrorRule(Means.REJECTED, code="invalid_param", fix="Read what TikTok says and change the text or the target."),
        ErrorRule(
            Means.REJECTED, code="invalid_params", fix="Read what TikTok says and change the text or the target."
        ),
        ErrorRule(
            Means.REJECTED, code="invalid_file_upload", fix="Use an MP4 with H.264 of 360 to 4096 pixels a side."
        ),
        ErrorRule(Means.LATER, code="internal_error", creating=False, after=60),
    ),
    reads=_complaint,
)
# The address for the pieces is a secret of its own.
UPLOADS = Platform(
    "tiktok",
    errors=(
        ErrorRule(
            Means.LATER, status=403, after=5, fix="Nothing: the address for the upload ended, another is asked for."
        ),
        ErrorRule(Means.LATER, status=404, after=5, fix="Nothing: the upload is not there any more, it begins anew."),
        ErrorRule(Means.LATER, status=416, after=5, fix="Nothing: the upload begins anew."),
        ErrorRule(Means.REJECTED, status=400, fix="Use an MP4 with H.264 of 360 to 4096 pixels a side."),
    ),
    reads=_complaint,
    secret_urls=True,
)


async def creator(account: ChannelAccount) -> dict[str, Any]:
    """Return what the creator may post now (Query Creator Info)."""
    told: Any = (await ask(account, "POST", "/v2/post/publish/creator_info/query/")).body.get("data") or {}
    return told


async def status(account: ChannelAccount, publish_id: str) -> dict[str, Any]:
    """Return what became of an upload (Get Post Status)."""
    asked = {"publish_id": publish_id}
    told: Any = (await ask(account, "POST", "/v2/post/publish/status/fetch/", json=asked)).body.get("data") or {}
    return told


async def ask(account: ChannelAccount, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Ask as the account. Raises what the table of errors says."""
    return await call(account.credentials, method, path, creating=creating, **request)


async def call(credentials: JsonObject, method: str, path: str, *, creating: bool = False, **request: Any) -> Answer:
    """Ask with these credentials. Raises what the table of errors says."""
    base = TikTokSettings().base_url.rstrip("/")
    token = str(credentials["access_token"])
    answer = await PLATFORM.ask(method, f"{base}{path}", creating=creating, token=token, **request)
    if _complaint(answer).code not in ("", "ok"):  # now and then errors come with 200
        raise PLATFORM.judge(answer, creating=creating)
    return answer
