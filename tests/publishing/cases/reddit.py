"""Reddit under test."""

from dataclasses import replace

from tests.publishing.case import QUICK, ChannelCase
from tests.servers.platform_server import Fault
from tests.servers.reddit_server import RedditServer

CASE = ChannelCase(
    channel="reddit",
    server=RedditServer,
    environment=lambda server: {"MEDIAPOSTER_REDDIT_BASE_URL": server.url},
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    broken="x" * 10_001,
    target={"subreddit": "plants"},
    timing=replace(QUICK, settle=4),  # longer than its posts take to be listed, as the real one's
    cannot={Fault.PROCESSING_FAILS: "Reddit tells it on a websocket only; the post is then absent and a person asked."},
)
