"""Reading what became of a video or a comment."""

from datetime import datetime, timedelta
from typing import Any

from mediaposter.core.db import JsonObject
from mediaposter.media.facts import MediaFacts
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Outgoing,
    Unreadable,
)
from mediaposter.publishing.channels.youtube.api import API, COMMENTING, SCOPES, ask
from mediaposter.publishing.connection import Check
from mediaposter.publishing.matching import same_text

_EARLIER = timedelta(minutes=2)  # how far YouTube's clock may be behind ours
_SHORT_SECONDS = 180
_NEWEST, _COMMENTS = 50, 100  # how many of each are read
_AUDIT = (
    "YouTube locks videos of a Google project that it has not audited: ask for the audit at "
    "https://support.google.com/youtube/contact/yt_api_form"
)
# What YouTube says of a video that it failed or rejected (videos: status.failureReason, status.rejectionReason).
_MENDS = {
    "codec": "Use H.264 and AAC in an MP4.",
    "conversion": "YouTube could not convert it: use H.264 and AAC in an MP4.",
    "emptyFile": "The file is empty.",
    "invalidFile": "Use H.264 and AAC in an MP4.",
    "tooSmall": "The file is too small to be a video.",
    "uploadAborted": "Retry it.",
    "claim": "Somebody claims a right in it: see studio.youtube.com.",
    "copyright": "It breaks somebody's copyright: see studio.youtube.com.",
    "duplicate": "The channel has this video already.",
    "inappropriate": "It breaks YouTube's guidelines: see studio.youtube.com.",
    "legal": "It was rejected for a legal reason: see studio.youtube.com.",
    "length": "It is longer than the channel may post: verify it at youtube.com/verify, or cut it to 15 minutes.",
    "termsOfUse": "It breaks YouTube's terms: see studio.youtube.com.",
    "trademark": "It breaks a trademark: see studio.youtube.com.",
    "uploaderAccountClosed": "The account is closed.",
    "uploaderAccountSuspended": "The account is suspended: see studio.youtube.com.",
}


def page(number: str, facts: MediaFacts | None) -> str:
    """Return where people see a video: an upright or square one of up to 3 minutes is a Short."""
    seen = facts.video if facts else None
    short = seen is not None and facts is not None and seen.height >= seen.width and facts.duration <= _SHORT_SECONDS
    return f"https://www.youtube.com/shorts/{number}" if short else f"https://www.youtube.com/watch?v={number}"


def comment_page(outgoing: Outgoing, number: str) -> str | None:
    """Return where people see a comment."""
    return f"https://www.youtube.com/watch?v={outgoing.under.external_id}&lc={number}" if outgoing.under else None


def confirmation(handle: Handle, told: JsonObject, *, privacy: str) -> Confirmation:
    """Return what YouTube's word on a video means. One that is not listed yet is being worked on.

    `privacy` is what was asked for: YouTube says in its answer where it has locked the video as private instead.
    """
    items: list[dict[str, Any]] = told.get("items") or []
    status: dict[str, Any] = items[0].get("status", {}) if items else {}
    match status.get("uploadStatus"):
        case "processed":
            locked = privacy != "private" and status.get("privacyStatus") == "private"
            answer = {**status, "warning": f"It is locked as private. {_AUDIT}"} if locked else status
            return Confirmation(
                state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url, answer=answer
            )
        case "failed" | "rejected" | "deleted" as how:
            why = str(status.get("failureReason") or status.get("rejectionReason") or how)
            return Confirmation(
                state=ConfirmState.FAILED,
                reason=f"YouTube has {how} it: {why}." if why != how else f"YouTube has {how} it.",
                fix=_MENDS.get(why, "See studio.youtube.com."),
                answer=status,
            )
        case _:
            return Confirmation(state=ConfirmState.PROCESSING, answer=status)


