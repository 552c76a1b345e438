"""Calls in the pace that a platform allows, over all workers: each takes a moment within the limit before it is made.

Posts have the ledger's own limits. This is for what goes with them: reads of how they stand, uploads.
"""

import asyncio
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.publishing import repository
from mediaposter.publishing.limits import Windows
from mediaposter.publishing.models import PaceSlot
from mediaposter.publishing.rules import Limit


async def take_turn(ctx: Context, key: str, limit: Limit, *, within: float) -> bool:
    """Wait for a moment under `key` that keeps to `limit`, and say whether there was one.

    False, at once, when the first free moment is more than `within` seconds away: nothing was reserved then.
    """
    async with ctx.database.session() as session:
        await repository.lock_limits(session, [f"pace:{key}"])
        now = ctx.clock()
        windows = Windows([limit])
        kept = select(PaceSlot.at).where(PaceSlot.key == key, PaceSlot.at > now - windows.longest)
        windows.moments = sorted((await session.execute(kept)).scalars())
        at = windows.first_free(now)
        wait = (at - now).total_seconds()
        if wait > within:
            return False
        session.add(PaceSlot(key=key, at=at))
        await _forget(session, key, windows.longest + timedelta(minutes=1), ctx)
    if wait > 0:
        await asyncio.sleep(wait)
    return True


async def _forget(session: AsyncSession, key: str, age: timedelta, ctx: Context) -> None:
    await session.execute(delete(PaceSlot).where(PaceSlot.key == key, PaceSlot.at < ctx.clock() - age))
