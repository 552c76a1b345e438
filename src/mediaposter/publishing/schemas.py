"""What the API says about channels, accounts, posts and publications."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, StringConstraints

from mediaposter.publishing.channel import Channel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account, Kind, Post, Publication, PublicationAttempt, Switch
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.verdict import explain

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Group = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^:@,\s]+$")]


class ProfileLink(BaseModel):
    """A link on an account's home page. `tracked` marks the offer's own link, which is counted by its redirect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    url: HttpUrl
    tracked: bool = False


class Profile(BaseModel):
    """What an account says of itself on its home page. `accent` is a colour such as #0f766e."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bio: Annotated[str, StringConstraints(strip_whitespace=True, max_length=600)] = ""
    links: tuple[ProfileLink, ...] = Field(default=(), max_length=20)
    accent: str | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$")
    language: str = Field(default="en", pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$")


class Burst(BaseModel):
    """The burst guard of one account: at most `posts` in any `minutes`. No posts at all means no guard."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    posts: int = Field(ge=0, le=10_000)
    minutes: float = Field(gt=0, le=60 * 24 * 31)


class Budget(BaseModel):
    """What an account may spend in any `days`, in millionths of the currency: 5 USD are 5000000."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    micros: int = Field(ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    days: int = Field(default=30, ge=1, le=366)


class ChannelRead(BaseModel):
    """A channel with its rules: lengths in the units of `counting`, durations in seconds, sizes in bytes."""

    name: str
    title: str
    rules: dict[str, Any]
    timing: dict[str, float]

    @classmethod
    def of(cls, channel: Channel) -> Self:
        """Read an installed channel."""
        return cls(name=channel.name, title=channel.title, rules=asdict(channel.rules), timing=asdict(channel.timing))


class AccountCreate(BaseModel):
    """A new account. `handle` as the channel wants it, without @."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str
    handle: Name
    name: Name | None = None
    external_id: Name | None = None
    groups: tuple[Group, ...] = ()
    profile: Profile = Profile()
    credentials: dict[str, Any] | None = None


class AccountUpdate(BaseModel):
    """What to change; what is left out stays. `paused` is the kill switch, `reason` why it is thrown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name | None = None
    groups: tuple[Group, ...] | None = None
    profile: Profile | None = None
    paused: bool | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class AccountRead(BaseModel):
    """An account as the API shows it. Credentials are never shown."""

    id: str
    channel: str
    external_id: str
    handle: str
    name: str
    groups: list[str]
    profile: Profile
    has_credentials: bool
    paused_at: datetime | None
    paused_reason: str | None
    held_until: datetime | None
    problem: dict[str, Any] | None
    archived_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> Self:
        """Read a row."""
        return cls(
            id=account.id,
            channel=account.channel,
            external_id=account.external_id,
            handle=account.handle,
            name=account.name,
            groups=account.groups,
            profile=Profile.model_validate(account.profile),
            has_credentials=account.sealed_credentials is not None,
            paused_at=account.paused_at,
            paused_reason=account.paused_reason,
            held_until=account.held_until,
            problem=account.problem,
            archived_at=account.archived_at,
            created_at=account.created_at,
        )


class AttemptRead(BaseModel):
    """One try: what was asked, what was answered (redacted), and every change on the way."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    outcome: Outcome
    request: dict[str, Any] | None
    answer: dict[str, Any] | None
    problem: dict[str, Any] | None
    trail: list[dict[str, Any]]
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, attempt: PublicationAttempt) -> Self:
        """Read a row."""
        return cls.model_validate(attempt)


