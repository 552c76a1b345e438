"""What a channel is: a kind of place to publish, with its rules as data and four verbs.

The ledger, not the channel, decides what happens between the verbs: it arms the publication before `commit`, calls
`commit` once, keeps the answer, and settles what is unknown by `find`. A channel only talks to its platform. It raises
one of the classes of `mediaposter.publishing.errors`; anything else raised by `commit` counts as an unknown outcome.

Channels are found by the entry points `mediaposter.channels`, ours by the same door as a stranger's: a class without
arguments. Everything a verb needs comes with its call, so one instance may serve many accounts at the same time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from mediaposter.core.db import JsonObject
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.rules import ChannelRules


@dataclass(frozen=True)
class Timing:
    """How long the verbs of a channel may take, in seconds. Every one of them ends."""

    prepare: float = 1800  # validate, transcode, upload
    commit: float = 60  # no answer within this is an unknown outcome
    settle: float = 180  # after the arming; before that an unanswered call may still arrive and absence proves nothing
    poll: float = 5  # between two looks of `confirm`
    confirm: float = 900  # the platform must have said published or failed by then


@dataclass(frozen=True)
class ChannelAccount:
    """The identity to publish as. `credentials` are decrypted: they must not enter an answer, a log or a result."""

    id: str
    channel: str
    external_id: str
    handle: str
    name: str
    credentials: JsonObject = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Outgoing:
    """One publication as a channel sees it. `armed_at` is when the public call of this attempt was armed."""

    id: str
    post_id: str
    account: ChannelAccount
    asset_id: str
    copy: Copy
    link_label: str | None
    attempt: int
    armed_at: datetime | None


class Prepared(BaseModel):
    """What `prepare` made ready. Kept by the engine and the ledger: small, JSON, and no secrets in it."""

    model_config = ConfigDict(frozen=True)

    data: JsonObject = Field(default_factory=dict)


class Handle(BaseModel):
    """What the platform answered to `commit`: its id of the post, or of the job that makes it."""

    model_config = ConfigDict(frozen=True)

    external_id: str
    url: str | None = None
    answer: JsonObject = Field(default_factory=dict)


class ConfirmState(StrEnum):
    """What a look at a sent publication showed."""

    PUBLISHED = "published"
    PROCESSING = "processing"
    FAILED = "failed"


class Confirmation(BaseModel):
    """One look at a sent publication. `reason` and `fix` tell of a failure; `url` is where people see it."""

    model_config = ConfigDict(frozen=True)

    state: ConfirmState
    external_id: str | None = None
    url: str | None = None
    reason: str = ""
    fix: str = ""
    answer: JsonObject = Field(default_factory=dict)


class Found(BaseModel):
    """The publication is on the account. `evidence` says what was read, in a sentence."""

    model_config = ConfigDict(frozen=True)

    external_id: str
    url: str | None = None
    evidence: str


class Absent(BaseModel):
    """The account was read and the publication is surely not there. `evidence` says what was read."""

    model_config = ConfigDict(frozen=True)

    evidence: str


class Unreadable(BaseModel):
    """The account cannot be read well enough to tell. A person is asked, with this evidence; nothing is sent.

    `again` says that another look later may tell (the platform is down); without it there is no way to read at all.
    """

    model_config = ConfigDict(frozen=True)

    evidence: str
    again: bool = False


class Channel(Protocol):
    """A kind of place to publish. All verbs may be called again with the same publication."""

    name: ClassVar[str]
    title: ClassVar[str]
    rules: ClassVar[ChannelRules]
    timing: ClassVar[Timing]

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """Do everything that may be repeated: transcode, upload, make containers. Nothing becomes public."""
        ...

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Make the one call that publishes. Never retries by itself; an answer that proves nothing is raised."""
        ...

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        """Read whether the platform has published it. Reads only."""
        ...

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Read the account's recent posts and say whether this publication is there. Reads only."""
        ...
