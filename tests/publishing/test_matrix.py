"""Every channel through every fault of its platform: none posts twice, none is lost, each says what to do."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Channel
from mediaposter.publishing.models import Account, Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.platform import close_clients
from mediaposter.publishing.registry import load_channels, register
from tests.media.conftest import Clip
from tests.publishing.case import ChannelCase, add_account, load_cases, quick
from tests.publishing.channel_contract import ChannelContract
from tests.publishing.driving import drive, plan, read
from tests.servers.platform_server import Fault, PlatformServer

CASES = load_cases()
# outcome and number of public posts; where the account cannot be read, those of the second pair
_MADE = ((Outcome.CONFIRMED, 1), (Outcome.UNKNOWN, 1))
EXPECTED: dict[Fault, tuple[tuple[Outcome, int], tuple[Outcome, int]]] = {
    Fault.DROPPED: _MADE,
    Fault.SILENT: _MADE,
    Fault.ERROR_AFTER: _MADE,
    Fault.WRONG_LENGTH: _MADE,
    Fault.ERROR_BEFORE: ((Outcome.CONFIRMED, 1), (Outcome.UNKNOWN, 0)),
    Fault.LIMITED: ((Outcome.CONFIRMED, 1), (Outcome.CONFIRMED, 1)),
    Fault.LIMITED_UNTIMED: ((Outcome.PLANNED, 0), (Outcome.PLANNED, 0)),
    Fault.REVOKED: ((Outcome.REJECTED, 0), (Outcome.REJECTED, 0)),
    Fault.SLOW: ((Outcome.CONFIRMED, 1), (Outcome.CONFIRMED, 1)),
    Fault.PROCESSING_FAILS: ((Outcome.REJECTED, 0), (Outcome.REJECTED, 0)),
    Fault.DUPLICATE: ((Outcome.REJECTED, 0), (Outcome.REJECTED, 0)),
    Fault.QUOTA: ((Outcome.PLANNED, 0), (Outcome.PLANNED, 0)),
}


class CaseHarness:
    """A channel, its server, and accounts on it."""

    def __init__(self, ctx: Context, case: ChannelCase, server: PlatformServer, account: Account, asset: str) -> None:
        self.ctx = ctx
        self.case = case
        self.server = server
        self.account = account
        self.asset_id = asset
        self.broken_text = case.broken
        self.readable = case.readable
        self.channel: Channel = load_channels()[case.channel]

    async def public(self) -> int:
        return len(self.server.posts[self.account.external_id])


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> ChannelCase:
    return CASES[request.param]


@pytest.fixture
def server(case: ChannelCase, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlatformServer]:
    with case.server().running() as running:
        for name, value in case.environment(running).items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
async def harness(
    ctx: Context, case: ChannelCase, server: PlatformServer, clip: Clip, picture: Path
) -> AsyncIterator[CaseHarness]:
    original = load_channels()[case.channel]
    asset_id = ""
    if case.asset != "none":
        source = clip("upright.mp4", size="720x1280", seconds=4.0) if case.asset == "video" else picture
        async with ctx.database.session() as session:
            limits = MediaLimits.of(ctx.settings)
            asset_id = (await media.register(session, str(source), storage=ctx.storage, limits=limits)).id
    account = await add_account(ctx, case, server, "ann")
    register(quick(case))
    yield CaseHarness(ctx, case, server, account, asset_id)
    register(original)
    await close_clients()


class TestContract(ChannelContract):
    """The contract of every channel, for each of them."""


@pytest.mark.feature("ADAPT-013", "BLOT-001")
async def test_every_fault_of_the_platform_ends_as_it_must(ctx: Context, harness: CaseHarness) -> None:
    case, server = harness.case, harness.server
    possible = [fault for fault in Fault if fault not in case.cannot]
    accounts = {fault: await add_account(ctx, case, server, f"at_{fault}") for fault in possible}
    rows: dict[Fault, Publication] = {}

    async def run(fault: Fault) -> None:
        server.faults[accounts[fault].external_id].append(fault)
        publication_id = await plan(ctx, accounts[fault], harness.asset_id)
        await drive(ctx, publication_id)
        rows[fault] = await read(ctx, publication_id)

    await asyncio.gather(*map(run, possible))
    ended = {f: (rows[f].outcome, len(server.posts[accounts[f].external_id])) for f in possible}
    assert ended == {fault: EXPECTED[fault][0 if case.readable else 1] for fault in possible}, {
        fault: row.problem for fault, row in rows.items()
    }
    for fault, row in rows.items():
        if row.outcome is not Outcome.CONFIRMED:
            assert (row.problem or {})["detail"], fault
            assert (row.problem or {})["fix"], fault
        if row.outcome is Outcome.PLANNED:
            assert row.account.held_until is not None, fault
    if Fault.REVOKED in rows:
        revoked = rows[Fault.REVOKED]
        assert ((revoked.problem or {})["code"], bool(revoked.account.problem)) == ("RECONNECT_NEEDED", True)


def test_what_a_platform_cannot_do_has_its_reason() -> None:
    assert [case.channel for case in CASES.values() if not all(case.cannot.values())] == []
