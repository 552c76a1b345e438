"""The look ahead at scheduled posts: written into the timeline, done by the engine, told while there is time."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import pytest
from sqlalchemy import select

from mediaposter.core import timeline
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.engine import Engine
from mediaposter.core.models import Event
from mediaposter.core.timeline import TimelineEntry, TimelineState
from mediaposter.media import service as media
from mediaposter.publishing import service
from mediaposter.publishing.account_checks import account_checks
from mediaposter.publishing.channel import ChannelAccount
from mediaposter.publishing.connection import Check, Field, Identity, Paste
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.ledger import PREFLIGHT
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.preflight import look_ahead
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.rules import ChannelRules, MediaRules
from mediaposter.publishing.verdict import explain
from tests.publishing.contract_channel import ContractChannel
from tests.publishing.driving import plan, read

pytestmark = pytest.mark.feature("BLOT-001", "ARCH-001")
DAY = timedelta(days=1)


class AskedChannel(ContractChannel):
    """A platform that takes at most half a second, and says how an account stands."""

    name: ClassVar[str] = "asked"
    connect: ClassVar[Paste] = Paste([Field("token", "Token")])
    rules: ClassVar[ChannelRules] = ChannelRules(media=MediaRules(duration_max=0.5))
    says: Sequence[Check] = (Check("token", ok=True, says="The token is good."),)
    asked = 0

    async def identify(self, credentials: JsonObject) -> Sequence[Identity]:
        return [Identity("1", "ann", "Ann", credentials)]

    async def check(self, account: ChannelAccount) -> Sequence[Check]:
        self.asked += 1
        return self.says


@pytest.fixture
def channel() -> Iterator[AskedChannel]:
    registered = AskedChannel()
    register(registered)
    yield registered
    del load_channels()["asked"]


@pytest.fixture
async def ann(ctx: Context, channel: AskedChannel) -> Account:
    async with ctx.database.session() as session:
        return await service.create_account(
            session, channel="asked", handle="ann", credentials={"token": "t"}, secrets=ctx.secrets
        )


async def rows(ctx: Context, publication_id: str) -> list[tuple[str, datetime, TimelineState]]:
    async with ctx.database.session() as session:
        found = await timeline.list_entries(session, kind=PREFLIGHT, subject=publication_id)
        return [(str(entry.data["look"]), entry.due_at, entry.state) for entry in found]


async def told(ctx: Context, publication_id: str) -> list[str]:
    query = select(Event.topic).where(Event.subject == publication_id, Event.topic.contains("preflight"))
    async with ctx.database.session() as session:
        return list((await session.execute(query)).scalars())


async def move(ctx: Context, publication_id: str, due_at: datetime | None) -> None:
    row = await read(ctx, publication_id)
    async with ctx.database.session() as session:
        await service.plan_publication(
            session,
            post_id=row.post_id,
            account_id=row.account_id,
            copy=Copy.model_validate(row.copy),
            due_at=due_at,
        )


async def test_a_scheduled_post_is_looked_at_a_day_and_ten_minutes_ahead(
    ctx: Context, ann: Account, asset_id: str
) -> None:
    due_at = utc_now() + 2 * DAY
    publication_id = await plan(ctx, ann, asset_id, due_at=due_at)
    assert await rows(ctx, publication_id) == [
        ("24h", due_at - DAY, TimelineState.WAITING),
        ("10m", due_at - timedelta(minutes=10), TimelineState.WAITING),
    ]


@pytest.mark.parametrize(("ahead", "looks"), [(timedelta(hours=5), ["10m"]), (timedelta(minutes=5), [])])
async def test_a_look_whose_time_is_over_is_left_out(
    ctx: Context, ann: Account, asset_id: str, ahead: timedelta, looks: list[str]
) -> None:
    publication_id = await plan(ctx, ann, asset_id, due_at=utc_now() + ahead)
    assert [name for name, _, _ in await rows(ctx, publication_id)] == looks


async def test_planned_again_for_the_same_time_the_looks_exist_once(ctx: Context, ann: Account, asset_id: str) -> None:
    due_at = utc_now() + 2 * DAY
    publication_id = await plan(ctx, ann, asset_id, due_at=due_at)
    await move(ctx, publication_id, due_at)
    assert len(await rows(ctx, publication_id)) == 2


async def test_the_looks_go_with_the_time_there_and_back(ctx: Context, ann: Account, asset_id: str) -> None:
    first, second = utc_now() + 2 * DAY, utc_now() + 3 * DAY
    publication_id = await plan(ctx, ann, asset_id, due_at=first)
    for due_at in (second, first):
        await move(ctx, publication_id, due_at)
        waiting = [at for _, at, state in await rows(ctx, publication_id) if state is TimelineState.WAITING]
        assert waiting == [due_at - DAY, due_at - timedelta(minutes=10)]


async def test_the_looks_are_cancelled_with_the_publication(ctx: Context, ann: Account, asset_id: str) -> None:
    publication_id = await plan(ctx, ann, asset_id, due_at=utc_now() + 2 * DAY)
    async with ctx.database.session() as session:
        await service.cancel_publication(session, publication_id)
    assert {state for _, _, state in await rows(ctx, publication_id)} == {TimelineState.CANCELLED}


async def look(ctx: Context, account: Account, publication_id: str, name: str = "24h") -> bool:
    return await look_ahead(ctx, publication_id, name, await account_checks(ctx, account))


async def test_what_would_be_refused_is_said_and_nothing_is_rejected(
    ctx: Context, ann: Account, channel: AskedChannel, asset_id: str
) -> None:
    channel.says = (Check("token", ok=False, says="The token has ended.", fix="Connect the account again."),)
    publication_id = await plan(ctx, ann, asset_id, due_at=utc_now() + 2 * DAY)
    assert not await look(ctx, ann, publication_id)
    row = await read(ctx, publication_id)
    assert row.outcome is Outcome.PLANNED
    assert "The token has ended" in explain(row).says
    assert explain(row).next == "Connect the account again."
    assert await told(ctx, publication_id) == ["publication.preflight_failed"]


async def test_what_is_well_is_said_too_with_what_will_be_adapted(ctx: Context, ann: Account, asset_id: str) -> None:
    publication_id = await plan(ctx, ann, asset_id, due_at=utc_now() + 2 * DAY)
    assert await look(ctx, ann, publication_id)
    seen = (await read(ctx, publication_id)).preflight
    assert seen is not None
    assert (seen["ok"], [one["code"] for one in seen["adapts"]]) == (True, ["MEDIA_DURATION"])
    assert await told(ctx, publication_id) == ["publication.preflight_passed"]


@pytest.mark.parametrize(("name", "made"), [("24h", 0), ("10m", 1)])
async def test_the_last_look_makes_the_renditions(
    ctx: Context, ann: Account, asset_id: str, name: str, made: int
) -> None:
    publication_id = await plan(ctx, ann, asset_id, due_at=utc_now() + 2 * DAY)
    await look(ctx, ann, publication_id, name)
    async with ctx.database.session() as session:
        assert len(await media.list_assets(session, origin="fitted")) == made


async def test_new_words_take_back_what_was_seen_of_the_old(ctx: Context, ann: Account, asset_id: str) -> None:
    due_at = utc_now() + 2 * DAY
    publication_id = await plan(ctx, ann, asset_id, due_at=due_at)
    await look(ctx, ann, publication_id)
    await move(ctx, publication_id, due_at)
    assert (await read(ctx, publication_id)).preflight is None


async def test_a_platform_that_cannot_be_asked_is_a_finding(ctx: Context, ann: Account, channel: AskedChannel) -> None:
    channel.says = None  # type: ignore[assignment] - a channel with a fault of its own
    (check,) = await account_checks(ctx, ann)
    assert (check.name, check.ok) == ("platform", False)


@pytest.fixture
async def due(ctx: Context, engine: Engine) -> AsyncIterator[None]:
    """The loop that turns due rows into workflows."""
    task = asyncio.create_task(timeline.run(ctx))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_due_looks_are_done_and_an_account_is_asked_once_for_all_its_posts(
    ctx: Context, ann: Account, channel: AskedChannel, asset_id: str, due: None
) -> None:
    ids = [await plan(ctx, ann, asset_id, text=f"Post {n}.", due_at=utc_now() + 2 * DAY) for n in range(3)]
    async with ctx.database.session() as session:
        for entry in (await session.execute(select(TimelineEntry).where(TimelineEntry.kind == PREFLIGHT))).scalars():
            if entry.data["look"] == "24h":
                await timeline.reschedule(session, entry.id, due_at=utc_now())
    async with asyncio.timeout(20):
        while not all([(await read(ctx, one)).preflight for one in ids]):
            await asyncio.sleep(0.05)
    assert channel.asked == 1
