"""What is due next."""

from datetime import timedelta

import pytest

from mediaposter.core import timeline
from mediaposter.core.context import Context
from mediaposter.core.power import WAKE
from mediaposter.metrics.service import CHECKBACK
from mediaposter.overview import agenda
from mediaposter.overview.schemas import DueKind
from mediaposter.publishing.ledger import DUE, PREFLIGHT
from mediaposter.publishing.models import Account
from tests.overview.conftest import NOW, Publishes

pytestmark = pytest.mark.feature("ARCH-008")


async def plan(ctx: Context, kind: str, subject: str, hours: int, **data: str) -> None:
    async with ctx.database.session() as session:
        due = NOW + timedelta(hours=hours)
        await timeline.schedule(session, kind=kind, subject=subject, due_at=due, key=f"{kind}:{hours}", data=data)


async def test_what_is_due_comes_in_order_and_in_words(ctx: Context, fern: Account, publish: Publishes) -> None:
    row = await publish(fern, title="Fill the jar")
    await plan(ctx, CHECKBACK, row.id, 3, age="24h")
    await plan(ctx, DUE, row.id, 1)
    await plan(ctx, WAKE, "power", 2)

    async with ctx.database.session() as session:
        found = await agenda.agenda(session, limit=10)

    assert [(one.kind, one.what) for one in found] == [
        (DueKind.POST, "Fill the jar"),
        (DueKind.WAKE, "Wake up"),
        (DueKind.CHECKBACK, "Reading after 24h of Fill the jar"),
    ]
    assert found[0].account is not None
    assert (found[0].account.handle, found[0].publication_id) == ("fern", row.id)


async def test_the_machines_own_chores_are_told_only_when_asked_for(
    ctx: Context, fern: Account, publish: Publishes
) -> None:
    row = await publish(fern)
    await plan(ctx, PREFLIGHT, row.id, 1)

    async with ctx.database.session() as session:
        told = [await agenda.agenda(session, limit=10, chores=chores) for chores in (False, True)]

    assert [[one.kind for one in some] for some in told] == [[], [DueKind.LOOK_AHEAD]]


async def test_it_ends_where_it_is_asked_to(ctx: Context, fern: Account, publish: Publishes) -> None:
    row = await publish(fern)
    for hours in (1, 2, 3):
        await plan(ctx, DUE, row.id, hours)

    async with ctx.database.session() as session:
        before = await agenda.agenda(session, limit=10, until=NOW + timedelta(hours=2))
        few = await agenda.agenda(session, limit=2)

    assert (len(before), len(few)) == (1, 2)
