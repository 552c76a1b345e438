"""What every channel must pass. Subclass PlatformContract in your channel's test module and give it a `harness`.

The suite drives the channel through the ledger, as the workflow does, on a real database and a server of the platform.
"""

import asyncio
import json
from typing import Protocol

import pytest

from mediaposter.core.context import Context
from mediaposter.publishing import service
from mediaposter.publishing.channel import Absent, Channel, Found, Unreadable
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import outgoing_of
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.schemas import ChannelRead
from mediaposter.publishing.settling import ASK
from tests.publishing.driving import Killed, Mortal, drive, plan, read


class Harness(Protocol):
    """What the suite needs to know of a channel under test."""

    channel: Channel
    account: Account
    asset_id: str
    broken_text: str  # a description that the channel's rules forbid
    readable: bool  # whether `find` can tell what is there from what is not

    async def public(self) -> int:
        """Return how many posts are public on the account."""
        ...


class FaultyHarness(Harness, Protocol):
    """A harness whose platform can be made to fail."""

    def fault(self, name: str) -> None:
        """Let the next creating call go wrong, by the name of a fault of tests/servers/channel_server.py."""
        ...


@pytest.mark.feature("ADAPT-013")
class ChannelContract:
    """For every channel."""

    async def test_it_is_found_by_its_name(self, harness: Harness) -> None:
        assert load_channels()[harness.channel.name].title

    async def test_its_rules_are_data_with_a_source_and_a_date(self, harness: Harness) -> None:
        told = ChannelRead.of(harness.channel).model_dump(mode="json")
        assert json.loads(json.dumps(told))["rules"]["source"]
        assert told["rules"]["read_on"]

    async def test_preparing_makes_nothing_public_and_bears_repetition(self, ctx: Context, harness: Harness) -> None:
        row = await read(ctx, await plan(ctx, harness.account, harness.asset_id))
        outgoing = outgoing_of(row, ctx.secrets)
        for _ in range(2):
            prepared = await harness.channel.prepare(outgoing)
            json.dumps(prepared.data)
        assert await harness.public() == 0

    async def test_a_publication_ends_confirmed_and_public_once(self, ctx: Context, harness: Harness) -> None:
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        ended = await drive(ctx, publication_id)
        row = await read(ctx, publication_id)
        assert ended is Outcome.CONFIRMED, row.problem
        assert (await harness.public(), bool(row.url), bool(row.external_id)) == (1, True, True)

    async def test_driving_it_again_sends_nothing(self, ctx: Context, harness: Harness) -> None:
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        for owner in ("w1", "w1", "w2"):
            await drive(ctx, publication_id, owner=owner)
        assert await harness.public() == 1

    async def test_two_workers_at_once_send_one_post(self, ctx: Context, harness: Harness) -> None:
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        await asyncio.gather(*(drive(ctx, publication_id, owner=f"w{n}") for n in range(4)))
        assert await harness.public() == 1

    async def test_find_tells_what_is_there_from_what_is_not(self, ctx: Context, harness: Harness) -> None:
        sent = await plan(ctx, harness.account, harness.asset_id, text="The one that is sent.")
        unsent = await plan(ctx, harness.account, harness.asset_id, text="The one that is not.")
        await drive(ctx, sent)
        found = await harness.channel.find(outgoing_of(await read(ctx, sent), ctx.secrets))
        absent = await harness.channel.find(outgoing_of(await read(ctx, unsent), ctx.secrets))
        if not harness.readable:
            assert isinstance(found, Unreadable)
            assert found.evidence
            return
        assert isinstance(found, Found)
        assert isinstance(absent, Absent)
        assert found.evidence
        assert absent.evidence

    async def test_killed_between_arming_and_the_call_it_is_sent_once(self, ctx: Context, harness: Harness) -> None:
        publication_id = await _killed(ctx, harness, "before")
        assert await harness.public() == 0
        ended = await drive(ctx, publication_id)
        row = await read(ctx, publication_id)
        if not harness.readable:
            assert (ended, await harness.public(), (row.problem or {})["code"]) == (Outcome.UNKNOWN, 0, ASK)
            return
        assert ended is Outcome.CONFIRMED
        assert (await harness.public(), [attempt.number for attempt in row.attempts]) == (1, [1, 2])

    async def test_killed_between_the_call_and_its_answer_it_is_not_sent_again(
        self, ctx: Context, harness: Harness
    ) -> None:
        publication_id = await _killed(ctx, harness, "after")
        assert await harness.public() == 1
        ended = await drive(ctx, publication_id)
        row = await read(ctx, publication_id)
        assert ended is (Outcome.CONFIRMED if harness.readable else Outcome.UNKNOWN)
        assert (await harness.public(), [attempt.number for attempt in row.attempts]) == (1, [1])

    async def test_another_workflow_leaves_a_call_under_way_alone(self, ctx: Context, harness: Harness) -> None:
        publication_id = await _killed(ctx, harness, "before")
        assert await drive(ctx, publication_id, owner="another") is Outcome.ARMED

    async def test_reconciling_never_sends(self, ctx: Context, harness: Harness) -> None:
        publication_id = await _killed(ctx, harness, "before")
        await drive(ctx, publication_id, may_send=False)
        assert await harness.public() == 0

    async def test_a_broken_rule_is_refused_before_anything_is_sent(self, ctx: Context, harness: Harness) -> None:
        publication_id = await plan(ctx, harness.account, harness.asset_id, text=harness.broken_text)
        assert await drive(ctx, publication_id) is Outcome.REJECTED
        problem = (await read(ctx, publication_id)).problem or {}
        assert problem["errors"][0]["field"]
        assert problem["fix"]
        assert await harness.public() == 0

    async def test_what_was_cancelled_is_not_sent(self, ctx: Context, harness: Harness) -> None:
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        async with ctx.database.session() as session:
            await service.cancel_publication(session, publication_id)
        assert await drive(ctx, publication_id) is Outcome.CANCELLED
        assert await harness.public() == 0

    async def test_no_secret_of_the_account_is_in_the_ledger(self, ctx: Context, harness: Harness) -> None:
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        await drive(ctx, publication_id)
        row = await read(ctx, publication_id)
        kept = json.dumps([row.handle, row.problem, *([a.request, a.answer, a.trail] for a in row.attempts)])
        secrets = outgoing_of(row, ctx.secrets).account.credentials
        assert not [name for name, value in secrets.items() if name != "url" and str(value) in kept]


