"""What keeps an account from harm: bursts, money, repetitions, and the switch for all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from mediaposter.core.context import Context
from mediaposter.publishing import guards, service
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.models import Account, PublicationAttempt
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.rules import Limit, LimitScope, LinkPolicy, Price, RepeatRules
from mediaposter.publishing.schemas import Budget, Burst, PublicationDetail
from tests.publishing.conftest import add_account
from tests.publishing.contract_channel import ContractChannel
from tests.publishing.driving import drive, plan, read
from tests.servers.channel_server import ChannelServer

pytestmark = pytest.mark.feature("BLOT-001")
TEXT = "Five plants that forgive a beginner everything but love."


class StrictChannel(ContractChannel):
    name = "strict"
    rules = replace(
        ContractChannel.rules,
        text=replace(ContractChannel.rules.text, links=LinkPolicy.ALLOWED),
        repeats=RepeatRules(),
        price=Price(15_000, 200_000),
    )


class SharedChannel(ContractChannel):
    name = "shared"
    rules = replace(ContractChannel.rules, limits=[Limit(2, 3600, LimitScope.CHANNEL)])


@pytest.fixture
def strict(platform: ChannelServer) -> Iterator[ChannelServer]:
    register(StrictChannel())
    register(SharedChannel())
    yield platform
    for name in ("strict", "shared"):
        del load_channels()[name]


@pytest.fixture
async def ann(ctx: Context, strict: ChannelServer) -> Account:
    return await add_account(ctx, "strict", "ann", strict)


async def test_the_same_media_is_not_shown_twice_on_an_account(ctx: Context, ann: Account, asset_id: str) -> None:
    assert await drive(ctx, await plan(ctx, ann, asset_id, text=TEXT)) is Outcome.CONFIRMED
    again = await plan(ctx, ann, asset_id, text="Quite other words about something else.")
    assert await drive(ctx, again) is Outcome.REJECTED
    problem = (await read(ctx, again)).problem or {}
    assert (problem["code"], "--allow-repeat" in problem["fix"]) == ("REPEATED", True)


async def test_the_same_media_goes_to_every_account(
    ctx: Context, ann: Account, strict: ChannelServer, asset_id: str
) -> None:
    ben = await add_account(ctx, "strict", "ben", strict)
    assert [await drive(ctx, await plan(ctx, one, asset_id, text=TEXT)) for one in (ann, ben)] == [
        Outcome.CONFIRMED
    ] * 2


@pytest.mark.parametrize("text", [TEXT, f"{TEXT.upper()} ", TEXT.replace("Five", "Six")])
async def test_nearly_the_same_words_are_refused(ctx: Context, ann: Account, text: str) -> None:
    await drive(ctx, await plan(ctx, ann, "", text=TEXT))
    assert await drive(ctx, await plan(ctx, ann, "", text=text)) is Outcome.REJECTED


async def test_other_words_are_not(ctx: Context, ann: Account) -> None:
    await drive(ctx, await plan(ctx, ann, "", text=TEXT))
    other = await plan(ctx, ann, "", text="Why your basil dies in a week, and what to do.")
    assert await drive(ctx, other) is Outcome.CONFIRMED


async def test_somebodys_word_lets_a_repetition_pass(ctx: Context, ann: Account, strict: ChannelServer) -> None:
    await drive(ctx, await plan(ctx, ann, "", text=TEXT))
    again = await plan(ctx, ann, "", text=TEXT)
    await drive(ctx, again)
    async with ctx.database.session() as session:
        await service.retry_publication(session, again, allow_repeat=True, start=False)
    assert await drive(ctx, again) is Outcome.CONFIRMED
    assert strict.texts("ann") == [TEXT, TEXT]


async def test_a_burst_waits_whatever_its_cause(ctx: Context, account: Account, platform: ChannelServer) -> None:
    async with ctx.database.session() as session:
        await service.update_account(session, account.id, burst=Burst(posts=2, minutes=60))
    posts = [await plan(ctx, account, "", text=f"Number {number}") for number in range(4)]
    assert [await drive(ctx, one) for one in posts] == [Outcome.CONFIRMED] * 2 + [Outcome.PLANNED] * 2
    third = await read(ctx, posts[2])
    assert (third.problem or {})["code"] == "LIMIT"
    assert third.slot_at is not None
    assert third.slot_at > ctx.clock() + timedelta(minutes=59)
    assert len(platform.texts("ann")) == 2


async def test_a_limit_of_the_app_counts_all_its_accounts(ctx: Context, strict: ChannelServer) -> None:
    posts = [
        await plan(ctx, await add_account(ctx, "shared", name, strict), "", text=f"By {name}")
        for name in ("a", "b", "c")
    ]
    assert [await drive(ctx, one) for one in posts] == [Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.PLANNED]


async def test_a_post_with_a_link_costs_more_and_the_budget_holds_it(ctx: Context, ann: Account) -> None:
    async with ctx.database.session() as session:
        await service.update_account(session, ann.id, budget=Budget(micros=200_000, days=30))
    plain = await plan(ctx, ann, "", text=TEXT)
    linked = await plan(ctx, ann, "", text="Read it all at https://example.com/plants")
    assert [await drive(ctx, one) for one in (plain, linked)] == [Outcome.CONFIRMED, Outcome.PLANNED]
    assert ((await read(ctx, plain)).cost_micros, (await read(ctx, linked)).cost_micros) == (15_000, 200_000)
    assert ((await read(ctx, linked)).problem or {})["code"] == "BUDGET"


async def test_the_switch_stops_every_account_and_lets_them_go_on(
    ctx: Context, account: Account, platform: ChannelServer
) -> None:
    async with ctx.database.session() as session:
        await service.stop_publishing(session, reason="a wrong price is in the posts")
    waits = await plan(ctx, account, "", text="Wait for it")
    assert await drive(ctx, waits) is Outcome.PLANNED
    assert "a wrong price" in ((await read(ctx, waits)).problem or {})["detail"]
    async with ctx.database.session() as session:
        await service.resume_publishing(session)
    assert await drive(ctx, waits) is Outcome.CONFIRMED
    assert platform.texts("ann") == ["Wait for it"]


class ThreadedChannel(ContractChannel):
    name = "threaded"
    rules = replace(ContractChannel.rules, text=replace(ContractChannel.rules.text, thread_max=5, first_comment=True))


@pytest.fixture
def threaded(platform: ChannelServer) -> Iterator[ChannelServer]:
    register(ThreadedChannel())
    yield platform
    del load_channels()["threaded"]


async def thread(ctx: Context, account: Account, *texts: str) -> list[str]:
    async with ctx.database.session() as session:
        post = await service.create_post(session)
        copy = Copy(description=texts[0], thread=texts[1:], first_comment="The comment")
        row = await service.plan_publication(session, post_id=post.id, account_id=account.id, copy=copy)
        parts = await service.list_publications(session, post_ids=[post.id], parts=True)
    assert row.part == 0
    return [part.id for part in sorted(parts, key=lambda part: part.part)]


async def test_the_parts_of_a_thread_wait_for_what_they_go_under(ctx: Context, threaded: ChannelServer) -> None:
    account = await add_account(ctx, "threaded", "ann", threaded)
    first, second, third, comment = await thread(ctx, account, "One", "Two", "Three")
    assert await drive(ctx, second) is Outcome.PLANNED
    assert [await drive(ctx, one) for one in (first, second, third, comment)] == [Outcome.CONFIRMED] * 4
    assert threaded.texts("ann") == ["One", "Two", "Three", "The comment"]
    rows = [await read(ctx, one) for one in (first, second, third, comment)]
    assert [row.parent_id for row in rows] == [None, first, second, first]


async def test_parts_of_a_thread_are_not_listed_as_posts(ctx: Context, threaded: ChannelServer) -> None:
    account = await add_account(ctx, "threaded", "ann", threaded)
    first, *_ = await thread(ctx, account, "One", "Two")
    async with ctx.database.session() as session:
        assert [row.id for row in await service.list_publications(session)] == [first]


async def test_a_post_is_explained_with_what_hangs_under_it(ctx: Context, threaded: ChannelServer) -> None:
    account = await add_account(ctx, "threaded", "ann", threaded)
    first, *under = await thread(ctx, account, "One", "Two", "Three")
    async with ctx.database.session() as session:
        row = await service.get_publication(session, first)
        told = PublicationDetail.of(row, await service.parts_of(session, row))
    assert [(part.id, part.kind, part.verdict) for part in told.parts] == [
        (part, kind, "Not sent yet.") for part, kind in zip(under, ("reply", "reply", "comment"), strict=True)
    ]


async def test_a_moment_that_nobody_takes_goes_to_whoever_may_go(ctx: Context, account: Account) -> None:
    now = ctx.clock()
    async with ctx.database.session() as session:
        await service.update_account(session, account.id, burst=Burst(posts=1, minutes=60))
        rows = []
        for number in range(2):
            post = await service.create_post(session)
            planned = await service.plan_publication(
                session, post_id=post.id, account_id=account.id, copy=Copy(description=f"Fern {number}"), due_at=now
            )
            rows.append(await service.get_publication(session, planned.id, lock=True))
        first, second = rows
        await guards.reserve_many(session, rows, now=now)
        assert (first.slot_at, second.slot_at > now) == (now, True)
        # The first never starts. When the moment of the second has come, nothing went out that could hold it back.
        later = second.slot_at
        assert await guards.reserve(session, second, now=later, arming=True) is None
        assert second.slot_at == later


async def test_one_that_was_moved_back_gives_way_to_what_went_out(ctx: Context, account: Account) -> None:
    now = ctx.clock()
    async with ctx.database.session() as session:
        await service.update_account(session, account.id, burst=Burst(posts=1, minutes=60))
        post = await service.create_post(session)
        planned = await service.plan_publication(
            session, post_id=post.id, account_id=account.id, copy=Copy(description="Fern"), due_at=now
        )
        row = await service.get_publication(session, planned.id, lock=True)
        row.slot_at = now
        other = await service.plan_publication(
            session, post_id=(await service.create_post(session)).id, account_id=account.id, copy=Copy(description="x")
        )
        session.add(
            PublicationAttempt(
                id="try_1",
                publication_id=other.id,
                account_id=account.id,
                number=2,
                armed_at=now - timedelta(minutes=1),
            )
        )
        await session.flush()
        assert await guards.reserve_many(session, [row], now=now) == {row.id: row.slot_at}
        assert row.slot_at > now + timedelta(minutes=58)
