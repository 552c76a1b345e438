"""Stage `write`: a copy for each account, within the rules of its channel (ARCH-003)."""

import asyncio
from collections import Counter
from typing import Any

from mediaposter.analysis import local_copy, writing
from mediaposter.analysis import service as analysis
from mediaposter.analysis.brief import CopyBrief
from mediaposter.core import context, engine
from mediaposter.core.db import JsonObject
from mediaposter.models.language import language_model
from mediaposter.offers.links import SLUG_LENGTH
from mediaposter.offers.service import link_url
from mediaposter.pipeline import book
from mediaposter.pipeline.errors import BudgetExceededError
from mediaposter.pipeline.models import Stage
from mediaposter.pipeline.preflight import LOCAL
from mediaposter.pipeline.progress import report
from mediaposter.pipeline.schemas import PipelineConfig
from mediaposter.pipeline.wording import counted
from mediaposter.pipeline.work import Work
from mediaposter.publishing import service as publishing
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import LinkPolicy

_SIDE_BY_SIDE = 4  # models answer in seconds; more at once would soon meet their limits
# As long as a real one: the copy is measured against the channel's limits before its link exists.
_PLACEHOLDER = "x" * SLUG_LENGTH


async def copies(work: Work, asset_id: str, *, spent: int) -> JsonObject:
    """Write for every account; what is written is kept account by account, so nothing is paid for twice.

    `spent` are the tokens that the run has used before.
    """
    accounts = await list_accounts(work.run_id, work.attempt)
    written: dict[str, Any] = {}
    cost, tokens = 0, 0
    for start in range(0, len(accounts), _SIDE_BY_SIDE):
        some = accounts[start : start + _SIDE_BY_SIDE]
        made = await asyncio.gather(
            *(write_one(work.run_id, work.attempt, asset_id, account, spent + tokens) for account in some),
            return_exceptions=True,  # what the others wrote is kept before the first error comes out
        )
        for account, one in zip(some, made, strict=True):
            if isinstance(one, BaseException):
                raise one
            written[account["id"]] = one["copy"]
            cost += one["cost_minor"]
            tokens += one["tokens"]
        share = len(written) / len(accounts)
        await report(context.current(), work.run_id, Stage.WRITE, share, f"{len(written)} of {len(accounts)} written")
    writer = work.config.copywriter or "the configured model"
    return {
        "message": f"{counted(len(written), 'copy', 'copies')} by {writer}"
        + (f", {tokens} tokens." if tokens else "."),
        "copies": written,
        "tokens": tokens,
        "cost_minor": cost,
    }


@engine.step("pipeline.list_accounts")
async def list_accounts(run_id: str, attempt: int) -> list[dict[str, Any]]:
    """Say whom to write for. `position` counts the accounts of one channel, so that each gets a text of its own."""
    async with context.current().database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        seen: Counter[str] = Counter()
        accounts: list[dict[str, Any]] = []
        for account in await publishing.list_accounts(session, config.accounts):
            accounts.append(
                {
                    "id": account.id,
                    "channel": account.channel,
                    "handle": account.handle,
                    "name": f"{account.channel}:{account.handle}",
                    "position": seen[account.channel],
                    "target": account.target,
                }
            )
            seen[account.channel] += 1
    return accounts


@engine.step("pipeline.write_copy")
async def write_one(run_id: str, attempt: int, asset_id: str, account: dict[str, Any], tokens: int) -> JsonObject:
    """Write one account's copy. Raises CopyRejectedError with reasons when the model cannot keep to the rules."""
    ctx = context.current()
    async with ctx.database.session() as session:
        config = book.config_of(await book.own_run(session, run_id, attempt))
        known = await analysis.get(session, asset_id)
    if config.budget.tokens is not None and tokens >= config.budget.tokens:
        raise BudgetExceededError(
            f"The run has used {tokens} tokens, and its budget is {config.budget.tokens}.",
            fix="Raise budget.tokens, publish to fewer accounts, or choose copywriter=local.",
        )
    rules = rules_of(load_channel(account["channel"]), account.get("target", {})).text.beside(media=True)
    brief = brief_of(config, account, linked=rules.links is not LinkPolicy.REFUSED, base_url=ctx.settings.site_url)
    brief = brief.told(known)
    if config.copywriter == LOCAL:
        copy = await asyncio.to_thread(local_copy.compose, brief, rules)
        return {"copy": copy.model_dump(mode="json"), "cost_minor": 0, "tokens": 0}
    model = language_model(ctx.settings, config.copywriter)
    made = await writing.write_copy(brief, rules, model=model)
    return {"copy": made.copy.model_dump(mode="json"), "cost_minor": made.cost_minor, "tokens": made.tokens}


def brief_of(config: PipelineConfig, account: dict[str, Any], *, linked: bool, base_url: str) -> CopyBrief:
    """Return what a copywriter is told of a run before its master is known. `linked`: the account's text has a link."""
    offer = config.offer
    return CopyBrief(
        prompts=config.prompts,
        offer_name=(offer.name or "") if offer else "",
        offer_cta=offer.cta if offer else "",
        link=link_url(_PLACEHOLDER, base_url) if offer and linked else None,
        brand_name=config.brand.name,
        brand_voice=config.tone,
        channel=account["channel"],
        account_handle=account["handle"],
        position=account["position"],
    )
