"""Bring a database to the present schema. Forward only; safe to call from several processes at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from mediaposter.core.db import psycopg_url
from mediaposter.core.engine import prepare

_LOCK = 0x6D65646961  # "media": one migration at a time, whichever process comes first


def migrate(url: str, *, revision: str = "head") -> None:
    """Run every migration up to `revision` that `url` has not seen. Blocks; call it in a thread from async code."""
    engine = create_engine(psycopg_url(url), poolclass=NullPool, connect_args={"prepare_threshold": None})
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
            prepare(url)  # the engine's own tables, under the same lock
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()
    engine.dispose()


def present(url: str) -> str | None:
    """Return the revision that the database is at, None when it has not seen a migration. Blocks."""
    engine = create_engine(psycopg_url(url), poolclass=NullPool, connect_args={"prepare_threshold": None})
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return revision


def head() -> str:
    """Return the newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
