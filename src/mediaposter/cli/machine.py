"""What a command runs on: settings and logs, the database (started if nobody runs it), and a worker where needed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from mediaposter.cli.faults import check_database_url
from mediaposter.cli.output import slowly
from mediaposter.core.context import Context
from mediaposter.core.embedded import database_url
from mediaposter.core.logging import configure_logging
from mediaposter.core.migrate import migrate
from mediaposter.core.runtime import close_context, has_live_worker, open_context
from mediaposter.core.settings import Settings, load_settings
from mediaposter.workers import WorkerProcess


def command_settings() -> Settings:
    """Return the settings of a command that ends by itself: it logs only what needs attention, in words.

    MEDIAPOSTER_LOG_LEVEL and MEDIAPOSTER_LOG_FORMAT win when they are set. A worker that it starts does the same.
    """
    settings = load_settings()
    quiet = {"log_level": "WARNING", "log_format": "console"}
    mine = {name: value for name, value in quiet.items() if name not in settings.model_fields_set}
    return _logging(settings.model_copy(update=mine))


def service_settings() -> Settings:
    """Return the settings of a command that runs until it is stopped: it logs as they say."""
    return _logging(load_settings())


@asynccontextmanager
async def machine(settings: Settings, *, attach: bool = True) -> AsyncGenerator[Context]:
    """Bring up the database and the context, and take down what was brought up when the block ends.

    `attach=False` is for a service that must own its embedded database. Postgres starts in the calling thread, which
    must be the main one.
    """
    check_database_url(settings)
    with slowly("Starting the database") as ready, database_url(settings, attach=attach) as url:
        await asyncio.to_thread(migrate, url)
        ready()
        ctx = await open_context(settings, url)
        try:
            yield ctx
        finally:
            await close_context(ctx)


@asynccontextmanager
async def some_worker(ctx: Context) -> AsyncGenerator[bool]:
    """Start a worker unless a live one works on this database already; the block is told whether it is ours."""
    if await has_live_worker(ctx):
        yield False
        return
    with slowly("Starting a worker") as ready:
        async with WorkerProcess(ctx.settings, ctx.database.url):
            ready()
            yield True


def _logging(settings: Settings) -> Settings:
    configure_logging(settings, service="cli")
    return settings
