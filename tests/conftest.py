"""Fixtures of every suite: a real Postgres for each test process, a fresh migrated database for each test that asks."""

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.embedded import EmbeddedPostgres
from mediaposter.core.secrets import load_secret_box
from mediaposter.core.settings import Settings
from mediaposter.core.storage import load_storage
from tests.databases import Databases

pytest_plugins = ["tests.features"]


def short_temp_dir() -> Path:
    """A folder with a short path (Unix sockets) that Postgres's own user may enter when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="mp-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any test that reaches beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = str(address[0])  # type: ignore[index]
            assert host.startswith("127.") or host in {"::1", "localhost"}, f"a test tried to reach {address!r}"
        return real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings of whoever runs the tests do not reach them."""
    for name in list(os.environ):
        if name.startswith("MEDIAPOSTER_") or name in {
            "DATABASE_URL",
            "OPENAI_API_KEY",
            "OPENAI_BASE_URL",
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_BASE_URL",
            "GOOGLE_API_KEY",
            "GEMINI_API_KEY",
            "ELEVENLABS_API_KEY",
            "STABILITY_API_KEY",
        }:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def home() -> Iterator[Path]:
    folder = short_temp_dir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, allow_private_urls=True)


@dataclass(frozen=True)
class Postgres:
    """A running server and its migrated databases."""

    server: EmbeddedPostgres
    databases: Databases

    def url(self, database: str) -> str:
        return self.server.url_of(database)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = short_temp_dir()
    with EmbeddedPostgres(folder) as server:
        yield Postgres(server, Databases(server))
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    name = postgres.databases.take()
    yield postgres.url(name)
    postgres.databases.give_back(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def ctx(settings: Settings, database: Database) -> Iterator[Context]:
    installed = Context(settings, database, load_storage(settings), load_secret_box(settings))
    context.install(installed)
    yield installed
    context.install(None)
