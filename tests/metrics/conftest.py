"""A channel whose platform tells what the test says, and a publication that is public on it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

import pytest

from mediaposter.core import context, timeline
from mediaposter.core.context import Context
from mediaposter.core.timeline import TimelineEntry
from mediaposter.metrics import service as metrics
from mediaposter.publishing import ledger, service
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Metrics,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.rules import ChannelRules, RepeatRules, TextRules
from tests.engine import engine

__all__ = ["engine"]


class Meter:
    """A platform in memory: what it answers to a look is what the test put there."""

    name: ClassVar[str] = "meter"
    title: ClassVar[str] = "Meter"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(description_max=500),
        repeats=RepeatRules(media=False, text_days=None),
        source="tests/metrics/conftest.py",
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing()

    def __init__(self) -> None:
        self.tells: Metrics | Exception | None = Metrics(views=120, likes=7, raw={"likes": 7})
        self.looks = 0

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        return Prepared()

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        return Handle(external_id=outgoing.id)

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:
        return Confirmation(state=ConfirmState.PUBLISHED)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        return Unreadable(evidence="It has no list.")

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        self.looks += 1
        if isinstance(self.tells, Exception):
            raise self.tells
        return self.tells


class Silent(Meter):
    """A platform that counts nothing."""

    name: ClassVar[str] = "silent"
    measure = None  # type: ignore[assignment]


@pytest.fixture
def meter() -> Iterator[Meter]:
    one = Meter()
    register(one)
    register(Silent())
    yield one
    for name in ("meter", "silent"):
        del load_channels()[name]


class Clock:
    """The time of a test, which goes on when it is told to."""

    def __init__(self, ctx: Context) -> None:
        self.now = ctx.clock()
        self.ctx = replace(ctx, clock=lambda: self.now)
        context.install(self.ctx)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock(ctx: Context) -> Iterator[Clock]:
    yield Clock(ctx)
    context.install(ctx)


async def publish(ctx: Context, channel: str = "meter", handle: str = "ann") -> Publication:
    """Make a post public now and schedule its checkbacks."""
    async with ctx.database.session() as session:
        account = await service.create_account(session, channel=channel, handle=handle)
        post = await service.create_post(session, recipe={"hook": "strong"})
        made = await service.plan_publication(
            session, post_id=post.id, account_id=account.id, copy=Copy(description=f"Ferns by {handle}")
        )
    async with ctx.database.session() as session:
        row = await service.get_publication(session, made.id, lock=True)
        for outcome in (Outcome.ARMED, Outcome.SENT, Outcome.CONFIRMED):
            await ledger.change(session, row, outcome, note="", now=ctx.clock())
        row.external_id = "1"
        await metrics.schedule(session, [row], now=ctx.clock())
    return row


async def rows(ctx: Context, publication: Publication) -> list[TimelineEntry]:
    async with ctx.database.session() as session:
        return list(await timeline.list_entries(session, kind=metrics.CHECKBACK, subject=publication.id))
