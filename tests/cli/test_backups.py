"""A backup holds all that cannot be made again, and comes back into an empty place only."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Cli, Forker, environment_of
from tests.conftest import Postgres, short_temp_dir


@pytest.fixture
def elsewhere(postgres: Postgres, forker: Forker) -> Iterator[Cli]:
    """Another machine: an empty home and an empty database."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield Cli(environment_of(short_temp_dir(), postgres.url(name)), forker)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def made(cli: Cli, home: Path, tmp_path: Path) -> Path:
    """A backup of a machine with an account and a file."""
    assert cli("accounts", "add", "garden", "--name", "The garden").code == 0
    (home / "media" / "assets").mkdir(parents=True, exist_ok=True)
    (home / "media" / "assets" / "one.mp4").write_bytes(b"film")
    file = tmp_path / "monday.tar"
    assert cli("backup", str(file)).code == 0
    return file


def home_of(cli: Cli) -> Path:
    return Path(cli.environment["MEDIAPOSTER_HOME"])


def test_everything_is_back_and_publishing_waits_for_a_person(made: Path, cli: Cli, elsewhere: Cli) -> None:
    told = elsewhere("restore", str(made), "--json").json
    assert (told["media"], told["key"]) == (1, True)
    assert [one["name"] for one in elsewhere("accounts", "list", "--json").json] == ["The garden"]
    assert (home_of(elsewhere) / "media" / "assets" / "one.mp4").read_bytes() == b"film"
    assert (home_of(elsewhere) / "secret.key").read_text() == (home_of(cli) / "secret.key").read_text()
    assert "Restored from a backup" in elsewhere("publishing", "status").out


def test_only_its_owner_may_read_it(made: Path) -> None:
    assert made.stat().st_mode & 0o077 == 0


def test_what_is_there_is_not_written_over(made: Path, cli: Cli) -> None:
    again, onto_itself = cli("backup", str(made)), cli("restore", str(made), "--json")
    assert (again.code, onto_itself.code) == (2, 2)
    assert onto_itself.json["errors"][0]["field"] == "database"


def test_another_key_is_refused_before_anything_is_changed(made: Path, elsewhere: Cli) -> None:
    (home_of(elsewhere) / "secret.key").write_text("another")
    assert elsewhere("restore", str(made), "--json").json["errors"][0]["field"] == "secret.key"
    assert not (home_of(elsewhere) / "media").exists()


def test_a_file_that_is_none_is_refused(tmp_path: Path, elsewhere: Cli) -> None:
    file = tmp_path / "notes.tar"
    file.write_text("not a tar")
    ended = elsewhere("restore", str(file))
    assert ended.code != 0
    assert "notes.tar" in ended.err
    assert "Traceback" not in ended.err


def test_a_backup_that_was_cut_off_leaves_the_database_empty(made: Path, elsewhere: Cli) -> None:
    made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    assert elsewhere("restore", str(made)).code != 0
    with psycopg.connect(elsewhere.environment["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (0,)
