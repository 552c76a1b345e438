"""What the API says about connecting accounts. No token or key is ever in an answer."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mediaposter.core.errors import NotConfiguredError
from mediaposter.publishing.channel import Channel, Connectable
from mediaposter.publishing.connecting import flows, oauth, paste
from mediaposter.publishing.connecting.syncing import Synced
from mediaposter.publishing.connection import Check, Identity, OAuth
from mediaposter.publishing.models import Account, Connection

Text = Annotated[str, StringConstraints(max_length=8000)]


class FieldRead(BaseModel):
    """One thing to paste."""

    name: str
    label: str
    hint: str
    secret: bool
    required: bool


class ConnectChannel(BaseModel):
    """How a channel is connected. `ready` says whether the app's settings are there; `missing` names the first."""

    channel: str
    title: str
    by: Literal["oauth", "paste"]
    fields: list[FieldRead]
    help_url: str
    redirect_uri: str | None
    scopes: list[str]
    ready: bool
    missing: str | None

    @classmethod
    def of(cls, channel: Channel, how: Connectable, *, redirect_uri: str, missing: str | None) -> Self:
        """Read an installed channel."""
        by_oauth = isinstance(how.connect, OAuth)
        fields = [
            FieldRead(name=one.name, label=one.label, hint=one.hint, secret=one.secret, required=one.required)
            for one in paste.fields_of(channel.name)
        ]
        return cls(
            channel=channel.name,
            title=channel.title,
            by="oauth" if by_oauth else "paste",
            fields=fields,
            help_url=how.connect.help_url,
            redirect_uri=redirect_uri if by_oauth else None,
            scopes=[*how.connect.scopes] if isinstance(how.connect, OAuth) else [],
            ready=missing is None,
            missing=missing,
        )


class ConnectStart(BaseModel):
    """How to begin. `account_id` is an account to connect again: nobody else may sign in then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account_id: str | None = None


class ConnectStarted(BaseModel):
    """A flow that waits for a person to open `url`. Then look at it, or watch for `account.connected`."""

    id: str
    channel: str
    url: str
    redirect_uri: str
    expires_at: datetime

    @classmethod
    def of(cls, begun: flows.Begun) -> Self:
        """Read what was begun."""
        return cls(**asdict(begun))


class ConnectPaste(BaseModel):
    """What was copied from the platform, by the names of the channel's fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: dict[str, Text] = Field(repr=False)


class IdentityRead(BaseModel):
    """An account that can be connected."""

    external_id: str
    handle: str
    name: str

    @classmethod
    def of(cls, identity: Identity) -> Self:
        """Read one that was found."""
        return cls(external_id=identity.external_id, handle=identity.handle, name=identity.name)


class ConnectionRead(BaseModel):
    """A flow: pending (a person is awaited), choose (among `found`), connected (`account_ids`), failed (`problem`)."""

    id: str
    channel: str
    state: Literal["pending", "choose", "connected", "failed"]
    found: list[IdentityRead]
    account_ids: list[str]
    problem: dict[str, Any] | None
    expires_at: datetime

    @classmethod
    def of(cls, row: Connection, found: Sequence[Identity]) -> Self:
        """Read a flow with the accounts to choose from."""
        state: Literal["pending", "choose", "connected", "failed"] = "pending"
        if row.problem is not None:
            state = "failed"
        elif row.result is not None:
            state = "connected"
        elif row.sealed_found is not None:
            state = "choose"
        return cls(
            id=row.id,
            channel=row.channel,
            state=state,
            found=[IdentityRead.of(one) for one in found],
            account_ids=(row.result or {}).get("accounts", []),
            problem=row.problem,
            expires_at=row.expires_at,
        )


class ConnectChoice(BaseModel):
    """Which of the accounts found to connect; without `external_ids` all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_ids: tuple[str, ...] | None = None


class CheckRead(BaseModel):
    """One thing that was looked at."""

    name: str
    ok: bool
    says: str
    fix: str


class AccountTest(BaseModel):
    """Whether a post would work now."""

    account_id: str
    ok: bool
    checks: list[CheckRead]

    @classmethod
    def of(cls, account: Account, checks: Sequence[Check]) -> Self:
        """Read what was found."""
        told = [CheckRead(**asdict(one)) for one in checks]
        return cls(account_id=account.id, ok=all(one.ok for one in told), checks=told)


class SyncRequest(BaseModel):
    """Which accounts' keys to ask: words as in GET /api/accounts, a channel, or all without. `add` adds new ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    select: tuple[str, ...] = ()
    channel: str | None = None
    add: bool = False
    dry_run: bool = False


class FoundRead(BaseModel):
    """An account that a key reaches, or reaches no more. `account_id` is None where it was not added."""

    channel: str
    external_id: str
    handle: str
    account_id: str | None
    changed: list[str]


class SyncRead(BaseModel):
    """What was found. `offered` are new and were not added."""

    offered: list[FoundRead]
    added: list[FoundRead]
    updated: list[FoundRead]
    vanished: list[FoundRead]
    unchanged: int
    problems: list[dict[str, Any]]

    @classmethod
    def of(cls, done: Synced) -> Self:
        """Read what a sync did."""
        return cls.model_validate(asdict(done))


def missing_setting(how: Connectable, redirect_uri: str) -> str | None:
    """Return the variable that a channel's app lacks, None when it is ready."""
    if not isinstance(how.connect, OAuth):
        return None
    try:
        oauth.app_of(how, redirect_uri=redirect_uri)
    except NotConfiguredError as error:
        return error.setting
    return None