async def find_video(outgoing: Outgoing) -> Found | Absent | Unreadable:
    """Look for a video with this title among the channel's newest 50. Raises ChannelError."""
    account = outgoing.account
    asked = {"part": "contentDetails", "id": account.external_id}
    items: list[dict[str, Any]] = (await ask(account, "GET", f"{API}/channels", params=asked)).body.get("items") or []
    if not items:
        return Unreadable(evidence="YouTube does not list the channel.", again=True)
    uploads = str(items[0]["contentDetails"]["relatedPlaylists"]["uploads"])
    asked = {"part": "snippet", "playlistId": uploads, "maxResults": str(_NEWEST)}
    listed = (await ask(account, "GET", f"{API}/playlistItems", params=asked)).body.get("items") or []
    for one in listed:
        snippet: dict[str, Any] = one["snippet"]
        number = str(snippet["resourceId"]["videoId"])
        if (
            number not in outgoing.taken
            and _since(outgoing, snippet)
            and same_text(snippet["title"], outgoing.copy.title)
        ):
            evidence = f"The channel lists video {number} with this title, of {snippet['publishedAt']}."
            return Found(external_id=number, url=page(number, None), evidence=evidence)
    if len(listed) >= _NEWEST and all(_since(outgoing, one["snippet"]) for one in listed):
        return Unreadable(evidence=f"The channel has more than {len(listed)} videos since then; the newest are others.")
    return Absent(evidence=f"The upload has ended, and none of the channel's newest {len(listed)} videos is this one.")


async def find_comment(outgoing: Outgoing) -> Found | Absent | Unreadable:
    """Look for the comment among the newest 100 under the video. Raises ChannelError."""
    if outgoing.under is None:
        return Absent(evidence="There is no video to comment.")
    asked = {"part": "snippet", "videoId": outgoing.under.external_id, "order": "time", "maxResults": str(_COMMENTS)}
    told = await ask(outgoing.account, "GET", f"{API}/commentThreads", params=asked)
    listed: list[dict[str, Any]] = told.body.get("items") or []
    for one in listed:
        words: dict[str, Any] = one["snippet"]["topLevelComment"]["snippet"]
        ours = words.get("authorChannelId", {}).get("value") == outgoing.account.external_id
        text = str(words.get("textOriginal") or words.get("textDisplay", ""))
        if ours and str(one["id"]) not in outgoing.taken and same_text(text, outgoing.copy.description):
            number = str(one["id"])
            evidence = f"The video has the comment {number}."
            return Found(external_id=number, url=comment_page(outgoing, number), evidence=evidence)
    if len(listed) >= _COMMENTS:
        return Unreadable(evidence=f"The video has more than {len(listed)} comments; those that are read are others.")
    return Absent(evidence=f"None of the {len(listed)} comments of the video is this one.")


def checks(account: ChannelAccount, told: JsonObject) -> list[Check]:
    """Return what YouTube's word on the channel means for the next video."""
    items: list[dict[str, Any]] = told.get("items") or []
    if not items:
        fix = "Connect it again and choose this channel: mediaposter accounts connect youtube"
        return [Check("token", ok=False, says="The permission is for another channel.", fix=fix)]
    made = [Check("token", ok=True, says=f"It may post as {items[0]['snippet']['title']}.")]
    granted = str(account.credentials.get("scope", "")).split()
    missing = [scope.rpartition("/")[2] for scope in SCOPES if granted and scope not in granted]
    if missing:
        fix = "Connect it again and grant everything: mediaposter accounts connect youtube"
        made.append(Check("scope", ok=False, says=f"Not granted: {', '.join(missing)}.", fix=fix))
    elif granted and COMMENTING not in granted:
        made.append(Check("scope", ok=True, says="It may post. First comments were not granted."))
    if account.target.get("privacy", "public") != "private":
        made.append(Check("audit", ok=True, says=f"Videos are not to be private. {_AUDIT}"))
    if items[0].get("status", {}).get("isLinked") is False:
        made.append(Check("target", ok=False, says="The channel is not set up.", fix="Open studio.youtube.com once."))
    return made


def _since(outgoing: Outgoing, snippet: dict[str, Any]) -> bool:
    if outgoing.armed_at is None:
        return True
    return datetime.fromisoformat(str(snippet["publishedAt"])) >= outgoing.armed_at - _EARLIER
