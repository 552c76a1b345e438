"""Which workers live. Each holds a lease in the table `workers`; what a dead one had in hand goes to its peers.

A worker writes its heartbeat four times in a lease. One that cannot, or that was stopped for longer than its lease,
ends itself at once by its own monotonic clock: its peers may already be at its work. Whichever worker holds an
advisory lock in a round marks the dead ones and puts their workflows back on the queues. A worker of the same machine
whose process is gone is known dead at once, the others after their lease.

This runs in two threads of its own with its own connection, so that a busy event loop costs nobody the lease.
"""

import os
import platform
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import structlog
from psycopg.rows import TupleRow

from mediaposter.core.db import libpq_url
from mediaposter.core.embedded.folder import start_of
from mediaposter.core.ids import new_id
from mediaposter.core.models import PowerState, Worker

EXIT_LEASE_LOST = 75  # EX_TEMPFAIL: start me again
_ROUNDS_PER_LEASE = 4
_LEADER_LOCK = 0x6C656164  # "lead"
_log = structlog.get_logger(__name__)

Recover = Callable[[Sequence[str]], None]


class Lease:
    """The lease of this process, kept until `release()`. `recover` puts the workflows of dead workers back."""

    def __init__(self, url: str, *, app_version: str, seconds: float, recover: Recover) -> None:
        self.id = new_id("worker")
        self._url = libpq_url(url)
        self._app_version = app_version
        self._seconds = seconds
        self._recover = recover
        self._stop = threading.Event()
        self._known_alive = time.monotonic()
        self._connection: psycopg.Connection[TupleRow] | None = None
        self._threads = [
            threading.Thread(target=self._beat, name="lease-heart", daemon=True),
            threading.Thread(target=self._watch, name="lease-watch", daemon=True),
        ]

    def register(self) -> None:
        """Write the row of this worker. Blocks."""
        self._known_alive = time.monotonic()
        self._connect().execute(
            "INSERT INTO workers (id, app_version, host, boot, pid, process_start, heartbeat_at, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, now(), now())",
            [self.id, self._app_version, socket.gethostname(), boot(), os.getpid(), start_of(os.getpid()) or ""],
        )

    def keep(self) -> None:
        """Begin to keep the lease."""
        for thread in self._threads:
            thread.start()

    def release(self, reason: str) -> None:
        """Give the lease back: peers take over at their next round what is still in hand. Blocks for a moment."""
        self._stop.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        try:
            self._connect().execute(
                "UPDATE workers SET ended_at = now(), end_reason = %s WHERE id = %s AND ended_at IS NULL",
                [reason, self.id],
            )
        except psycopg.Error as error:
            _log.warning("worker.release_failed", worker=self.id, error=str(error))
        self._disconnect()

    def _watch(self) -> None:
        tick = min(self._seconds / 20, 0.25)
        while not self._stop.wait(tick):
            self._end_when_late()

    def _end_when_late(self) -> None:
        late = time.monotonic() - self._known_alive
        if late > self._seconds:
            self._end(f"the lease of {self._seconds} s is lost after {late:.1f} s without a heartbeat")

    def _beat(self) -> None:
        while True:
            try:
                self._end_when_late()
                began = time.monotonic()
                if not self._write_heartbeat():
                    self._end("a peer has taken this worker for dead")
                self._known_alive = began
                self._take_over()
            except psycopg.Error as error:
                _log.warning("worker.heartbeat_failed", worker=self.id, error=str(error).strip())
                self._disconnect()
            except Exception:
                _log.exception("worker.round_failed", worker=self.id)
            if self._stop.wait(self._seconds / _ROUNDS_PER_LEASE):
                return

    def _write_heartbeat(self) -> bool:
        row = self._connect().execute(
            "UPDATE workers SET heartbeat_at = now() WHERE id = %s AND ended_at IS NULL RETURNING 1", [self.id]
        )
        return row.fetchone() is not None

    def _take_over(self) -> None:
        connection = self._connect()
        with connection.transaction():
            # For the length of a transaction, so that it also works through a transaction pooler.
            got = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LEADER_LOCK]).fetchone()
            if got is None or not got[0]:
                return
            self._mark_dead(connection)
            waiting = connection.execute(
                "SELECT id, end_reason FROM workers"
                " WHERE ended_at IS NOT NULL AND recovered_at IS NULL AND app_version = %s AND id <> %s",
                [self._app_version, self.id],
            ).fetchall()
            if not waiting:
                return
            ids = [id_ for id_, _ in waiting]
            for id_, reason in waiting:
                _log.info("worker.recovering", worker=id_, reason=reason)
            # Before it is noted as done: a leader that dies here leaves it to the next one, and doing it twice is safe.
            self._recover(ids)
            connection.execute("UPDATE workers SET recovered_at = now() WHERE id = ANY(%s)", [ids])

    def _mark_dead(self, connection: psycopg.Connection[TupleRow]) -> None:
        connection.execute(
            "UPDATE workers SET ended_at = now(), end_reason = 'lease expired'"
            " WHERE ended_at IS NULL AND id <> %s AND heartbeat_at < now() - %s * interval '1 second'",
            [self.id, self._seconds],
        )
        neighbours = connection.execute(
            "SELECT id, pid, process_start FROM workers"
            " WHERE ended_at IS NULL AND id <> %s AND host = %s AND boot = %s",
            [self.id, socket.gethostname(), boot()],
        ).fetchall()
        gone = [id_ for id_, pid, start in neighbours if start_of(pid) != start]
        if gone:
            connection.execute(
                "UPDATE workers SET ended_at = now(), end_reason = 'process is gone' WHERE id = ANY(%s)", [gone]
            )

    def _connect(self) -> psycopg.Connection[TupleRow]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=max(2, int(self._seconds)),
                application_name="mediaposter lease",
            )
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end(self, why: str) -> None:
        if self._stop.is_set():
            return
        _log.critical("worker.ends_itself", worker=self.id, why=why)
        # Not sys.exit: nothing of this process may run on, and no finally block may write one more row.
        os._exit(EXIT_LEASE_LOST)


def is_gone(worker: Worker | PowerState) -> bool:
    """Say whether a worker is known to be dead before its lease expires: its process ran here and is no more."""
    here = worker.host == socket.gethostname() and worker.boot == boot()
    return here and start_of(worker.pid) != worker.process_start


def boot() -> str:
    """Name this boot of this machine or container: within it, process ids can be compared."""
    try:
        booted = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{booted}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        pass
    if platform.system() == "Darwin":
        result = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False
        )
        return result.stdout.strip()
    return ""
