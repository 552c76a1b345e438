"""A running engine for tests of durable work: `from tests.engine import engine` in a room's conftest.py."""

from collections.abc import AsyncIterator

import pytest

from mediaposter.core.context import Context
from mediaposter.core.engine import Engine, close_client


@pytest.fixture
async def engine(ctx: Context) -> AsyncIterator[Engine]:
    """The engine of this process, working on the test's own database until the test ends."""
    # A long lease: a worker that loses it ends its process, and here that is the tests'.
    ctx.settings.worker_lease_seconds = 60
    running = Engine(ctx)
    await running.launch()
    yield running
    await running.destroy(drain_seconds=2)
    await close_client(ctx.database.url)
