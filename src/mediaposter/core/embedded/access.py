"""From settings to the address of the database."""

import time
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from mediaposter.core.embedded.errors import EmbeddedPostgresError, PostgresInUseError
from mediaposter.core.embedded.folder import Folder
from mediaposter.core.embedded.server import DEFAULT_DATABASE, EmbeddedPostgres, url_at
from mediaposter.core.settings import Settings

_SECONDS_TO_ATTACH = 30.0  # the owner may still be making its data folder, or recovering from a crash


@contextmanager
def database_url(settings: Settings, *, attach: bool = True) -> Generator[str]:
    """Give the address of the database while the block runs.

    DATABASE_URL when it is set; else the embedded Postgres of the home: the one that another process runs there, or
    one started here and stopped when the block ends. A service that must own it says `attach=False`, since an attached
    database ends with its owner. Blocks while Postgres starts. Raises PostgresInUseError, EmbeddedPostgresError.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    folder = settings.home.absolute() / "postgres"
    until = time.monotonic() + _SECONDS_TO_ATTACH
    while True:
        if attach and (url := running_url(Folder(folder))):
            yield url
            return
        server = EmbeddedPostgres(folder, bin=settings.postgres_bin)
        try:
            server.start()
        except PostgresInUseError:
            if not attach or time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            break
    try:
        yield server.url_of()
    finally:
        server.stop()


def running_url(files: Folder) -> str | None:
    """Return the address of the server that another process runs on this folder, or None when none answers."""
    owner = files.owner()
    if owner is None or not owner.socket_folder or not files.is_taken():
        return None
    url = url_at(owner.socket_folder, DEFAULT_DATABASE)
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "Permission denied" in str(error):
            raise EmbeddedPostgresError(
                f"The Postgres in {files.path} belongs to another user.",
                fix="Run as the user who started it, or choose another MEDIAPOSTER_HOME.",
            ) from error
        return None
    return url
