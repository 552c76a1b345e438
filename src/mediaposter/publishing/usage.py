"""What is left of each account's limits and money, and how it stands. For people who look, not for the guards."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.publishing import repository
from mediaposter.publishing.guards import burst_of
from mediaposter.publishing.limits import Windows
from mediaposter.publishing.models import Account, Publication
from mediaposter.publishing.outcomes import MAYBE_PUBLIC, Outcome
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import Limit, LimitScope
from mediaposter.publishing.schemas import Budget

_DAY = timedelta(days=1)


class Health(StrEnum):
    """How an account stands."""

    OK = "ok"
    PAUSED = "paused"  # by a person
    HELD = "held"  # by the platform, until a moment
    PROBLEM = "problem"  # a person must act


class LimitUsage(BaseModel):
    """At most `posts` within any `seconds`; `used` of them are used, and `free_at` is when the next may go out."""

    source: str
    posts: int
    seconds: float
    used: int
    free_at: datetime


class BudgetUsage(BaseModel):
    """Money of the last `days`, in millionths of the currency."""

    micros: int
    spent_micros: int
    currency: str
    days: int


class Standing(BaseModel):
    """How an account stands. `says` and `fix` are for people."""

    health: Health
    says: str
    fix: str


class AccountUsage(Standing):
    """What is left for an account."""

    account_id: str
    limits: list[LimitUsage]
    budget: BudgetUsage | None
    published_24h: int
    planned: int
    next_due_at: datetime | None
    last_published_at: datetime | None


async def usage(session: AsyncSession, *, now: datetime) -> list[AccountUsage]:
    """Return how every account in use stands."""
    accounts = await repository.list_accounts(session, channel=None, archived=False)
    ids = [account.id for account in accounts]
    limits = {account.id: _limits(account) for account in accounts}
    longest = max((limit.seconds for some in limits.values() for limit in some), default=0.0)
    moments = await repository.moments(session, ids, since=now - timedelta(seconds=longest), parts=True, reserved=False)
    counted = await _count(session, now)
    return [
        AccountUsage(
            account_id=account.id,
            **dict(standing(account, now)),
            limits=[_used(limit, moments[account.id], now) for limit in limits[account.id]],
            budget=await budget_of(session, account, now),
            **counted.get(account.id, _NOTHING),
        )
        for account in accounts
    ]


_NOTHING: dict[str, Any] = {"published_24h": 0, "planned": 0, "next_due_at": None, "last_published_at": None}


def _limits(account: Account) -> Sequence[Limit]:
    rules = rules_of(load_channel(account.channel), account.target)
    return [*burst_of(account), *(limit for limit in rules.limits if limit.scope is LimitScope.ACCOUNT)]


def _used(limit: Limit, moments: Sequence[datetime], now: datetime) -> LimitUsage:
    since = now - timedelta(seconds=limit.seconds)
    return LimitUsage(
        source=limit.source,
        posts=limit.posts,
        seconds=limit.seconds,
        used=sum(moment > since for moment in moments),
        free_at=Windows.over([limit], moments).first_free(now),
    )


async def budget_of(session: AsyncSession, account: Account, now: datetime) -> BudgetUsage | None:
    """Return an account's budget and what of it is spent, None where it has none."""
    if not account.budget:
        return None
    budget = Budget.model_validate(account.budget)
    spent, _ = await repository.spent(session, account.id, since=now - timedelta(days=budget.days), but="")
    return BudgetUsage(micros=budget.micros, spent_micros=spent, currency=budget.currency, days=budget.days)


async def _count(session: AsyncSession, now: datetime) -> dict[str, dict[str, Any]]:
    went, planned = Publication.outcome.in_(MAYBE_PUBLIC), Publication.outcome == Outcome.PLANNED
    query = (
        select(
            Publication.account_id,
            func.count().filter(went, Publication.armed_at > now - _DAY).label("published_24h"),
            func.count().filter(planned).label("planned"),
            func.min(Publication.due_at).filter(planned).label("next_due_at"),
            func.max(Publication.armed_at).filter(went).label("last_published_at"),
        )
        .where(Publication.part == 0)
        .group_by(Publication.account_id)
    )
    return {row.pop("account_id"): row for row in map(dict, (await session.execute(query)).mappings())}


def standing(account: Account, now: datetime) -> Standing:
    """Return how an account stands."""
    if account.paused_at is not None:
        says, fix = account.paused_reason or "It was paused.", "Let it go on when the cause is gone."
        return Standing(health=Health.PAUSED, says=says, fix=fix)
    if account.problem is not None:
        says, fix = str(account.problem.get("detail", "")), str(account.problem.get("fix", ""))
        return Standing(health=Health.PROBLEM, says=says, fix=fix)
    if account.held_until is not None and account.held_until > now:
        return Standing(health=Health.HELD, says="The platform asked for a rest.", fix="Nothing: it goes on by itself.")
    return Standing(health=Health.OK, says="Ready to publish.", fix="")
