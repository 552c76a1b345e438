"""The way into the engine for processes that do not run workflows: enqueue, look, cancel."""

import asyncio
import logging
import threading

from dbos import DBOS, DBOSClient
from sqlalchemy import Engine as SyncEngine
from sqlalchemy import create_engine

from mediaposter.core import context
from mediaposter.core.db import libpq_url, ping_after_rest, psycopg_url
from mediaposter.core.engine.queues import APPLICATION, LIMITS

_guard = threading.Lock()
_clients: dict[str, tuple[DBOSClient, SyncEngine]] = {}


def sync_engine(url: str, pool_size: int) -> SyncEngine:
    """Return a plain SQLAlchemy engine; a transaction pooler in between does no harm."""
    engine = create_engine(
        psycopg_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=30,
        connect_args={"prepare_threshold": None, "application_name": "mediaposter engine"},
    )
    ping_after_rest(engine)
    return engine


def prepare(url: str) -> None:
    """Make or renew the engine's own tables (schema dbos). Blocks. Safe to call again."""
    quiet_log()
    DBOS.migrate(libpq_url(url))


def client_for(url: str) -> DBOSClient:
    """Return this process's client for a database, made at first use without connecting."""
    with _guard:
        if url not in _clients:
            quiet_log()
            database = sync_engine(url, pool_size=4)
            # Not retried for ever: a request is answered with an error while the database is away.
            client = DBOSClient(
                system_database_engine=database,
                application_name=APPLICATION,
                lazy=True,
                retry_connection_errors=False,
            )
            _clients[url] = (client, database)
        return _clients[url][0]


def current_client() -> DBOSClient:
    """Return the client for the database of the installed context."""
    return client_for(context.current().database.url)


async def close_client(url: str) -> None:
    """Close the connections of the client for `url`, if there is one."""
    with _guard:
        found = _clients.pop(url, None)
    if found is not None:
        client, database = found
        await asyncio.to_thread(client.destroy)
        await asyncio.to_thread(database.dispose)


async def register_queues(url: str, poll_seconds: float) -> None:
    """Write the queues and their limits, for every worker to read."""
    client = client_for(url)
    for queue, limits in LIMITS.items():
        await client.register_queue_async(
            queue.value, polling_interval_sec=poll_seconds, application_name=APPLICATION, **limits
        )


def quiet_log() -> None:
    """Send the log of DBOS through ours, from WARNING on, without an advertisement or tracebacks of lesser things."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.handlers.clear()
        logger.addHandler(logging.NullHandler())  # any handler keeps DBOS from adding its own
        logger.addFilter(_without_traceback)
    logger.propagate = True


def _without_traceback(record: logging.LogRecord) -> bool:
    if record.levelno < logging.ERROR:
        record.exc_info = None
    # Of a stopping worker, once for each running workflow, with the inside of DBOS in it: ours says it in one line.
    return not str(record.msg).startswith("Asyncio task cancelled")
