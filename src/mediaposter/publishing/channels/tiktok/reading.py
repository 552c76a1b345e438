"""Reading what became of an upload."""

from typing import Any

from mediaposter.publishing.channel import Absent, ChannelAccount, Confirmation, ConfirmState, Found, Unreadable
from mediaposter.publishing.channels.tiktok.api import CONNECT

# Reasons that a post failed for (Get Post Status), with what mends them; those that time alone mends have none.
_FAILURES = {
    "file_format_check_failed": "Use an MP4, MOV or WebM with H.264.",
    "duration_check_failed": "The video is too short, or longer than the account may post: cut it.",
    "frame_rate_check_failed": "Use 23 to 60 frames a second.",
    "picture_size_check_failed": "Use 360 to 4096 pixels a side; pictures at most 1080 x 1920.",
    "video_pull_failed": "TikTok could not fetch the file: test the address with `mediaposter accounts test`.",
    "photo_pull_failed": "TikTok could not fetch the picture: test the address with `mediaposter accounts test`.",
    "publish_cancelled": "The creator cancelled it in the app.",
    "auth_removed": CONNECT,
    "spam_risk_too_many_posts": "The account has posted as often as TikTok lets it in a day: retry tomorrow.",
    "spam_risk_user_banned_from_posting": "TikTok has banned the account from posting: see the app.",
    "spam_risk_text": "TikTok takes the text for spam: write other words.",
    "spam_risk": "TikTok takes the post for spam: look at the account's status in the app.",
    "internal": "A fault at TikTok: retry it later.",
}


def confirmation(account: ChannelAccount, publish_id: str, told: dict[str, Any]) -> Confirmation:
    """Return what a status means for a post that was sent."""
    match told.get("status"):
        case "PUBLISH_COMPLETE":
            post = public_id(told)
            url = _page(account, post) if post else None
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=post or publish_id, url=url, answer=told)
        case "SEND_TO_USER_INBOX":
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=publish_id, answer=told)
        case "FAILED":
            reason = str(told.get("fail_reason") or "no reason given")
            return Confirmation(
                state=ConfirmState.FAILED,
                reason=f"TikTok failed to post it: {reason}.",
                fix=_FAILURES.get(reason, "Look at the account in the TikTok app, then retry."),
                answer=told,
            )
        case _:
            return Confirmation(state=ConfirmState.PROCESSING, answer=told)


def reading(
    account: ChannelAccount, publish_id: str, told: dict[str, Any], *, start: int, size: int
) -> Found | Absent | Unreadable:
    """Return what a status means for a post that was perhaps sent: a video of `size` bytes, its last piece at `start`.

    A count below `start` is not believed: so much was there already before the last piece was sent.
    """
    status, seen = told.get("status"), confirmation(account, publish_id, told)
    evidence = f"TikTok says {status} of the upload {publish_id}."
    if seen.state is ConfirmState.PUBLISHED:
        return Found(external_id=seen.external_id or publish_id, url=seen.url, evidence=evidence)
    if seen.state is ConfirmState.FAILED:
        return Absent(evidence=f"{evidence} {seen.reason}")
    # It says so too while it works on a whole one: only missing bytes prove that the last piece never came.
    got = told.get("uploaded_bytes")
    if status == "PROCESSING_UPLOAD" and isinstance(got, int) and start <= got < size:
        return Absent(evidence=f"{evidence} It got {got} of {size} bytes: the last piece never came.")
    if status in ("PROCESSING_UPLOAD", "PROCESSING_DOWNLOAD") and (got is None or got >= size):
        return Found(external_id=publish_id, evidence=evidence, answer={"publish_id": publish_id}, working=True)
    return Unreadable(evidence=evidence, again=True)


def public_id(told: dict[str, Any]) -> str | None:
    """Return the id of the public post, which TikTok tells once it is moderated. The name is spelled like that."""
    ids: Any = told.get("publicaly_available_post_id") or told.get("publicly_available_post_id")
    return str(ids[0]) if ids else None


def _page(account: ChannelAccount, post: str) -> str:
    return f"https://www.tiktok.com/@{account.handle.removeprefix('@')}/video/{post}"
