"""Every channel that we have passes the contract."""

from collections import deque

import pytest

from mediaposter.core.context import Context
from mediaposter.publishing.channel import Channel
from mediaposter.publishing.channels.site import SiteChannel
from mediaposter.publishing.models import Account
from mediaposter.publishing.site import repository
from tests.publishing.channel_contract import ChannelContract, PlatformContract
from tests.publishing.contract_channel import ContractChannel
from tests.servers.channel_server import ChannelServer


class SiteHarness:
    def __init__(self, ctx: Context, account: Account, asset_id: str) -> None:
        self._ctx = ctx
        self.channel: Channel = SiteChannel()
        self.account = account
        self.asset_id = asset_id
        self.broken_text = "x" * 5001
        self.readable = True

    async def public(self) -> int:
        async with self._ctx.database.session() as session:
            return len(await repository.list_posts(session, self.account.id, limit=10))


class TestSite(ChannelContract):
    @pytest.fixture
    def harness(self, ctx: Context, site_account: Account, asset_id: str) -> SiteHarness:
        return SiteHarness(ctx, site_account, asset_id)


class PlatformHarness:
    def __init__(self, server: ChannelServer, account: Account, asset_id: str) -> None:
        self._server = server
        self.channel: Channel = ContractChannel()
        self.account = account
        self.asset_id = asset_id
        self.broken_text = "Read more at https://example.com"
        self.readable = True

    async def public(self) -> int:
        return len(self._server.posts[self.account.external_id])

    def fault(self, name: str) -> None:
        self._server.faults[self.account.external_id] = deque([name])


class TestPlatform(PlatformContract):
    @pytest.fixture
    def harness(self, platform: ChannelServer, account: Account, asset_id: str) -> PlatformHarness:
        return PlatformHarness(platform, account, asset_id)
