"""Bluesky under test."""

from tests.publishing.case import ChannelCase
from tests.servers.bluesky_server import BlueskyServer
from tests.servers.platform_server import Fault

CASE = ChannelCase(
    channel="bluesky",
    server=BlueskyServer,
    environment=lambda server: {"MEDIAPOSTER_BLUESKY_BASE_URL": server.url},
    credentials=lambda server, account: {"identifier": "ann.test", "password": server.enrol(account)},
    external_id=lambda handle: f"did:plc:{handle}",
    asset="image",
    broken="x" * 301,
    cannot={
        Fault.SLOW: "A record is public when it is made.",
        Fault.PROCESSING_FAILS: "A record is public when it is made.",
        Fault.DUPLICATE: "Bluesky takes the same text again.",
    },
)
