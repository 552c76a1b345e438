"""Discord under test."""

from tests.publishing.case import ChannelCase
from tests.servers.discord_server import DiscordServer
from tests.servers.platform_server import Fault

CASE = ChannelCase(
    channel="discord",
    server=DiscordServer,
    environment=lambda server: {"MEDIAPOSTER_DISCORD_BASE_URL": server.url},
    credentials=lambda server, account: {"token": server.enrol(account)},
    broken="x" * 2001,
    readable=False,
    cannot={
        Fault.SLOW: "A message is there when it is answered.",
        Fault.PROCESSING_FAILS: "A message is there when it is answered.",
        Fault.DUPLICATE: "Discord takes the same text again.",
        Fault.QUOTA: "There is no quota but the rate, told by 429.",
    },
)
