"""X under test."""

from tests.publishing.case import ChannelCase
from tests.servers.x_server import XServer

CASE = ChannelCase(
    channel="x",
    server=XServer,
    environment=lambda server: {"MEDIAPOSTER_X_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 281,
)