class PublicationRead(BaseModel):
    """A row of the ledger. `verdict` says how it stands in a sentence, `next` what to do, if anything."""

    id: str
    post_id: str
    account_id: str
    channel: str
    handle: str
    run_id: str | None
    part: int
    kind: Kind
    parent_id: str | None
    outcome: Outcome
    verdict: str
    next: str
    url: str | None
    external_id: str | None
    copy_: Copy = Field(serialization_alias="copy")
    link_id: str | None
    link_label: str | None
    attempt: int
    problem: dict[str, Any] | None
    preflight: dict[str, Any] | None
    cost_micros: int | None
    currency: str | None
    due_at: datetime | None
    slot_at: datetime | None
    armed_at: datetime | None
    sent_at: datetime | None
    settled_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, publication: Publication) -> Self:
        """Read a row with its account."""
        verdict = explain(publication)
        return cls(
            id=publication.id,
            post_id=publication.post_id,
            account_id=publication.account_id,
            channel=publication.account.channel,
            handle=publication.account.handle,
            run_id=publication.run_id,
            part=publication.part,
            kind=publication.kind,
            parent_id=publication.parent_id,
            outcome=publication.outcome,
            verdict=verdict.says,
            next=verdict.next,
            url=publication.url,
            external_id=publication.external_id,
            copy_=Copy.model_validate(publication.copy),
            link_id=publication.link_id,
            link_label=publication.link_label,
            attempt=publication.attempt,
            problem=publication.problem,
            preflight=publication.preflight,
            cost_micros=publication.cost_micros,
            currency=publication.currency,
            due_at=publication.due_at,
            slot_at=publication.slot_at,
            armed_at=publication.armed_at,
            sent_at=publication.sent_at,
            settled_at=publication.settled_at,
            created_at=publication.created_at,
        )


class PublicationDetail(PublicationRead):
    """A publication with every attempt, and with what hangs under it: its thread and its first comment."""

    attempts: list[AttemptRead]
    parts: list[PublicationRead]

    @classmethod
    def of(cls, publication: Publication, parts: Sequence[Publication] = ()) -> Self:
        """Read a row with its account, attempts and parts."""
        brief = PublicationRead.of(publication)
        return cls(
            **{name: getattr(brief, name) for name in PublicationRead.model_fields},
            attempts=[AttemptRead.of(attempt) for attempt in publication.attempts],
            parts=[PublicationRead.of(part) for part in parts],
        )


class PostRead(BaseModel):
    """A post as the API shows it."""

    id: str
    asset_ids: list[str]
    generated: bool
    run_id: str | None
    title: str
    created_at: datetime
    publications: list[PublicationRead]

    @classmethod
    def of(cls, post: Post, publications: Sequence[Publication]) -> Self:
        """Read a row with its publications."""
        return cls(
            id=post.id,
            asset_ids=post.asset_ids,
            generated=post.generated,
            run_id=post.run_id,
            title=post.title,
            created_at=post.created_at,
            publications=[PublicationRead.of(publication) for publication in publications],
        )


class PostCreate(BaseModel):
    """A post of assets that the library knows, in their order, or of words alone.

    `generated` says that a model made them, for platforms that want it disclosed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    asset_ids: tuple[str, ...] = Field(default=(), max_length=35)
    generated: bool = False
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


class PublicationCreate(BaseModel):
    """A publication to plan: a post on an account, with its words. `due_at` or `publish` say when it goes out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    post_id: str
    account_id: str
    copy_: Copy = Field(validation_alias="copy")
    link_id: str | None = None
    link_label: str | None = None
    due_at: AwareDatetime | None = None
    publish: bool = False


class Move(BaseModel):
    """The moment, with its zone, at which a planned publication is to go out instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    due_at: AwareDatetime


class PostCount(BaseModel):
    """How many posts there are, and the outcomes of their publications."""

    total: int
    by_outcome: dict[Outcome, int]


class Answer(BaseModel):
    """A person's answer about a publication whose outcome no machine can read: is it public?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public: bool
    url: HttpUrl | None = None


class PublishingStop(BaseModel):
    """Why everything is to stop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""


class PublishingRead(BaseModel):
    """Whether publishing is on for the whole installation. `started` is how many publications a resume set going."""

    on: bool
    stopped_at: datetime | None
    reason: str | None
    started: int

    @classmethod
    def of(cls, switch: Switch | None, *, started: int = 0) -> Self:
        """Read the switch; None means on."""
        if switch is None:
            return cls(on=True, stopped_at=None, reason=None, started=started)
        return cls(on=False, stopped_at=switch.thrown_at, reason=switch.reason, started=started)
