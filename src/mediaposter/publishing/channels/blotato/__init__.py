"""Blotato: one key that posts to all the accounts which are connected there, on nine platforms.

Everything that Blotato makes is made later: it answers with the id of a submission, which is looked at until the
platform has published it. An id that it does not know it calls `in-progress` for ever, so the deadline is our own.
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
from mediaposter.publishing.channels.blotato import reading
from mediaposter.publishing.channels.blotato.api import BlotatoSettings, call, may_read, upload
from mediaposter.publishing.channels.blotato.rules import COMMON, rules_of_platform
from mediaposter.publishing.channels.blotato.targets import BlotatoTarget, post
from mediaposter.publishing.connection import Check, Field, Identity, Paste, check_of
from mediaposter.publishing.errors import ChannelError, OutcomeUnknownError, RetryLaterError
from mediaposter.publishing.materials import materials
from mediaposter.publishing.rules import ChannelRules, caption

_TURN_SECONDS = 5.0  # that a look waits for its turn; then the next look is the next chance


class BlotatoChannel:
    """A submission to Blotato, watched until it is published."""

    name: ClassVar[str] = "blotato"
    title: ClassVar[str] = "Blotato"
    rules: ClassVar[ChannelRules] = COMMON
    timing: ClassVar[Timing] = Timing(prepare=3600, commit=60, settle=300, poll=10, confirm=3600)
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
        files = await materials(outgoing, self.rules_for(outgoing.target))
        return Prepared(data={"media": [await upload(outgoing.account.credentials, one) for one in files]})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Submit the post."""
        text = caption(outgoing.copy, self.rules_for(outgoing.target).text)
        body = post(outgoing, text=text, media=[str(one) for one in prepared.data.get("media", [])])
        answer = await call(
            outgoing.account.credentials, "POST", "/posts", creating=True, timeout=self.timing.commit, json=body
        )
        number = answer.body.get("postSubmissionId")
        if not number:
            raise OutcomeUnknownError("blotato answered without a submission.", answer=answer.kept())
        return Handle(external_id=str(number), answer={"postSubmissionId": str(number)})

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Look at the submission when it is this one's turn: all open ones share the reads of the key."""
        submission = str(handle.answer.get("postSubmissionId") or handle.external_id)
        first = (outgoing.armed_at or datetime.now(UTC)) + timedelta(seconds=BlotatoSettings().first_look)
        credentials = outgoing.account.credentials
        if datetime.now(UTC) < first or not await may_read(credentials, within=_TURN_SECONDS):
            return Confirmation(state=ConfirmState.PROCESSING)
        told = (await call(credentials, "GET", f"/posts/{submission}")).body
        return reading.confirmation(submission, told)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Look for the words of the post among the submissions of the key since the arming."""
        try:
            if not await may_read(outgoing.account.credentials, within=60):
                return Unreadable(evidence="The reads of the key are used up for now.", again=True)
            told = (await call(outgoing.account.credentials, "GET", "/posts", params={"limit": "50"})).body
        except ChannelError as error:
            return Unreadable(evidence=f"The list of posts could not be read: {error.detail}", again=True)
        target = outgoing.target_as(BlotatoTarget).root
        words = caption(outgoing.copy, self.rules_for(outgoing.target).text)
        return reading.find(outgoing, told, account=target.account, page=getattr(target, "page", None), text=words)

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
        """Return the counts that Blotato has of a published post. It has none of LinkedIn."""
        if not await may_read(account.credentials, within=60):
            raise RetryLaterError("The reads of the key are used up for now.", after=timedelta(minutes=1))
        return reading.metrics((await call(account.credentials, "GET", f"/posts/{external_id}/analytics")).body)

    async def _boards(self, account: ChannelAccount) -> list[Check]:
        if account.target.get("platform") != "pinterest":
            return []
        asked = {"accountId": str(account.target.get("account", ""))}
        told = (await call(account.credentials, "GET", "/social/pinterest/boards", params=asked)).body
        return reading.boards(account, told)
