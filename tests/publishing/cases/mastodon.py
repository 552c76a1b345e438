"""Mastodon under test."""

from tests.publishing.case import ChannelCase
from tests.servers.mastodon_server import MastodonServer
from tests.servers.platform_server import Fault

CASE = ChannelCase(
    channel="mastodon",
    server=MastodonServer,
    environment=lambda server: {"MEDIAPOSTER_MASTODON_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    asset="image",
    broken="x" * 501,
    cannot={Fault.DUPLICATE: "Mastodon takes the same text again."},
)
