"""Whether a post would be taken, account by account, long before its slot."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.media.facts import MediaFacts
from mediaposter.publishing import service
from mediaposter.publishing.checking import check_post
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.materials import Fitting
from mediaposter.publishing.preview import Checked, check_account, checked, facts_of
from mediaposter.publishing.registry import load_channel


class ValidateRequest(BaseModel):
    """What to check: a post, or assets in their order, with words; and on which accounts or channels.

    A channel is checked without an account: then nothing is said about where on an account it would go.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    post_id: str | None = None
    asset_ids: tuple[str, ...] = Field(default=(), max_length=35)
    copy_: Copy = Field(default=Copy(), validation_alias="copy")
    accounts: Annotated[
        tuple[str, ...], Field(description="all, groups, ids, @handle or channel:handle. Nothing: all, or no account.")
    ] = ()
    channels: Annotated[tuple[str, ...], Field(description="Names of channels to check without an account.")] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.post_id and self.asset_ids:
            raise ValueError("`post_id` and `asset_ids` exclude each other: give one of the two")
        return self


class Validation(BaseModel):
    """How a post stands everywhere. `ok` says that no rule is broken on any account."""

    ok: bool
    accounts: list[Checked]

    @classmethod
    def of(cls, accounts: Sequence[Checked]) -> Self:
        """Put together what was found for each."""
        return cls(ok=all(one.ok for one in accounts), accounts=list(accounts))


async def validate(session: AsyncSession, request: ValidateRequest, fitting: Fitting) -> Validation:
    """Return how the post stands with each account and channel. Nothing is planned, made or sent.

    Raises NotFoundError for an account, a post or an asset that is not there, UnknownChannelError.
    """
    asset_ids: Sequence[str] = request.asset_ids
    if request.post_id is not None:
        asset_ids = (await service.get_post(session, request.post_id)).asset_ids
    facts = await facts_of(session, asset_ids)
    found = check_channels(request.channels, request.copy_, facts, fitting)
    if request.accounts or not request.channels:
        found += await check_accounts(session, request.accounts or ("all",), request.copy_, facts)
    return Validation.of(found)


async def check_accounts(
    session: AsyncSession, selector: Sequence[str], copy: Copy, media: Sequence[MediaFacts]
) -> list[Checked]:
    """Return how a post stands with each account that `selector` names. Raises NotFoundError."""
    stopped = await service.publishing_stopped(session)
    found = [check_account(account, copy, media) for account in await service.list_accounts(session, selector)]
    if stopped is None:
        return found
    waits = f"Publishing is switched off: {stopped.reason or 'no reason was given'}."
    return [one.model_copy(update={"waits": waits}) for one in found]


def check_channels(names: Sequence[str], copy: Copy, media: Sequence[MediaFacts], fitting: Fitting) -> list[Checked]:
    """Return how a post stands with the rules of channels. Raises UnknownChannelError."""
    return [
        checked(
            check_post(load_channel(name), None, copy, media, **fitting),
            account_id=None,
            channel=name,
            handle="",
            waits=None,
        )
        for name in names
    ]
