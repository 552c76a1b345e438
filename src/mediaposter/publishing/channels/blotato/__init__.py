"""Blotato: one key that posts to all the accounts which are connected there, on nine platforms.

Everything that Blotato makes is made later: it answers with the id of a submission, which is looked at until the
platform has published it. An id that it does not know it calls `in-progress` for ever, so the deadline is our own. What
it still works on is in no list of its, so absence is believed late.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Metrics,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channels.blotato import comments, reading
from mediaposter.publishing.channels.blotato.api import BlotatoSettings, call, forget, may_read, pages, upload
from mediaposter.publishing.channels.blotato.comments import Comment
from mediaposter.publishing.channels.blotato.rules import COMMON, rules_of_platform
from mediaposter.publishing.channels.blotato.siblings import siblings_of
from mediaposter.publishing.channels.blotato.targets import BlotatoTarget, post, takes_cover
from mediaposter.publishing.connection import Check, Field, Identity, Paste, check_of
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RejectedError, RetryLaterError
from mediaposter.publishing.materials import materials, poster
from mediaposter.publishing.models import Kind
from mediaposter.publishing.rules import ChannelRules, caption

_EARLIER = timedelta(minutes=2)  # how far Blotato's clock may be behind ours
_TURN_SECONDS = 5.0  # that a look waits for its turn; then the next look is the next chance


class BlotatoChannel:
    """A submission to Blotato, watched until it is published."""

    name: ClassVar[str] = "blotato"
    title: ClassVar[str] = "Blotato"
    rules: ClassVar[ChannelRules] = COMMON
    timing: ClassVar[Timing] = Timing(prepare=3600, commit=60, settle=7200, poll=10, confirm=3600)
    settings: ClassVar[type[BlotatoSettings]] = BlotatoSettings
    target: ClassVar[type[BlotatoTarget]] = BlotatoTarget
    connect: ClassVar[Paste] = Paste(
        fields=(Field("api_key", "API key", "my.blotato.com > Settings > API; whole, with any = at its end"),),
        help_url="https://my.blotato.com/settings/api",
    )

    def rules_for(self, target: JsonObject) -> ChannelRules:
        """Return the rules of the target's platform, with what a key may post in a minute."""
        a_minute = BlotatoSettings().posts_a_minute
        return rules_of_platform(target.get("platform"), posts_a_minute=a_minute, premium=target.get("premium") is True)

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Bring the files up: each once for all accounts of the key."""
        outgoing.target_as(BlotatoTarget)
        if outgoing.kind is Kind.COMMENT:
            return Prepared()
        credentials = outgoing.account.credentials
        files = await materials(outgoing, self.rules_for(outgoing.target))
        data: JsonObject = {"media": [await upload(credentials, one) for one in files]}
        data["stills"] = not any(one.is_video for one in files)
        if files and files[0].is_video and takes_cover(outgoing):
            data["cover"] = await upload(credentials, await poster(outgoing, files[0]))
        return Prepared(data=data)

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Submit the post, or write the comment."""
        if outgoing.kind is Kind.COMMENT:
            return await comments.send(outgoing, timeout=self.timing.commit)
        kept, credentials = prepared.data, outgoing.account.credentials
        media = [str(one) for one in kept.get("media", [])]
        text = caption(outgoing.copy, self.rules_for(outgoing.target).text)
        body = post(outgoing, text=text, media=media, cover=kept.get("cover"), stills=kept.get("stills", True))
        try:
            answer = await call(credentials, "POST", "/posts", creating=True, timeout=self.timing.commit, json=body)
        except RejectedError:
            await forget(credentials, media)
            raise
        number = answer.body.get("postSubmissionId")
        if not number:
            raise OutcomeUnknownError("blotato answered without a submission.", answer=answer.kept())
        return Handle(external_id=str(number), answer={"postSubmissionId": str(number)})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Look at the submission when it is this one's turn: all open ones share the reads of the key."""
        first = (outgoing.armed_at or datetime.now(UTC)) + timedelta(seconds=BlotatoSettings().first_look)
        credentials = outgoing.account.credentials
        if datetime.now(UTC) < first:
            return Confirmation(state=ConfirmState.PROCESSING)
        if outgoing.kind is Kind.COMMENT:
            return await comments.look(outgoing, handle)
        submission = str(handle.answer.get("postSubmissionId") or handle.external_id)
        if not await may_read(credentials, "posts", within=_TURN_SECONDS):
            return Confirmation(state=ConfirmState.PROCESSING)
        told = (await call(credentials, "GET", f"/posts/{submission}", fine=(404,))).body
        seen = reading.confirmation(submission, told)
        if seen.state is ConfirmState.PUBLISHED and seen.url:
            number = await self._published_id(outgoing, seen.url)
            return seen.model_copy(update={"external_id": number or submission})
        if seen.state is ConfirmState.FAILED and outgoing.prepared is not None:
            await forget(credentials, [str(one) for one in outgoing.prepared.data.get("media", [])])
        return seen

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the words of the post among the posts of the key since the arming."""
        if outgoing.kind is Kind.COMMENT:
            return await comments.find(outgoing)
        try:
            listed = await self._listed(outgoing.account, outgoing.target, outgoing.armed_at)
        except ChannelError as error:
            return Unreadable(evidence=f"The list of posts could not be read: {error.detail}", again=True)
        words = caption(outgoing.copy, self.rules_for(outgoing.target).text)
        return reading.find(outgoing, listed, await siblings_of(outgoing, words), words=words)

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return every account that is connected at Blotato; for Facebook and LinkedIn every page of it."""
        await call(credentials, "GET", "/users/me")
        told = (await call(credentials, "GET", "/users/me/accounts")).body
        found: list[Identity] = []
        for one in reading.items(told):
            pages: list[dict[str, Any]] = []
            if one["platform"] in reading.WITH_PAGES:
                path = f"/users/me/accounts/{one['id']}/subaccounts"
                pages = reading.items((await call(credentials, "GET", path)).body)
            found += reading.identities(one, pages, credentials)
        return found

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Ask whether the key is good, and whether the account is still connected at Blotato."""
        credentials = account.credentials
        try:
            await call(credentials, "GET", "/users/me")
            told = (await call(credentials, "GET", "/users/me/accounts")).body
            boards = await self._boards(account)
        except ChannelError as error:
            return [check_of(error)]
        return [*reading.checks(account, told), *boards]

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts that Blotato has collected of a published post. It has none of LinkedIn."""
        credentials = account.credentials
        if account.target.get("platform") == "linkedin":
            return Metrics()
        if not await may_read(credentials, "counts", within=30):
            raise RetryLaterError("The reads of the key are used up for now.", after=timedelta(minutes=1))
        answer = await call(credentials, "GET", f"/posts/{external_id}/analytics", fine=(404,))
        # Nothing is collected yet, or the post is known by its submission only.
        return Metrics(raw=answer.kept()) if answer.status == 404 else reading.metrics(answer.body)

    async def comments(self, account: ChannelAccount, external_id: str) -> Sequence[Comment]:
        """Return the comments under a post on Instagram or Facebook, newest first."""
        return await comments.comments_of(account, external_id)

    async def conversations(self, account: ChannelAccount) -> Sequence[JsonObject]:
        """Return the account's conversations by direct message, the liveliest first."""
        return await comments.conversations_of(account)

    async def messages(self, account: ChannelAccount, conversation_id: str) -> Sequence[JsonObject]:
        """Return the messages of a conversation, newest first."""
        return await comments.messages_of(account, conversation_id)

    async def _listed(
        self, account: ChannelAccount, target: JsonObject, since: datetime | None
    ) -> list[dict[str, Any]]:
        asked = {"platform": str(target.get("platform", ""))}
        if since is not None:
            asked["since"] = (since - _EARLIER).isoformat()
        return await pages(account.credentials, "/posts", asked, kind="lists")

    async def _published_id(self, outgoing: Outgoing, url: str) -> str | None:
        """Return the id under which the counts of a post are found; cosmetic, so it fails nothing."""
        try:
            return reading.published_id(await self._listed(outgoing.account, outgoing.target, outgoing.armed_at), url)
        except ChannelError:
            return None

    async def _boards(self, account: ChannelAccount) -> list[Check]:
        if account.target.get("platform") != "pinterest":
            return []
        asked = {"accountId": str(account.target.get("account", ""))}
        told = (await call(account.credentials, "GET", "/social/pinterest/boards", params=asked)).body
        return reading.boards(account, told)
