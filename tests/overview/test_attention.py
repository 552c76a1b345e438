"""What needs a person, the most urgent first."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.ids import new_id
from mediaposter.overview import attention
from mediaposter.overview.schemas import NeedKind, NeedRead
from mediaposter.pipeline.models import Run
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Account
from tests.overview.conftest import NOW, Publishes

pytestmark = pytest.mark.feature("ARCH-008")


async def needs(ctx: Context) -> list[NeedRead]:
    async with ctx.database.session() as session:
        return await attention.attention(session, now=NOW)


async def change(ctx: Context, account: Account, **values: Any) -> None:
    async with ctx.database.session() as session:
        await session.execute(update(Account).where(Account.id == account.id).values(**values))


async def add_run(ctx: Context, state: str, *, days_ago: int, title: str) -> None:
    at = NOW - timedelta(days=days_ago)
    async with ctx.database.session() as session:
        session.add(
            Run(
                id=new_id("run"),
                config={"prompts": [title]},
                state=state,
                attempt=1,
                approved=False,
                created_at=at,
                finished_at=None if state == "waiting" else at,
            )
        )


async def test_nothing_needs_a_person_where_all_is_well(ctx: Context, fern: Account, publish: Publishes) -> None:
    await publish(fern, "confirmed", settled_at=NOW)
    assert await needs(ctx) == []


async def test_the_most_urgent_comes_first(ctx: Context, fern: Account, moss: Account, publish: Publishes) -> None:
    await publish(fern, "unknown", sent_at=NOW)
    await change(ctx, fern, problem={"detail": "The login ended.", "fix": "Connect it again."})
    await change(ctx, moss, paused_at=NOW, paused_reason="holiday")
    await add_run(ctx, "waiting", days_ago=0, title="A draft")
    async with ctx.database.session() as session:
        await publishing.stop_publishing(session, reason="audit")

    found = await needs(ctx)

    assert [one.kind for one in found] == [
        NeedKind.STOPPED,
        NeedKind.UNKNOWN,
        NeedKind.RECONNECT,
        NeedKind.APPROVAL,
        NeedKind.PAUSED,
    ]
    assert (found[2].detail, found[2].fix) == ("The login ended.", "Connect it again.")


async def test_what_nobody_knows_is_asked_however_old_it_is(ctx: Context, fern: Account, publish: Publishes) -> None:
    await publish(fern, "unknown", sent_at=NOW - timedelta(days=300), title="An old one")
    assert [(one.kind, one.title) for one in await needs(ctx)] == [(NeedKind.UNKNOWN, "An old one")]


async def test_refusals_and_failed_runs_are_told_for_a_week(ctx: Context, fern: Account, publish: Publishes) -> None:
    for days in (6, 8):
        await publish(fern, "rejected", settled_at=NOW - timedelta(days=days), title=f"{days} days ago")
        await add_run(ctx, "failed", days_ago=days, title=f"{days} days ago")
    assert [(one.kind, one.title) for one in await needs(ctx)] == [
        (NeedKind.RUN_FAILED, "6 days ago"),
        (NeedKind.REFUSED, "6 days ago"),
    ]


async def test_a_budget_that_is_used_up_is_told_with_its_sums(ctx: Context, fern: Account, publish: Publishes) -> None:
    await change(ctx, fern, budget={"micros": 2_000_000, "currency": "USD", "days": 30})
    spent = {"armed_at": NOW, "sent_at": NOW, "settled_at": NOW, "cost_micros": 2_500_000, "currency": "USD"}
    await publish(fern, "confirmed", **spent)
    (need,) = await needs(ctx)
    assert (need.kind, need.detail) == (NeedKind.BUDGET, "2.50 USD in 30 days.")


async def test_a_site_that_wants_a_person_is_told_once(ctx: Context) -> None:
    async with ctx.database.session() as session:
        for turn in (1, 2):
            await events.emit(
                session, "browser.needs_person", "sora", {"detail": f"captcha {turn}", "fix": "Solve it."}
            )
    await events.latest(ctx.database)
    async with ctx.database.session() as session:
        found = await attention.attention(session, now=ctx.clock())
    assert [(one.kind, one.detail) for one in found] == [(NeedKind.BROWSER, "captcha 2")]
