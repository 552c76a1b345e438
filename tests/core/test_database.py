"""Connections of the pool: those that died while they rested are replaced before anybody sees it."""

import pytest
from sqlalchemy import text

from mediaposter.core.context import Context
from mediaposter.core.db import Database

pytestmark = pytest.mark.feature("ARCH-001")


async def test_a_connection_that_died_at_rest_is_replaced(ctx: Context) -> None:
    resting = Database(ctx.database.url, pool_size=2, rest=0)
    async with resting.session() as session:
        dead = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    async with ctx.database.session() as session:
        await session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": dead})
    async with resting.session() as session:
        alive = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    await resting.close()
    assert alive != dead
