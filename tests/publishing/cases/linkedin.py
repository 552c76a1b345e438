"""LinkedIn under test, as a page: a member's posts cannot be read."""

from tests.publishing.case import ChannelCase
from tests.servers.linkedin_server import LinkedInServer

CASE = ChannelCase(
    channel="linkedin",
    server=LinkedInServer,
    environment=lambda server: {
        "MEDIAPOSTER_LINKEDIN_BASE_URL": server.url,
        "MEDIAPOSTER_LINKEDIN_PROCESSING_POLL": "0.05",
        "MEDIAPOSTER_LINKEDIN_GRACE": "0.05",
    },
    credentials=lambda server, account: {"access_token": server.enrol(account)},
    external_id=lambda handle: f"urn:li:organization:{handle}",
    broken="x" * 3001,
)
