"""Migrated databases for tests, each as good as new: making one writes ten megabytes, so those in order are used again.

A database comes back under another name: whoever still has its old address, such as a process that a test left
behind, finds nothing there. One whose schema a test has changed is dropped.
"""

import uuid
from typing import cast

import psycopg
from psycopg import sql

from mediaposter.core.embedded import EmbeddedPostgres
from mediaposter.core.migrate import migrate

# What is lost when the power fails does not matter here.
_CARELESS = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")
_TEMPLATE = "template_mediaposter"
_SCHEMA = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {catalog})"
    for catalog in ("pg_class", "pg_attribute", "pg_constraint", "pg_trigger", "pg_proc")
)
_TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
_RESTART = "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences"


class Databases:
    """Hands out databases of one server."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._clean: list[str] = []
        for setting in _CARELESS:
            self._do(f"ALTER SYSTEM SET {setting}")
        self._do("SELECT pg_reload_conf()")
        self._do(f"CREATE DATABASE {_TEMPLATE}")
        migrate(server.url_of(_TEMPLATE))
        with psycopg.connect(server.url_of(_TEMPLATE)) as connection:
            self._schema = connection.execute(_SCHEMA).fetchone()
            self._tables = [sql.Identifier(*row) for row in connection.execute(_TABLES).fetchall()]
            self._filled = _filled(connection, self._tables)

    def take(self) -> str:
        """Return the name of a database that holds nothing but what the migrations put there."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        if self._clean:
            self._do(f"ALTER DATABASE {self._clean.pop()} RENAME TO {name}")
        else:
            self._do(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
        return name

    def give_back(self, name: str) -> None:
        """Take a database back, whoever is still connected."""
        clean = f"clean_{uuid.uuid4().hex[:12]}"
        self._do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            self._do(f"ALTER DATABASE {name} RENAME TO {clean}")
        except psycopg.errors.ObjectInUse:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")
            return
        with psycopg.connect(self._server.url_of(clean), autocommit=True) as connection:
            as_migrated = connection.execute(_SCHEMA).fetchone() == self._schema
            if as_migrated:
                self._empty(connection)
        if as_migrated:
            self._clean.append(clean)
        else:
            self._do(f"DROP DATABASE {clean} WITH (FORCE)")

    def _empty(self, connection: psycopg.Connection) -> None:
        connection.execute("SET session_replication_role = replica")  # foreign keys do not ask for an order
        used = [self._tables[number] for number in _filled(connection, self._tables) - self._filled]
        if used:
            connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in used))
        connection.execute(_RESTART)

    def _do(self, statement: str) -> None:
        with psycopg.connect(self._server.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]


def _filled(connection: psycopg.Connection, tables: list[sql.Identifier]) -> set[int]:
    """Return the places in the list of those tables that have rows."""
    asked = sql.SQL(", ").join(sql.SQL("EXISTS (SELECT FROM {})").format(table) for table in tables)
    row = cast(tuple[bool, ...], connection.execute(sql.SQL("SELECT {}").format(asked)).fetchone())
    return {number for number, has_rows in enumerate(row) if has_rows}
