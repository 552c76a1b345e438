"""Threads under test."""

from tests.publishing.case import ChannelCase
from tests.servers.graph_server import ThreadsServer

CASE = ChannelCase(
    channel="threads",
    server=ThreadsServer,
    environment=lambda server: {"MEDIAPOSTER_THREADS_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    asset="none",  # media are fetched from a public address
    broken="x" * 501,
)
