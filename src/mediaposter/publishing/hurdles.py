"""What would keep a post from going out on an account, as far as our own rows tell: nobody is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.publishing import guards, media_urls, repository
from mediaposter.publishing.channel import Connectable
from mediaposter.publishing.connecting import refreshing
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel, rules_of


@dataclass(frozen=True)
class Hurdle:
    """One thing in the way, and what to do about it. `field` says where it lies: account, budget, media."""

    code: str
    field: str
    detail: str
    fix: str


def hurdles_of(ctx: Context, account: Account, *, at: datetime) -> list[Hurdle]:
    """Return what is in the way of a post at a moment: a pause, a lost or missing login, media out of reach."""
    channel = load_channel(account.channel)
    found: list[Hurdle] = []
    if account.paused_at is not None:
        detail = f"The account is paused: {account.paused_reason}."
        found.append(Hurdle("ACCOUNT_PAUSED", "account", detail, f"mediaposter accounts resume {account.id}"))
    again = f"mediaposter accounts connect {account.channel}"
    if account.problem is not None:
        told = account.problem
        found.append(
            Hurdle(str(told.get("code", "")), "account", str(told.get("detail", "")), str(told.get("fix") or again))
        )
    elif isinstance(channel, Connectable) and account.sealed_credentials is None:
        found.append(Hurdle("NOT_CONNECTED", "account", "The account is not connected.", again))
    elif (
        (ends := account.credentials_expire_at) is not None
        and ends <= at
        and not refreshing.renewable(channel, refreshing.credentials_of(ctx, account))
    ):
        detail = f"Its token ends at {ends:%Y-%m-%d %H:%M} UTC, before the post, and cannot be renewed."
        found.append(Hurdle("LOGIN_ENDS", "account", detail, again))
    if rules_of(channel, account.target).media.by_url and (lacking := media_urls.lacking(ctx)) is not None:
        found.append(Hurdle(lacking.code, "media", lacking.detail, lacking.fix))
    return found


async def unaffordable(session: AsyncSession, account: Account, copy: Copy, *, now: datetime) -> Hurdle | None:
    """Return why the account's budget does not reach for these words now, None where it does or there is none."""
    price = rules_of(load_channel(account.channel), {**account.target, **copy.target}).price
    if price is None or not account.budget:
        return None
    hold = await guards.beyond_budget(session, account, guards.price_of(copy, price), price.currency, now=now)
    return Hurdle(hold.code, "budget", hold.detail, hold.fix) if hold else None


async def shown_before(
    session: AsyncSession, accounts: Sequence[Account], asset_ids: Sequence[str]
) -> dict[str, Hurdle]:
    """Return the accounts that have shown the same media already and must not again, by their id."""
    strict = [one.id for one in accounts if rules_of(load_channel(one.channel), one.target).repeats.media]
    found = await repository.shows_media(session, strict, list(asset_ids)) if strict and asset_ids else {}
    fix = "Choose another video. If you mean it, retry the refused publication with --allow-repeat."
    return {
        account_id: Hurdle("REPEATED", "media", f"The account has shown the same media{where}.", fix)
        for account_id, url in found.items()
        for where in [f" ({url})" if url else ""]
    }
