"""Locks over all processes of an installation, held by a connection to the database: a killed process holds nothing."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy import text

from mediaposter.core.db import Database

_LONGEST_WAIT = 1.0  # seconds between two tries


@asynccontextmanager
async def tried(database: Database, name: str) -> AsyncGenerator[bool]:
    """Try to hold the lock `name` while the block runs, and say whether it is held."""
    # Postgres numbers its locks by signed 64-bit integers.
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    async with database.engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        held = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": number})
        if held:
            try:
                yield True
            finally:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": number})
            return
    # Without the connection: a hundred that wait must not empty the pool.
    yield False


@asynccontextmanager
async def locked(database: Database, name: str) -> AsyncGenerator[None]:
    """Hold the lock `name` while the block runs, waiting for whoever holds it. Waiting holds no connection."""
    wait = 0.02
    while True:
        async with tried(database, name) as held:
            if held:
                yield
                return
        await asyncio.sleep(wait)
        wait = min(_LONGEST_WAIT, wait * 2)
