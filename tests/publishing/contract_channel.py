"""A channel that speaks to tests/servers/channel_server.py, written as a channel of a platform is written."""

from datetime import date, timedelta
from typing import Any, ClassVar

import httpx

from mediaposter.publishing.channel import (
    Absent,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.errors import OutcomeUnknownError, ReconnectNeededError, RejectedError, RetryLaterError
from mediaposter.publishing.rules import ChannelRules, LinkPolicy, MediaRules, RepeatRules, TextRules


class ContractChannel:
    """A platform that posts text, cannot recognise a repetition, and can be read."""

    name: ClassVar[str] = "contract"
    title: ClassVar[str] = "Contract server"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(title_max=100, description_max=300, links=LinkPolicy.REFUSED),
        media=MediaRules(duration_max=60),
        repeats=RepeatRules(media=False, text_days=None),
        source="tests/servers/channel_server.py",
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=30, commit=1.0, settle=1.2, poll=0.02, confirm=0.5)
    readable: ClassVar[bool] = True

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        answer = await self._ask(outgoing, "POST", "uploads")
        return Prepared(data={"upload": answer.json()["upload"]})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        await self._ask(outgoing, "GET", "hello")
        answer = await self._ask(outgoing, "POST", "posts", {"text": text_of(outgoing), **prepared.data})
        told = answer.json()
        if answer.status_code == 429:
            after = answer.headers.get("Retry-After")
            raise RetryLaterError(told["error"], after=timedelta(seconds=int(after)) if after else None, answer=told)
        if answer.status_code == 401:
            raise ReconnectNeededError(told["error"], fix="Connect the account again.", answer=told)
        if answer.status_code == 422:
            raise RejectedError(told["error"], fix="Write another text.", answer=told)
        if answer.status_code != 201:
            raise OutcomeUnknownError(f"HTTP {answer.status_code}", answer=told)
        return Handle(external_id=told["id"], answer=told)

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        told = (await self._ask(outgoing, "GET", f"posts/{handle.external_id}")).json()
        states = {"published": ConfirmState.PUBLISHED, "failed": ConfirmState.FAILED}
        return Confirmation(
            state=states.get(told["status"], ConfirmState.PROCESSING),
            url=told.get("url"),
            reason=told.get("error", ""),
            fix="Convert the video.",
            answer=told,
        )

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        if not self.readable:
            return Unreadable(evidence="This platform lists no posts.")
        answer = await self._ask(outgoing, "GET", "posts")
        if answer.status_code != 200:
            return Unreadable(evidence=f"The list answered {answer.status_code}.", again=True)
        for post in answer.json():
            if post["text"] == text_of(outgoing):
                return Found(external_id=post["id"], evidence=f"It is number {post['id']} of the account's posts.")
        return Absent(evidence=f"{len(answer.json())} posts were read.")

    async def _ask(
        self, outgoing: Outgoing, method: str, path: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        credentials = outgoing.account.credentials
        async with httpx.AsyncClient(timeout=60) as client:
            return await client.request(
                method,
                f"{credentials['url']}/{outgoing.account.external_id}/{path}",
                json=body,
                headers={"Authorization": f"Bearer {credentials['token']}"},
            )


class UnreadableChannel(ContractChannel):
    """The same platform, but its posts cannot be read."""

    name = "unreadable"
    readable = False


def text_of(outgoing: Outgoing) -> str:
    return outgoing.copy.description
