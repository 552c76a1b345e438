"""The embedded Postgres: survives kills, refuses a second owner, ends with its owner, says what is wrong."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from mediaposter.core import events
from mediaposter.core.db import Database
from mediaposter.core.embedded import EmbeddedPostgres, EmbeddedPostgresError, PostgresInUseError, database_url
from mediaposter.core.embedded.account import account_for
from mediaposter.core.embedded.binaries import find_binaries, runnable_by
from mediaposter.core.embedded.keeper import is_postgres_on
from mediaposter.core.migrate import migrate
from mediaposter.core.settings import Settings
from tests.conftest import Postgres, short_temp_dir

pytestmark = [pytest.mark.feature("MOD-006"), pytest.mark.chaos]

OWNER = """
import sys, time
from pathlib import Path
from mediaposter.core.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, server.keeper_pid, flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def made(postgres: Postgres) -> Iterator[Path]:
    """A folder with a data folder in it, not running: making one takes longer than all else."""
    folder = short_temp_dir()
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url_of(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(made: Path) -> Iterator[Path]:
    copy = short_temp_dir()
    subprocess.run(["cp", "-a", f"{made}/data", str(copy)], check=True)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def rows(url: str) -> int:
    """Count, waiting for a server that is coming back."""
    until = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(url) as connection:
                found = connection.execute("SELECT count(*) FROM kept").fetchone()
                assert found
                return int(found[0])
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def gone(pid: int, folder: Path) -> bool:
    until = time.monotonic() + 30
    while is_postgres_on(pid, folder / "data"):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def own(folder: Path) -> tuple["subprocess.Popen[str]", int, int]:
    """Let another process own the folder."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    postmaster, keeper = owner.stdout.readline().split()
    return owner, int(postmaster), int(keeper)


def end(owner: "subprocess.Popen[str]") -> None:
    owner.kill()
    owner.wait()
    assert owner.stdout
    owner.stdout.close()


@pytest.mark.parametrize("victim", ["postmaster", "keeper"])
def test_it_comes_back_under_the_same_address_when_killed(folder: Path, victim: str) -> None:
    with EmbeddedPostgres(folder) as server:
        url, first = server.url_of(), server.pid
        assert first
        assert server.keeper_pid
        os.kill(first if victim == "postmaster" else server.keeper_pid, signal.SIGKILL)
        assert gone(first, folder)
        assert rows(url) == 1000
        assert server.pid != first


def test_it_survives_the_kill_of_a_backend(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        with psycopg.connect(server.url_of()) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        assert rows(server.url_of()) == 1000


def test_it_ends_with_a_killed_owner_and_starts_again(folder: Path) -> None:
    owner, postmaster, _ = own(folder)
    end(owner)
    assert gone(postmaster, folder)
    with EmbeddedPostgres(folder) as server:
        assert rows(server.url_of()) == 1000


def test_it_starts_again_after_everything_was_killed_at_once(folder: Path) -> None:
    owner, postmaster, keeper = own(folder)
    for pid in (keeper, owner.pid, postmaster):
        os.kill(pid, signal.SIGKILL)
    end(owner)
    with EmbeddedPostgres(folder) as server:
        assert rows(server.url_of()) == 1000


def test_a_stale_pid_file_that_names_a_living_process_does_not_keep_it_from_starting(folder: Path) -> None:
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/data\n1700000000\n5432\n\n\n0 0\nready\n")
    (folder / "owner.json").write_text('{"pid": 1, "started": "1", "socket_folder": "/tmp/mediaposter-none"}')
    with EmbeddedPostgres(folder) as server:
        assert rows(server.url_of()) == 1000


def test_an_orphan_without_owner_and_keeper_is_ended_first(folder: Path) -> None:
    # As it is left where no parent-death signal exists: Postgres alone, holding the cluster's lock.
    account = account_for(folder / "data")
    binaries = runnable_by(find_binaries(), account, folder)
    run = folder / "run"
    run.mkdir(mode=0o700)
    os.chown(run, account.uid, account.gid)
    lock = os.open(folder / "lock.cluster", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    command = [binaries / "postgres", "-D", folder / "data", "-k", run, "-c", "listen_addresses="]
    orphan = subprocess.Popen(
        command, pass_fds=[lock], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **account.popen_options
    )
    os.close(lock)
    assert rows(f"postgresql://postgres@/mediaposter?host={run}") == 1000
    with EmbeddedPostgres(folder) as server:
        assert orphan.wait(30) == 0
        assert rows(server.url_of()) == 1000


def test_a_second_owner_is_refused_and_told_who_the_first_is(folder: Path) -> None:
    owner, _, _ = own(folder)
    with pytest.raises(PostgresInUseError, match=f"{folder}.*process {owner.pid}") as caught:
        EmbeddedPostgres(folder).start()
    assert "attach" in caught.value.fix
    end(owner)


def test_the_second_of_one_process_is_refused_too(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        with pytest.raises(PostgresInUseError, match=str(os.getpid())):
            EmbeddedPostgres(folder).start()
        assert rows(server.url_of()) == 1000


def test_settings_attach_to_the_one_that_runs(folder: Path, home: Path) -> None:
    (home / "postgres").symlink_to(folder)
    settings = Settings(home=home)
    with database_url(settings) as url:
        with database_url(settings) as attached:
            assert attached == url
        assert rows(url) == 1000
        with pytest.raises(PostgresInUseError), database_url(settings, attach=False):
            pass
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_a_long_home_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("deep" * 15) / ("deeper" * 10)
    deep.mkdir(parents=True)
    (folder / "data").rename(deep / "data")
    with EmbeddedPostgres(deep) as server:
        assert rows(server.url_of()) == 1000
        assert "/tmp/mediaposter-" in server.url_of()


def test_a_folder_with_other_things_in_it_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "data")
    (folder / "data").mkdir()
    (folder / "data" / "letter.txt").write_text("mine")
    with pytest.raises(EmbeddedPostgresError, match="holds no Postgres data") as caught:
        EmbeddedPostgres(folder).start()
    assert "MEDIAPOSTER_HOME" in caught.value.fix


def test_another_major_version_is_refused(folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match="was made by Postgres 14") as caught:
        EmbeddedPostgres(folder).start()
    assert "pg_dumpall" in caught.value.fix


def test_damaged_data_is_reported_with_what_postgres_says(folder: Path) -> None:
    (folder / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedPostgresError, match="pg_control") as caught:
        EmbeddedPostgres(folder).start()
    assert "backup" in caught.value.fix


def test_a_failed_start_leaves_the_folder_free(folder: Path) -> None:
    control = folder / "data" / "global" / "pg_control"
    control.rename(folder / "kept")
    with pytest.raises(EmbeddedPostgresError):
        EmbeddedPostgres(folder).start()
    (folder / "kept").rename(control)
    with EmbeddedPostgres(folder) as server:
        assert rows(server.url_of()) == 1000


def test_missing_programs_are_named(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="no postgres and initdb in /nowhere"):
        EmbeddedPostgres(folder, bin=Path("/nowhere")).start()


def test_only_root_is_told_which_folder_keeps_postgres_out(made: Path) -> None:
    closed = short_temp_dir()
    closed.chmod(0o700)
    (closed / "postgres").mkdir()
    subprocess.run(["cp", "-a", f"{made}/data", f"{closed}/postgres"], check=True)
    server = EmbeddedPostgres(closed / "postgres")
    # Root runs Postgres as another user; everybody else runs it themselves, and may enter.
    if os.geteuid() == 0:
        with pytest.raises(EmbeddedPostgresError, match=f"may not enter {closed}") as caught:
            server.start()
        assert "/var/lib/mediaposter" in caught.value.fix
    else:
        with server:
            assert rows(server.url_of()) == 1000
    shutil.rmtree(closed)


@pytest.fixture
def tcp_url(folder: Path) -> Iterator[str]:
    """A Postgres of the ordinary kind: TCP, and a password with signs that an address must escape."""
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url_of(), autocommit=True) as connection:
        connection.execute("ALTER ROLE postgres PASSWORD 'p@ss/word'")
    (folder / "data" / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
    account = account_for(folder / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
    process = subprocess.Popen(
        [runnable_by(find_binaries(), account, folder) / "postgres", "-D", folder / "data", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **account.popen_options,
    )
    yield f"postgres://postgres:p%40ss%2Fword@127.0.0.1:{port}/mediaposter"
    process.send_signal(signal.SIGINT)
    process.wait(30)


async def test_a_configured_database_over_tcp_with_a_password_is_used(tcp_url: str, home: Path) -> None:
    with database_url(Settings(home=home, database_url=SecretStr(tcp_url))) as url:
        assert rows(url) == 1000
        migrate(url)
        database = Database(url)
        async with database.session() as session:
            await events.emit(session, "a.done", "s")
        assert await events.latest(database) == 1
        await database.close()
    assert not (home / "postgres").exists()
