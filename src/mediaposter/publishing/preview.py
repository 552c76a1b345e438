"""What would be sent to an account, and every rule that it breaks: for dry runs, and before each sending."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.core.errors import FieldProblem, NotFoundError
from mediaposter.media import service as media
from mediaposter.media.facts import MediaFacts
from mediaposter.publishing import repository
from mediaposter.publishing.channel import Outgoing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import RejectedError
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import ChannelRules, Violation, caption, check_copy, check_media


class BrokenRule(BaseModel):
    """A rule of the channel that is broken, what was found, and how to mend it."""

    field: str
    rule: str
    found: str
    fix: str


class Preview(BaseModel):
    """What would go out to one account. `broken` is empty when the channel takes it; `waits` says what holds it."""

    account_id: str
    channel: str
    handle: str
    title: str
    text: str
    link: str | None
    link_label: str | None
    media: list[dict[str, Any]]
    broken: list[BrokenRule]
    waits: str | None


async def preview(
    session: AsyncSession, *, account_id: str, asset_ids: Sequence[str], copy: Copy, link_label: str | None = None
) -> Preview:
    """Return what would be sent, with every broken rule. Sends, plans and changes nothing."""
    account = await repository.get_account(session, account_id)
    if account is None:
        raise NotFoundError(f"There is no account {account_id}.")
    rules = rules_of(load_channel(account.channel), {**account.target, **copy.target})
    facts = await _facts(session, asset_ids)
    return Preview(
        account_id=account.id,
        channel=account.channel,
        handle=account.handle,
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
        broken=[
            BrokenRule(field=b.field, rule=b.rule, found=b.found, fix=b.fix) for b in broken_rules(copy, facts, rules)
        ],
        waits=f"The account is paused: {account.paused_reason}." if account.paused_at else None,
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


def broken_rules(copy: Copy, facts: Sequence[MediaFacts], rules: ChannelRules) -> list[Violation]:
    """Return every rule that words and media break together."""
    return check_copy(copy, rules.text) + check_media(facts, rules.media)


async def refuse_broken_rules(ctx: Context, outgoing: Outgoing, rules: ChannelRules) -> None:
    """Raise RejectedError, naming each rule, when the channel would refuse this publication."""
    async with ctx.database.session() as session:
        facts = await _facts(session, outgoing.asset_ids)
    broken = broken_rules(outgoing.copy, facts, rules)
    if not broken:
        return
    named = "; ".join(f"{b.field}: {b.rule}, found {b.found}" for b in broken)
    error = RejectedError(f"It breaks the channel's rules: {named}.", fix=" ".join(b.fix for b in broken))
    error.errors = tuple(FieldProblem(b.field, b.rule, b.fix) for b in broken)
    raise error


async def _facts(session: AsyncSession, asset_ids: Sequence[str]) -> list[MediaFacts]:
    return [(await media.get_asset(session, asset_id)).media_facts for asset_id in asset_ids]
