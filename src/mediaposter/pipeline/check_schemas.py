"""What `POST /api/pipeline/check` says: how a run would stand, before anything is made or spent."""

from datetime import datetime

from pydantic import BaseModel, Field

from mediaposter.pipeline.schemas import ProviderPrice
from mediaposter.publishing.copy import Copy, Counting


class RunProblem(BaseModel):
    """What keeps the run from beginning: a field of its config, the rule, and how to mend it."""

    field: str
    code: str
    rule: str
    fix: str


class AccountProblem(BaseModel):
    """What keeps the post from going out on one account."""

    code: str
    field: str
    rule: str
    fix: str


class Counted(BaseModel):
    """How long the caption is as the platform counts it, hashtags and link included; `limit` null: there is none."""

    text: int
    limit: int | None
    unit: Counting


class PreviewMedia(BaseModel):
    """The video as it would be shown, after fitting. Null where it is not known before it is made."""

    width: int | None
    height: int | None
    seconds: float | None
    size_bytes: int | None


class PlatformPreview(BaseModel):
    """What the platform would show. `text` is the whole caption; `link` stands apart where the platform shows it so."""

    title: str
    text: str
    link: str | None
    link_label: str | None
    first_comment: str | None
    thread: list[str]
    media: PreviewMedia


class AccountChecked(BaseModel):
    """How the run would stand on one account.

    `notes` say what happens by itself and what is not known yet. `when` is the moment it would go out, null where it
    waits for an approval. `copy` is composed by rules; `copy_by` says so.
    """

    account_id: str
    channel: str
    handle: str
    name: str
    ok: bool
    problems: list[AccountProblem]
    notes: list[str]
    when: datetime | None
    copy_: Copy = Field(serialization_alias="copy")
    copy_by: str
    counted: Counted
    preview: PlatformPreview


class RunChecked(BaseModel):
    """How a run would stand. `ok` says that it can begin, and that every account would take its post."""

    ok: bool
    problems: list[RunProblem]
    prices: list[ProviderPrice]
    accounts: list[AccountChecked]
