"""Instagram under test."""

from tests.publishing.case import ChannelCase
from tests.servers.graph_server import InstagramServer

CASE = ChannelCase(
    channel="instagram",
    server=InstagramServer,
    environment=lambda server: {"MEDIAPOSTER_INSTAGRAM_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 2201,
)
