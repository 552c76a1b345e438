"""YouTube under test."""

from tests.publishing.case import ChannelCase
from tests.servers.platform_server import Fault
from tests.servers.youtube_server import YouTubeServer

CASE = ChannelCase(
    channel="youtube",
    server=YouTubeServer,
    environment=lambda server: {"MEDIAPOSTER_YOUTUBE_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 5001,
    cannot={Fault.DUPLICATE: "YouTube rejects a repetition while it processes it, as it does other faults."},
)
