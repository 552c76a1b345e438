"""What a command runs on: the database (started if nobody runs it), the context, and a worker where one is needed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mediaposter.core.context import Context
from mediaposter.core.embedded import database_url
from mediaposter.core.migrate import migrate
from mediaposter.core.runtime import close_context, has_live_worker, open_context
from mediaposter.core.settings import Settings
from mediaposter.workers import WorkerProcess


@asynccontextmanager
async def machine(settings: Settings, *, worker: bool = False, attach: bool = True) -> AsyncGenerator[Context]:
    """Bring up what is missing, and take down what was brought up when the block ends.

    With `worker`, a worker process is started unless a live one works on this database already. `attach=False` is for
    a service that must own its embedded database. Postgres starts in the calling thread, which must be the main one.
    """
    with database_url(settings, attach=attach) as url:
        await asyncio.to_thread(migrate, url)
        ctx = await open_context(settings, url)
        try:
            if worker and not await has_live_worker(ctx):
                async with WorkerProcess(url):
                    yield ctx
            else:
                yield ctx
        finally:
            await close_context(ctx)
