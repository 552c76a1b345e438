"""Migrations: they make what the models say, on an empty database and on one with data."""

import importlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

import mediaposter
from mediaposter.core.db import Base, psycopg_url
from mediaposter.core.migrate import head, migrate
from tests.conftest import Postgres

pytestmark = pytest.mark.feature("MOD-004")


def load_every_model() -> None:
    root = Path(mediaposter.__file__).parent
    for file in root.rglob("models.py"):
        importlib.import_module(".".join(("mediaposter", *file.relative_to(root).with_suffix("").parts)))


@pytest.fixture
def empty_url(postgres: Postgres) -> Iterator[str]:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_models_and_migrations_agree(database_url: str) -> None:
    load_every_model()
    engine = create_engine(psycopg_url(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": False}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    ours = [change for change in found if change[0] != "remove_table" or change[1].name != "alembic_version"]
    assert ours == []


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO events (id, topic, subject, data, created_at) VALUES ('e', 'a.done', 's', '{}', now())"
        )
    migrate(empty_url)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT topic FROM events").fetchall() == [("a.done",)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(head(),)]


def test_later_migrations_leave_earlier_data_alone(empty_url: str) -> None:
    migrate(empty_url, revision="0001_core")
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO timeline (id, kind, subject, due_at, state, missed, data, created_at, updated_at)"
            " VALUES ('due_1', 'k', 's', now(), 'waiting', 'skip', '{\"a\": 1}', now(), now())"
        )
    migrate(empty_url)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT id, data FROM timeline").fetchall() == [("due_1", {"a": 1})]
