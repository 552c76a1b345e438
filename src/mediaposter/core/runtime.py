"""Building and closing the context of a process, and seeing which workers live."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from mediaposter.core import context, engine, power
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.leases import is_gone
from mediaposter.core.models import PowerMode, Worker
from mediaposter.core.secrets import load_secret_box
from mediaposter.core.settings import Settings
from mediaposter.core.storage import load_storage


async def open_context(settings: Settings, url: str) -> Context:
    """Build this process's context over a migrated database and install it."""
    ctx = Context(settings, Database(url), load_storage(settings), load_secret_box(settings))
    context.install(ctx)
    return ctx


async def close_context(ctx: Context) -> None:
    """Close what the context holds and take it away."""
    await engine.close_client(ctx.database.url)
    await ctx.database.close()
    context.install(None)


async def live_workers(ctx: Context) -> Sequence[Worker]:
    """Return the workers that hold their lease, oldest first, without those of this machine whose process is gone."""
    lease = timedelta(seconds=ctx.settings.worker_lease_seconds)
    query = (
        select(Worker)
        .where(Worker.ended_at.is_(None), Worker.heartbeat_at > func.now() - lease)
        .order_by(Worker.created_at)
    )
    async with ctx.database.session() as session:
        holders = (await session.execute(query)).scalars().all()
    return [worker for worker in holders if not is_gone(worker)]


async def has_live_worker(ctx: Context) -> bool:
    """Say whether any worker is there, awake or asleep: work wakes it.

    One killed on another machine still counts until its lease has expired.
    """
    if await live_workers(ctx):
        return True
    async with ctx.database.session() as session:
        return any(one.mode is PowerMode.ASLEEP for one in await power.states(session))
