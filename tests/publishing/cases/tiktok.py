"""TikTok under test."""

from tests.publishing.case import ChannelCase
from tests.servers.platform_server import Fault
from tests.servers.tiktok_server import TikTokServer

CASE = ChannelCase(
    channel="tiktok",
    server=TikTokServer,
    environment=lambda server: {"MEDIAPOSTER_TIKTOK_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 2201,
    cannot={Fault.DUPLICATE: "TikTok takes the same text again."},
)
