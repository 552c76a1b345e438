"""Start and stop a Postgres that belongs to one folder."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from mediaposter.core.embedded.account import Account, account_for, check_reach
from mediaposter.core.embedded.binaries import find_binaries, major_version, runnable_by
from mediaposter.core.embedded.errors import EmbeddedPostgresError, explain
from mediaposter.core.embedded.folder import Folder
from mediaposter.core.embedded.process import KeptPostgres

DEFAULT_DATABASE = "mediaposter"
_SUPERUSER = "postgres"
_LARGEST_LOG = 10_000_000  # bytes; an older log moves to postgres.log.1
_SECONDS_TO_START = 300.0  # recovery after a crash reads back what was written since the last checkpoint
_BUILTIN_LOCALES = 17  # the first major version that has them; they are the same on every system

# No TCP at all. 200 connections: a few processes with a pool of 30 each, and the engine's own. No replica ever reads
# this server, so the log of changes need not say enough for one.
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedPostgres:
    """A Postgres of our own in `folder`, reached by a Unix socket that only this user (and root) may use.

    `with EmbeddedPostgres(folder) as server:` starts and stops it. It also stops when this process ends in any other
    way, and comes back by itself, under the same address, when one of its processes is killed. `bin` is a folder
    with other program files than the installed wheel's.
    """

    def __init__(self, folder: Path, *, bin: Path | None = None) -> None:  # noqa: A002 - as Postgres itself calls it
        self.folder = folder.absolute()
        self._bin = bin
        self._files = Folder(self.folder)
        self._lock: int | None = None
        self._kept: KeptPostgres | None = None
        self._socket_folder: Path | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the postmaster, None when it does not run."""
        return self._kept.postmaster if self._kept else None

    @property
    def keeper_pid(self) -> int | None:
        """The process id of the keeper between this process and Postgres."""
        return self._kept.keeper if self._kept else None

    def url_of(self, database: str = DEFAULT_DATABASE) -> str:
        """Return the address of a database of this server."""
        if self._socket_folder is None:
            raise EmbeddedPostgresError("The embedded Postgres is not started.", fix="Call start() first.")
        return url_at(self._socket_folder, database)

    def start(self) -> None:
        """Start it, after making the data folder at first use. Blocks until it answers.

        Raises PostgresInUseError when another process owns the folder, EmbeddedPostgresError for everything else.
        """
        self._files.make()
        self._lock = self._files.take()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and give the folder free. Does nothing when it does not run."""
        if self._kept:
            self._kept.stop()
            self._kept = None
        if self._socket_folder:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._socket_folder = None
        if self._lock is not None:
            self._files.record.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        assert self._lock is not None
        account = account_for(self._files.data)
        self._open_for(account)
        binaries = runnable_by(find_binaries(self._bin), account, self.folder)
        major = major_version(binaries, account)
        self._check_or_make_data(binaries, major, account)
        self._socket_folder = self._files.make_socket_folder(account.uid, account.gid)
        self._files.write_owner(None)
        command = [str(binaries / "postgres"), "-D", str(self._files.data), "-k", str(self._socket_folder)]
        for name, value in _OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        position = self._rotate_log()
        self._kept = KeptPostgres(
            command, files=self._files, lock=self._lock, account=account, environment=_environment()
        )
        self._wait_until_it_answers(position)
        self._kept.ready()
        self._make_database(DEFAULT_DATABASE)
        self._files.write_owner(self._socket_folder)

    def _open_for(self, account: Account) -> None:
        if not account.is_self and self.folder.stat().st_uid == os.geteuid():
            # Only our own folder, never one above it: that is the user's business.
            self.folder.chmod(self.folder.stat().st_mode | 0o011)
        check_reach(self.folder, account)

    def _check_or_make_data(self, binaries: Path, major: int, account: Account) -> None:
        data = self._files.data
        try:
            made_by = (data / "PG_VERSION").read_text().strip() if data.exists() and any(data.iterdir()) else None
        except FileNotFoundError as error:
            raise EmbeddedPostgresError(
                f"{data} is not empty and holds no Postgres data.",
                fix="Move it away, or choose another MEDIAPOSTER_HOME.",
            ) from error
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{data} belongs to another user than {account.name}.",
                fix="Run as the user who made it, or choose another MEDIAPOSTER_HOME.",
            ) from error
        if made_by is None:
            self._make_data(binaries, major, account)
        elif made_by != str(major):
            raise EmbeddedPostgresError(
                f"{data} was made by Postgres {made_by}, and {binaries} is Postgres {major}.",
                fix=f"Set MEDIAPOSTER_POSTGRES_BIN to the bin folder of a Postgres {made_by}. To move to {major}: run "
                f"its pg_dumpall with version {made_by} running, move {data} away, start, and load the dump.",
            )

    def _make_data(self, binaries: Path, major: int, account: Account) -> None:
        # In a draft folder: a kill in the middle leaves no half-made data folder behind.
        draft = self.folder / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir(mode=0o700)
            os.chown(draft, account.uid, account.gid)
        except OSError as error:
            raise explain("Making the data folder", str(error.strerror), draft) from error
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if major >= _BUILTIN_LOCALES
            else ["--locale=C.UTF-8"]
        )
        # Synced to disk, which costs half a second, once: a power cut right after must not leave holes in it.
        command = [binaries / "initdb", "-D", draft, "-U", _SUPERUSER, "-E", "utf8", "--auth=trust", *locale]
        result = subprocess.run(
            [*command, "--no-instructions"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=_environment(),
            **account.popen_options,
        )
        if result.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise explain("Making the data folder", result.stderr, draft)
        if self._files.data.exists():
            self._files.data.rmdir()
        draft.rename(self._files.data)

    def _rotate_log(self) -> int:
        log = self._files.log
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_name(f"{log.name}.1"))
        return log.stat().st_size if log.exists() else 0

    def _wait_until_it_answers(self, log_position: int) -> None:
        assert self._kept is not None
        until = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                psycopg.connect(self.url_of("postgres"), connect_timeout=10).close()
            except psycopg.OperationalError as error:
                if self._kept.failed.is_set():
                    raise explain("Starting Postgres", self._log_since(log_position), self._files.data) from error
                if time.monotonic() > until:
                    raise EmbeddedPostgresError(
                        f"Postgres did not answer within {_SECONDS_TO_START:.0f} s: {error}",
                        fix=f"Read {self._files.log}.",
                    ) from error
                time.sleep(0.01)
            else:
                return

    def _log_since(self, position: int) -> str:
        try:
            with self._files.log.open("rb") as log:
                log.seek(position)
                return log.read(100_000).decode(errors="replace")
        except OSError as error:
            return str(error)

    def _make_database(self, name: str) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def url_at(socket_folder: Path | str, database: str) -> str:
    """Return the address of `database` on the server whose socket lies in `socket_folder`."""
    return f"postgresql://{_SUPERUSER}@/{quote(database, safe='')}?host={quote(str(socket_folder))}"


def _environment() -> dict[str, str]:
    # English messages (errors.py reads them), and nothing of the caller's PG* variables.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C"}
