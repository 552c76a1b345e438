"""A channel that is connected by OAuth and speaks to tests/servers/oauth_server.py."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.channel_settings import ChannelSettings
from mediaposter.publishing.connection import Check, Identity, OAuth
from mediaposter.publishing.errors import ReconnectNeededError
from mediaposter.publishing.platform import Platform
from mediaposter.publishing.rules import ChannelRules, MediaRules, RepeatRules, TextRules

PLATFORM = Platform("meadow")


class MeadowSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="MEDIAPOSTER_MEADOW_")

    base_url: str = "http://127.0.0.1:9"
    client_id: str | None = None
    client_secret: SecretStr | None = None


class MeadowTarget(BaseModel):
    model_config = ConfigDict(extra="forbid")

    board: str | None = Field(default=None, max_length=20)


class MeadowChannel:
    """A platform with people and their pages."""

    name: ClassVar[str] = "meadow"
    title: ClassVar[str] = "Meadow"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(description_max=300),
        media=MediaRules(),
        repeats=RepeatRules(media=False, text_days=None),
        source="tests/servers/oauth_server.py",
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(prepare=30, commit=2, settle=1, poll=0.02, confirm=1)
    settings: ClassVar[type[MeadowSettings]] = MeadowSettings
    target: ClassVar[type[MeadowTarget]] = MeadowTarget
    connect: ClassVar[OAuth] = OAuth(
        authorize_url="{base_url}/authorize",
        token_url="{base_url}/token",
        scopes=("read", "write"),
        optional_scopes=("counts",),
        help_url="https://meadow.example/apps",
    )

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        await self._accounts(outgoing.account.credentials)
        return Prepared()

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        body = {"as": outgoing.account.handle, "text": outgoing.copy.description}
        answer = await PLATFORM.ask(
            "POST",
            f"{MeadowSettings().base_url}/posts",
            creating=True,
            token=str(outgoing.account.credentials["access_token"]),
            json=body,
        )
        return Handle(external_id=str(answer.body["id"]))

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        return Confirmation(state=ConfirmState.PUBLISHED)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        return Absent(evidence="Nothing is there.")

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        scopes = str(credentials.get("scope", "")).split()
        return [
            Identity(one["id"], one["handle"], one["handle"].title(), credentials, scopes)
            for one in await self._accounts(credentials)
        ]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        try:
            await self._accounts(account.credentials)
        except ReconnectNeededError as error:
            return [Check("token", ok=False, says=error.detail, fix=error.fix)]
        return [Check("token", ok=True, says="It is good.")]

    async def _accounts(self, credentials: JsonObject) -> list[dict[str, Any]]:
        address = f"{MeadowSettings().base_url}/me"
        answer = await PLATFORM.ask("GET", address, token=str(credentials.get("access_token", "")))
        found: list[dict[str, Any]] = answer.body["accounts"]  # type: ignore[assignment]
        return found
