"""Pinterest under test."""

from tests.publishing.case import ChannelCase
from tests.servers.pinterest_server import BOARD, PinterestServer
from tests.servers.platform_server import Fault

CASE = ChannelCase(
    channel="pinterest",
    server=PinterestServer,
    environment=lambda server: {
        "MEDIAPOSTER_PINTEREST_BASE_URL": server.url,
        "MEDIAPOSTER_PINTEREST_PROCESSING_POLL": "0.05",
    },
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 501,
    target={"board_id": BOARD},
    cannot={Fault.DUPLICATE: "Pinterest takes the same pin again."},
)
