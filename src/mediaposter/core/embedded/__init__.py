"""An own Postgres in a folder, for everyone who has not set DATABASE_URL.

`server.py` starts and stops it, `keeper.py` is the small process between the owner and Postgres, `binaries.py` finds
the program files, `account.py` the OS user that runs them when we are root, `access.py` gives the address for settings.
"""

from mediaposter.core.embedded.access import database_url
from mediaposter.core.embedded.errors import EmbeddedPostgresError, PostgresInUseError
from mediaposter.core.embedded.server import DEFAULT_DATABASE, EmbeddedPostgres

__all__ = ["DEFAULT_DATABASE", "EmbeddedPostgres", "EmbeddedPostgresError", "PostgresInUseError", "database_url"]
