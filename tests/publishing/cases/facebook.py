"""Facebook under test."""

from tests.publishing.case import ChannelCase
from tests.servers.graph_server import FacebookServer

CASE = ChannelCase(
    channel="facebook",
    server=FacebookServer,
    environment=lambda server: {"MEDIAPOSTER_FACEBOOK_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 63_207,
)
