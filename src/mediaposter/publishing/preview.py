"""What would be sent to an account, and every rule that it breaks: for dry runs, and before each sending."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.errors import FieldProblem, NotFoundError
from mediaposter.media import service as media
from mediaposter.media.facts import MediaFacts
from mediaposter.publishing import repository
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.checking import Findings, check_post
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import RejectedError
from mediaposter.publishing.materials import fitting_of
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import caption, check_part


class BrokenRule(BaseModel):
    """A rule of the channel that is broken, what was found, how to mend it, and a code for programs."""

    field: str
    rule: str
    found: str
    fix: str
    code: str


class Adapted(BaseModel):
    """Something that is made to fit before it is sent: the rule, what it is, what it becomes."""

    field: str
    rule: str
    found: str
    becomes: str
    code: str


class Checked(BaseModel):
    """How a post stands with one account: `broken` keeps it from being sent, `adapts` happens by itself.

    `waits` says what holds it back although nothing is broken.
    """

    account_id: str | None
    channel: str
    handle: str
    ok: bool
    broken: list[BrokenRule]
    adapts: list[Adapted]
    waits: str | None


class Preview(Checked):
    """What would go out to one account."""

    title: str
    text: str
    link: str | None
    link_label: str | None
    media: list[dict[str, Any]]


async def preview(
    session: AsyncSession, *, account_id: str, asset_ids: Sequence[str], copy: Copy, link_label: str | None = None
) -> Preview:
    """Return what would be sent, with every broken rule. Sends, plans and changes nothing."""
    account = await repository.get_account(session, account_id)
    if account is None:
        raise NotFoundError(f"There is no account {account_id}.")
    facts = await facts_of(session, asset_ids)
    rules = rules_of(load_channel(account.channel), {**account.target, **copy.target})
    return Preview(
        **check_account(account, copy, facts).model_dump(),
        title=copy.title,
        text=caption(copy, rules.text),
        link=copy.link,
        link_label=link_label if copy.link else None,
        media=[
            {
                "asset_id": asset_id,
                "kind": one.kind,
                "duration": one.duration,
                "size_bytes": one.size_bytes,
                "width": one.video.width if one.video else None,
                "height": one.video.height if one.video else None,
            }
            for asset_id, one in zip(asset_ids, facts, strict=True)
        ],
    )


async def preview_publication(session: AsyncSession, publication_id: str) -> Preview:
    """Return what a planned publication would send, with every broken rule."""
    publication = await repository.get_publication(session, publication_id)
    if publication is None:
        raise NotFoundError(f"There is no publication {publication_id}.")
    return await preview(
        session,
        account_id=publication.account_id,
        asset_ids=publication.post.asset_ids,
        copy=Copy.model_validate(publication.copy),
        link_label=publication.link_label,
    )


def check_account(account: Account, copy: Copy, media: Sequence[MediaFacts]) -> Checked:
    """Return how a post with these words and media stands with an account."""
    channel = load_channel(account.channel)
    findings = check_post(
        channel, {**account.target, **copy.target}, copy, media, **fitting_of(context.current().settings)
    )
    return checked(findings, account_id=account.id, channel=channel.name, handle=account.handle, waits=_waits(account))


def checked(findings: Findings, *, account_id: str | None, channel: str, handle: str, waits: str | None) -> Checked:
    """Return findings as they are shown."""
    return Checked(
        account_id=account_id,
        channel=channel,
        handle=handle,
        ok=findings.ok,
        broken=[BrokenRule(**asdict(one)) for one in findings.broken],
        adapts=[Adapted(**asdict(one)) for one in findings.adapts],
        waits=waits,
    )


async def refuse_broken_rules(ctx: Context, outgoing: Outgoing) -> None:
    """Raise RejectedError, naming each rule, when the channel would refuse this publication."""
    channel = load_channel(outgoing.account.channel)
    if outgoing.kind is Kind.POST:
        async with ctx.database.session() as session:
            facts = await facts_of(session, outgoing.asset_ids)
        broken = check_post(channel, outgoing.target, outgoing.copy, facts, **fitting_of(ctx.settings)).broken
    else:
        rules = rules_of(channel, outgoing.target).text
        longest = rules.comment_max if outgoing.kind is Kind.COMMENT else None
        broken = check_part("description", outgoing.copy.description, rules, longest=longest)
    if not broken:
        return
    named = "; ".join(f"{b.field}: {b.rule}, found {b.found}" for b in broken)
    error = RejectedError(f"It breaks the channel's rules: {named}.", fix=" ".join(b.fix for b in broken))
    error.errors = tuple(FieldProblem(b.field, b.rule, b.fix) for b in broken)
    raise error


async def facts_of(session: AsyncSession, asset_ids: Sequence[str]) -> list[MediaFacts]:
    """Return the facts of assets, in order. Raises NotFoundError."""
    return [(await media.get_asset(session, asset_id)).media_facts for asset_id in asset_ids]


def _waits(account: Account) -> str | None:
    if account.paused_at is not None:
        return f"The account is paused: {account.paused_reason}."
    if account.problem is not None:
        return str(account.problem.get("detail", ""))
    if account.held_until is not None and account.held_until > context.current().clock():
        return f"The platform asked to wait until {account.held_until:%Y-%m-%d %H:%M} UTC."
    return None
