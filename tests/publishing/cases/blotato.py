"""Blotato under test."""

from tests.publishing.case import ChannelCase
from tests.servers.blotato_server import BlotatoServer
from tests.servers.platform_server import Fault

CASE = ChannelCase(
    channel="blotato",
    server=BlotatoServer,
    environment=lambda server: {
        "MEDIAPOSTER_BLOTATO_BASE_URL": f"{server.url}/v2",
        "MEDIAPOSTER_BLOTATO_POSTS_A_MINUTE": "1000",
        "MEDIAPOSTER_BLOTATO_READS_A_MINUTE": "6000",
        "MEDIAPOSTER_BLOTATO_UPLOADS_A_MINUTE": "1000",
        "MEDIAPOSTER_BLOTATO_FIRST_LOOK": "0",
    },
    credentials=lambda server, account: {"api_key": server.enrol(account)},
    target_of=lambda account: {"platform": "twitter", "account": account},
    broken="x" * 281,
    cannot={Fault.DUPLICATE: "Blotato takes it, and the platform's refusal comes later, as other failures do."},
)
