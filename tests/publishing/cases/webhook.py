"""The webhook under test."""

from tests.publishing.case import ChannelCase
from tests.servers.platform_server import Fault, PlatformServer
from tests.servers.webhook_server import WebhookServer


def _credentials(server: PlatformServer, account: str) -> dict[str, object]:
    assert isinstance(server, WebhookServer)
    return {"url": server.address(account), "secret": server.enrol(account)}


CASE = ChannelCase(
    channel="webhook",
    server=WebhookServer,
    environment=lambda server: {"MEDIAPOSTER_WEBHOOK_BASE_URL": server.url},
    credentials=_credentials,
    broken="x" * 100_001,
    target={"attach": "multipart"},
    readable=False,
    cannot={
        Fault.SLOW: "What the receiver took is its own: nothing is looked at after that.",
        Fault.PROCESSING_FAILS: "What the receiver took is its own: nothing is looked at after that.",
    },
)
