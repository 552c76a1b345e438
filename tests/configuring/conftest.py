"""The API with a token of each scope."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from mediaposter.app import build_app
from mediaposter.core.context import Context
from mediaposter.core.tokens import Scope, create_token

As = Callable[[Scope], Awaitable[dict[str, str]]]


@pytest.fixture
def holding(ctx: Context) -> As:
    """Headers with a token of a scope."""

    async def make(scope: Scope) -> dict[str, str]:
        async with ctx.database.session() as session:
            secret, _ = await create_token(session, name=f"test {scope}", scope=scope)
        return {"Authorization": f"Bearer {secret}"}

    return make


@pytest.fixture
async def api(ctx: Context, holding: As) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may do everything."""
    transport = httpx.ASGITransport(build_app())
    headers = await holding(Scope.ADMIN)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5555", headers=headers) as client:
        yield client