@pytest.mark.feature("ADAPT-013")
class PlatformContract(ChannelContract):
    """For every channel that speaks to a platform outside, which can fail in all the ways that platforms do."""

    @pytest.mark.parametrize(
        "fault", ["drop_after_creating", "silent_after_creating", "error_after_creating", "error_before_creating"]
    )
    async def test_without_an_answer_it_is_read_and_never_sent_blindly(
        self, ctx: Context, harness: FaultyHarness, fault: str
    ) -> None:
        harness.fault(fault)
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        assert await drive(ctx, publication_id) is Outcome.CONFIRMED
        trail = [line["outcome"] for line in (await read(ctx, publication_id)).attempts[0].trail]
        assert "unknown" in trail
        assert await harness.public() == 1

    async def test_a_refusal_keeps_its_reason_and_mend_and_is_not_repeated(
        self, ctx: Context, harness: FaultyHarness
    ) -> None:
        harness.fault("refused")
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        for _ in range(2):
            assert await drive(ctx, publication_id) is Outcome.REJECTED
        row = await read(ctx, publication_id)
        assert row.problem is not None
        assert row.problem["detail"]
        assert row.problem["fix"]
        assert len(row.attempts) == 1

    async def test_a_refused_one_can_be_retried_as_a_new_attempt(self, ctx: Context, harness: FaultyHarness) -> None:
        harness.fault("refused")
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        await drive(ctx, publication_id)
        async with ctx.database.session() as session:
            await service.retry_publication(session, publication_id, start=False)
        assert await drive(ctx, publication_id) is Outcome.CONFIRMED
        assert [attempt.outcome for attempt in (await read(ctx, publication_id)).attempts] == ["rejected", "confirmed"]

    async def test_asked_to_come_back_it_waits_and_sends_once(self, ctx: Context, harness: FaultyHarness) -> None:
        harness.fault("limited")
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        assert await drive(ctx, publication_id) is Outcome.CONFIRMED
        assert await harness.public() == 1

    async def test_a_revoked_token_is_a_rejection_that_says_to_reconnect(
        self, ctx: Context, harness: FaultyHarness
    ) -> None:
        harness.fault("revoked")
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        assert await drive(ctx, publication_id) is Outcome.REJECTED
        row = await read(ctx, publication_id)
        assert (row.problem or {})["code"] == "RECONNECT_NEEDED"
        assert (row.account.problem or {})["fix"]

    async def test_slow_processing_is_waited_for(self, ctx: Context, harness: FaultyHarness) -> None:
        harness.fault("slow_processing")
        assert await drive(ctx, await plan(ctx, harness.account, harness.asset_id)) is Outcome.CONFIRMED

    async def test_failed_processing_is_a_rejection_with_its_reason(self, ctx: Context, harness: FaultyHarness) -> None:
        harness.fault("processing_fails")
        publication_id = await plan(ctx, harness.account, harness.asset_id)
        assert await drive(ctx, publication_id) is Outcome.REJECTED
        assert ((await read(ctx, publication_id)).problem or {})["detail"]


async def _killed(ctx: Context, harness: Harness, moment: str) -> str:
    """Plan a publication and let its process die at a moment of the public call."""
    publication_id = await plan(ctx, harness.account, harness.asset_id)
    register(Mortal(harness.channel, moment))
    with pytest.raises(Killed):
        await drive(ctx, publication_id)
    register(harness.channel)
    return publication_id
