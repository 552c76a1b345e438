"""The real app on loopback, over a test's database, and a token for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from mediaposter.app import build_app
from mediaposter.core.context import Context
from mediaposter.core.engine import close_client
from mediaposter.core.tokens import Scope, create_token
from mediaposter.registry import load_workflows
from tests.servers.loopback import serving_here

load_workflows()


@dataclass(frozen=True)
class Here:
    """Where the server is, and who asks."""

    url: str
    token: str


@pytest.fixture
async def here(ctx: Context) -> AsyncIterator[Here]:
    async with ctx.database.session() as session:
        token, _ = await create_token(session, name="program", scope=Scope.WRITE)
    async with serving_here(build_app()) as url:
        yield Here(url, token)
    await close_client(ctx.database.url)
