"""What a channel is: a kind of place to publish, with its rules as data and four verbs.

The ledger, not the channel, decides what happens between the verbs: it arms the publication before `commit`, calls
`commit` once, keeps the answer, and settles what is unknown by `find`. A channel only talks to its platform. It raises
one of the classes of `mediaposter.publishing.errors`; anything else raised by `commit` counts as an unknown outcome.

Channels are found by the entry points `mediaposter.channels`, ours by the same door as a stranger's: a class without
arguments. Everything a verb needs comes with its call, so one instance may serve many accounts at the same time.
What a channel can do besides the four verbs (`Connectable`, `Measurable`) it shows by having the methods.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mediaposter.core.db import JsonObject
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.publishing.connection import Check, Identity, OAuth, Paste
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Kind
from mediaposter.publishing.rules import ChannelRules

T = TypeVar("T", bound=BaseModel)


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
    """The identity to publish as. `credentials` are decrypted: they must not enter an answer, a log or a result.

    They are fresh: whoever calls a verb has renewed a token that would end soon.
    """

    id: str
    channel: str
    external_id: str
    handle: str
    name: str
    credentials: JsonObject = field(default_factory=dict[str, object], repr=False)
    target: JsonObject = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Under:
    """The public post that a reply or a comment goes under. `root_*` is the first post of the thread."""

    external_id: str
    root_id: str
    answer: JsonObject = field(default_factory=dict[str, object])  # what the platform answered to the one above
    root_answer: JsonObject = field(default_factory=dict[str, object])


class Prepared(BaseModel):
    """What `prepare` made ready. Kept by the engine and the ledger: small, JSON, and no secrets in it."""

    model_config = ConfigDict(frozen=True)

    data: JsonObject = Field(default_factory=dict)


@dataclass(frozen=True)
class Outgoing:
    """One publication as a channel sees it. `armed_at` is when the public call of this attempt was armed.

    `prepared` is what that attempt was armed with, for `confirm` and `find`. `taken` are the platform's ids of the
    account's other publications: what `find` comes upon there is another post, however alike.
    """

    id: str
    post_id: str
    account: ChannelAccount
    asset_ids: tuple[str, ...]
    copy: Copy
    link_label: str | None
    attempt: int
    armed_at: datetime | None
    kind: Kind = Kind.POST
    under: Under | None = None
    generated: bool = False
    prepared: Prepared | None = None
    taken: frozenset[str] = frozenset()

    @property
    def asset_id(self) -> str:
        """The first asset, for channels that take exactly one and whose rules demand it."""
        return self.asset_ids[0]

    @property
    def target(self) -> JsonObject:
        """Where and how to post, as it was given: the account's settings, overridden by those of this publication."""
        return {**self.account.target, **self.copy.target}

    def target_as(self, model: type[T]) -> T:
        """Return where and how to post. Raises InvalidInputError naming each field that is missing or wrong."""
        return read_target(model, self.target)


def read_target(model: type[T], values: JsonObject) -> T:
    """Read a channel's target. Raises InvalidInputError naming each field that is missing or wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [
            FieldProblem(
                f"target.{'.'.join(map(str, one['loc']))}",
                one["msg"],
                f"Set it with `mediaposter accounts set ACCOUNT {'.'.join(map(str, one['loc']))}=VALUE`.",
            )
            for one in error.errors()
        ]
        named = "; ".join(f"{one.field}: {one.rule}" for one in problems)
        raise InvalidInputError(
            f"The account's target is not complete: {named}.", fix=problems[0].fix, errors=problems
        ) from error


class Handle(BaseModel):
    """What the platform answered to `commit`: its id of the post, or of the job that makes it.

    `rest` is how many seconds the platform's quota asks the account to rest before its next post.
    """

    model_config = ConfigDict(frozen=True)

    external_id: str
    url: str | None = None
    answer: JsonObject = Field(default_factory=dict)
    rest: float | None = None


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
    """The publication is on the account. `evidence` says what was read, in a sentence.

    `answer` is what a later reply under it needs to know, as `Handle.answer` would have told. `working` says that the
    platform has it and has not published it yet: then it is watched by `confirm`, as if the call had been answered.
    """

    model_config = ConfigDict(frozen=True)

    external_id: str
    url: str | None = None
    evidence: str
    answer: JsonObject = Field(default_factory=dict)
    working: bool = False


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


class Metrics(BaseModel):
    """What a platform counts of one post, as far as it tells. None is unknown, not zero. `raw` is its whole answer."""

    model_config = ConfigDict(frozen=True)

    views: int | None = None
    impressions: int | None = None
    reach: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    watch_seconds: float | None = None
    raw: JsonObject = Field(default_factory=dict)


@runtime_checkable
class Connectable(Protocol):
    """A channel whose accounts have credentials."""

    connect: ClassVar[OAuth | Paste]

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        """Return the accounts that these credentials reach: one for most, one for each page elsewhere.

        Raises ReconnectNeededError when they are refused, RejectedError when they reach no account that can post.
        """
        ...

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        """Say whether a post would work now: token, scopes, quota. Reads only; raises nothing that it can say."""
        ...


@runtime_checkable
class Refreshing(Protocol):
    """A channel that renews its credentials in a way of its own. Those with plain OAuth need nothing."""

    async def refresh(self, credentials: JsonObject) -> JsonObject:
        """Return renewed credentials. Raises ReconnectNeededError only when the platform says that they are void."""
        ...


@runtime_checkable
class RulesByTarget(Protocol):
    """A channel whose rules depend on where and how one posts: a paid plan, a platform behind a gateway."""

    def rules_for(self, target: JsonObject) -> ChannelRules:
        """Return the rules for a target, which may be incomplete or wrong: then the stricter ones. Raises nothing."""
        ...


@runtime_checkable
class Measurable(Protocol):
    """A channel whose platform tells how a post does."""

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Return the counts of a post now; None when the platform says that it is not there any more."""
        ...
