"""Comments by way of Blotato, on Instagram and Facebook: the first comment of a post, and what the audience says.

Read on 2026-11-23: help.blotato.com/rest-api-reference/comments and .../openapi-reference/messaging. Blotato keeps
comments for 45 days, from the moment on at which the account was connected with the permission.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mediaposter.core.db import JsonObject
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
from mediaposter.publishing.channels.blotato.api import call, may_read, pages
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError
from mediaposter.publishing.matching import same_text

_EARLIER = timedelta(minutes=2)  # how far Blotato's clock may be behind ours


@dataclass(frozen=True)
class Comment:
    """One comment under a post. `own` when the account wrote it."""

    id: str
    text: str
    own: bool
    parent_id: str | None
    at: datetime | None
    raw: JsonObject = field(default_factory=dict[str, object], repr=False)


async def send(outgoing: Outgoing, *, timeout: float) -> Handle:  # noqa: ASYNC109 - of the one request
    """Write a comment under the post that the publication hangs under."""
    assert outgoing.under is not None
    body = {"postId": outgoing.under.external_id, "text": outgoing.copy.text()}
    credentials = outgoing.account.credentials
    answer = await call(credentials, "POST", "/comments", creating=True, timeout=timeout, json=body)
    number = _comment(answer.body).get("id")
    if not number:
        raise OutcomeUnknownError("blotato answered without a comment.", answer=answer.kept())
    return Handle(external_id=str(number), answer={"commentId": str(number)})


async def look(outgoing: Outgoing, handle: Handle) -> Confirmation:
    """Look whether the platform has the comment."""
    credentials = outgoing.account.credentials
    if not await may_read(credentials, "comment", within=5):
        return Confirmation(state=ConfirmState.PROCESSING)
    told = _comment((await call(credentials, "GET", f"/comments/{handle.external_id}")).body)
    match told.get("status"):
        case "posted":
            return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, answer=told)
        case "failed":
            reason = str(told.get("errorMessage") or "no reason given")
            fix = "Read the reason; the account may have to be connected again at my.blotato.com. Then retry."
            return Confirmation(state=ConfirmState.FAILED, reason=f"Blotato says: {reason}", fix=fix, answer=told)
        case _:
            return Confirmation(state=ConfirmState.PROCESSING, answer=told)


async def find(outgoing: Outgoing) -> Found | Absent | Unreadable:
    """Look for the words among the account's own comments under the post since the arming."""
    assert outgoing.under is not None
    try:
        listed = await comments_of(outgoing.account, outgoing.under.external_id, since=outgoing.armed_at)
    except ChannelError as error:
        return Unreadable(evidence=f"The comments could not be read: {error.detail}", again=True)
    for one in listed:
        if one.own and one.id not in outgoing.taken and same_text(one.text, outgoing.copy.text()):
            if one.raw.get("status") in ("posted", None):
                return Found(external_id=one.id, evidence=f"Blotato lists the comment as {one.id}.")
            return Unreadable(evidence=f"Blotato has the comment as {one.id}, {one.raw['status']}.", again=True)
    return Absent(evidence=f"None of the {len(listed)} comments since then is this one.")


async def comments_of(account: ChannelAccount, post_id: str, *, since: datetime | None = None) -> Sequence[Comment]:
    """Return the comments under a post, newest first; by the id of its submission or of the post itself.

    Raises RetryLaterError, ReconnectNeededError, RejectedError.
    """
    asked = {"postId": post_id} | ({"since": (since - _EARLIER).isoformat()} if since else {})
    return [_read(one) for one in await pages(account.credentials, "/comments", asked, kind="comments")]


async def conversations_of(account: ChannelAccount) -> Sequence[JsonObject]:
    """Return the account's conversations by direct message, as Blotato tells them, the liveliest first."""
    asked = {"accountId": str(account.target.get("account", ""))}
    return await pages(account.credentials, "/conversations", asked, kind="conversations")


async def messages_of(account: ChannelAccount, conversation_id: str) -> Sequence[JsonObject]:
    """Return the messages of a conversation, as Blotato tells them, newest first."""
    return await pages(account.credentials, "/messages", {"conversationId": conversation_id}, kind="messages")


def _comment(told: JsonObject) -> dict[str, Any]:
    inner: Any = told.get("item") or told.get("comment") or told
    return inner if isinstance(inner, dict) else told


def _read(one: dict[str, Any]) -> Comment:
    at = one.get("createdAt")
    return Comment(
        id=str(one.get("id", "")),
        text=str(one.get("text", "")),
        own=one.get("isAuthor") is True,
        parent_id=str(one["parentCommentId"]) if one.get("parentCommentId") else None,
        at=datetime.fromisoformat(str(at)) if at else None,
        raw=one,
    )
