"""What the API says about the whole."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from mediaposter.publishing.outcomes import Outcome


class DueKind(StrEnum):
    """What is due, in a word."""

    POST = "post"
    TWEET = "tweet"
    CHECKBACK = "checkback"
    WAKE = "wake"
    LOOK_AHEAD = "look_ahead"
    WEBHOOK = "webhook"
    RENEWAL = "renewal"
    OTHER = "other"


class AccountBrief(BaseModel):
    """An account by what people know it by."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    channel: str
    handle: str
    name: str


class DueRead(BaseModel):
    """Something that is due. `what` is for people."""

    id: str
    at: datetime
    kind: DueKind
    what: str
    account: AccountBrief | None
    post_id: str | None
    publication_id: str | None
    campaign_id: str | None


class NeedKind(StrEnum):
    """Why a person is needed, the most urgent first."""

    STOPPED = "stopped"
    UNKNOWN = "unknown"
    RECONNECT = "reconnect"
    APPROVAL = "approval"
    RUN_FAILED = "run_failed"
    BUDGET = "budget"
    REFUSED = "refused"
    PAUSED = "paused"
    BROWSER = "browser"


class NeedRead(BaseModel):
    """Something that waits for a person, and what to do about it."""

    id: str
    kind: NeedKind
    title: str
    detail: str
    fix: str
    since: datetime | None
    account: AccountBrief | None
    run_id: str | None
    publication_id: str | None
    campaign_id: str | None


class DayNumbers(BaseModel):
    """The numbers of a day. Money in minor units by currency; what platforms took in micros by currency.

    `views` are those gained that day by what was read again; null where nothing was read.
    """

    day: date
    published: int
    refused: int
    unknown: int
    tweets: int
    runs: int
    views: int | None
    clicks: int
    leads: int
    sales: int
    revenue: dict[str, int]
    spent_micros: dict[str, int]


class TodayRead(BaseModel):
    """The day so far, and the whole day before to compare it with."""

    time_zone: str
    today: DayNumbers
    yesterday: DayNumbers


class EntryKind(StrEnum):
    POST = "post"
    TWEET = "tweet"


class EntryRead(BaseModel):
    """Something in the calendar. `state` is an outcome, or `to_be_written` for a tweet that has no words yet."""

    id: str
    kind: EntryKind
    at: datetime
    state: Outcome | None
    title: str
    account: AccountBrief
    post_id: str | None
    publication_id: str | None
    campaign_id: str | None
    tweet_number: int | None
    movable: bool
    clashes: list[str]


class FreeSlot(BaseModel):
    """A posting time that nothing of these accounts has taken."""

    at: datetime
    account_ids: list[str]


class CalendarRead(BaseModel):
    """A stretch of the calendar. `truncated`: there is more than could be shown."""

    time_zone: str
    entries: list[EntryRead]
    free_slots: list[FreeSlot]
    truncated: bool
