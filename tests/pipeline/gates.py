"""Gates in the database: a worker that comes to one stands still there until somebody opens it, or is killed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class Gate:
    """Before a row of `table` is inserted or updated so that `when` (SQL over NEW) holds."""

    name: str
    table: str
    when: str = "true"


class Gates:
    """Closed gates over a database, in the order in which they were given."""

    def __init__(self, connection: psycopg.Connection, gates: list[Gate]) -> None:
        self._connection = connection
        self._keys = {gate.name: number for number, gate in enumerate(gates, start=1)}
        for gate in gates:
            key = self._keys[gate.name]
            connection.execute("SELECT pg_advisory_lock(4711, %s)", [key])
            connection.execute(
                f"CREATE FUNCTION gate_{key}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711, {key}); RETURN NEW; END $$"
            )
            connection.execute(
                f"CREATE TRIGGER gate_{key} BEFORE INSERT OR UPDATE ON {gate.table}"
                f" FOR EACH ROW WHEN ({gate.when}) EXECUTE FUNCTION gate_{key}()"
            )

    async def somebody_at(self, name: str) -> None:
        """Return when a worker stands at the gate."""
        async with asyncio.timeout(60):
            while not self._standing(name):
                await asyncio.sleep(0.01)

    def open(self, name: str) -> None:
        """Let pass who is alive; the transactions of the dead end here."""
        for pid in self._standing(name):
            self._connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        self._connection.execute("SELECT pg_advisory_unlock(4711, %s)", [self._keys[name]])

    def _standing(self, name: str) -> list[int]:
        rows = self._connection.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711 AND objid = %s AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [self._keys[name]],
        )
        return [pid for (pid,) in rows]


@contextmanager
def closed(url: str, gates: list[Gate]) -> Iterator[Gates]:
    """Close `gates` on the database at `url` until the block ends."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield Gates(connection, gates)
