"""What is left of an account's limits and money, and how it stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from mediaposter.core.context import Context
from mediaposter.core.ids import new_id
from mediaposter.publishing.models import Account, PublicationAttempt
from tests.overview.conftest import Publishes, fern, publish

__all__ = ["fern", "publish"]
pytestmark = pytest.mark.feature("ARCH-008")
NOW = datetime.now(UTC)


async def usage_of(ctx: Context, web: httpx.AsyncClient, account: Account, **values: Any) -> dict[str, Any]:
    if values:
        async with ctx.database.session() as session:
            await session.execute(update(Account).where(Account.id == account.id).values(**values))
    (one,) = (await web.get("/api/accounts/usage")).json()
    return one


@pytest.mark.parametrize(
    ("values", "health"),
    [
        ({}, "ok"),
        ({"paused_at": NOW, "paused_reason": "holiday"}, "paused"),
        ({"held_until": NOW + timedelta(hours=1)}, "held"),
        ({"held_until": NOW - timedelta(hours=1)}, "ok"),
        ({"problem": {"detail": "The login ended.", "fix": "Connect it again."}}, "problem"),
    ],
)
async def test_an_account_stands_as_it_is(
    ctx: Context, web: httpx.AsyncClient, fern: Account, values: dict[str, Any], health: str
) -> None:
    assert (await usage_of(ctx, web, fern, **values))["health"] == health


async def test_a_limit_says_what_is_used_and_when_the_next_may_go(
    ctx: Context, web: httpx.AsyncClient, fern: Account, publish: Publishes
) -> None:
    gone = NOW - timedelta(minutes=20)
    row = await publish(fern, "confirmed", armed_at=gone, sent_at=gone, settled_at=gone)
    async with ctx.database.session() as session:
        attempt = {"publication_id": row.id, "account_id": fern.id, "number": 1, "outcome": "confirmed", "trail": []}
        session.add(PublicationAttempt(id=new_id("att"), armed_at=gone, **attempt))
    told = await usage_of(ctx, web, fern, burst={"posts": 1, "minutes": 60.0})
    burst = next(one for one in told["limits"] if one["posts"] == 1)
    assert (burst["used"], told["published_24h"]) == (1, 1)
    free_after = datetime.fromisoformat(burst["free_at"]) - gone
    assert timedelta(hours=1) <= free_after < timedelta(hours=1, seconds=5)


async def test_a_budget_says_what_is_spent_of_it(
    ctx: Context, web: httpx.AsyncClient, fern: Account, publish: Publishes
) -> None:
    for days in (1, 40):
        gone = NOW - timedelta(days=days)
        await publish(
            fern, "confirmed", armed_at=gone, sent_at=gone, settled_at=gone, cost_micros=15_000, currency="USD"
        )
    told = await usage_of(ctx, web, fern, budget={"micros": 2_000_000, "currency": "USD", "days": 30})
    assert told["budget"] == {"micros": 2_000_000, "spent_micros": 15_000, "currency": "USD", "days": 30}


async def test_what_is_planned_is_counted_with_the_next_moment(
    ctx: Context, web: httpx.AsyncClient, fern: Account, publish: Publishes
) -> None:
    for hours in (5, 3):
        await publish(fern, due_at=NOW + timedelta(hours=hours))
    told = await usage_of(ctx, web, fern)
    assert (told["planned"], datetime.fromisoformat(told["next_due_at"])) == (2, NOW + timedelta(hours=3))
