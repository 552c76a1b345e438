"""Telegram under test."""

from tests.publishing.case import ChannelCase
from tests.servers.platform_server import Fault
from tests.servers.telegram_server import TelegramServer

CASE = ChannelCase(
    channel="telegram",
    server=TelegramServer,
    environment=lambda server: {"MEDIAPOSTER_TELEGRAM_BASE_URL": server.url},
    credentials=lambda server, account: {"token": server.enrol(account)},
    broken="x" * 1025,
    readable=False,
    cannot={
        Fault.SLOW: "A message is there when it is answered.",
        Fault.PROCESSING_FAILS: "A message is there when it is answered.",
        Fault.DUPLICATE: "Telegram takes the same text again.",
        Fault.QUOTA: "There is no quota but the rate, told by 429.",
    },
)
