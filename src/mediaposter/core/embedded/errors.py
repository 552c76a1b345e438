"""What can go wrong with the embedded Postgres, each with the next step."""

from pathlib import Path

from mediaposter.core.errors import ConflictError, UnavailableError


class EmbeddedPostgresError(UnavailableError):
    """The embedded Postgres cannot run. `detail` says why and `fix` what to do."""

    code = "EMBEDDED_POSTGRES"
    title = "The embedded database cannot run"


class PostgresInUseError(ConflictError):
    """Another process owns the folder and runs its Postgres."""

    code = "POSTGRES_IN_USE"
    title = "The embedded database is already running"

    def __init__(self, folder: Path | str, owner: int | None, detail: str = "") -> None:
        who = f"process {owner}" if owner else "a process that this one cannot see (another container?)"
        super().__init__(
            detail or f"The Postgres in {folder} is already run by {who}.",
            fix="`mediaposter` commands attach to a running one by themselves. To start one of your own, stop that "
            "process first or choose another MEDIAPOSTER_HOME.",
        )
        self.folder = str(folder)
        self.owner = owner


# What Postgres or initdb writes, and what the user is to do about it. The first that is found in the text counts.
KNOWN_FAILURES: tuple[tuple[str, str], ...] = (
    ("No space left on device", "Free some space on that disk, then try again: nothing is lost."),
    ("Disk quota exceeded", "Free some of your disk quota, then try again: nothing is lost."),
    ("Read-only file system", "That disk is read-only: choose a writable folder as MEDIAPOSTER_HOME."),
    (
        "could not map anonymous shared memory",
        "The machine has too little free memory for Postgres: close something, then try again.",
    ),
    (
        "incompatible with server",
        "Point MEDIAPOSTER_POSTGRES_BIN to the bin folder of the Postgres that made this data folder.",
    ),
    (
        "not compatible with this version",
        "Point MEDIAPOSTER_POSTGRES_BIN to the bin folder of the Postgres that made this data folder.",
    ),
    (
        "pre-existing shared memory block",
        "A Postgres that was started by hand still runs on this folder: stop it, then try again.",
    ),
    ("wrong ownership", "Give the data folder back to its own user with chown, then try again."),
    ("Permission denied", "Give the folder back to its own user with chown, or choose another MEDIAPOSTER_HOME."),
    (
        "error while loading shared libraries",
        "The Postgres of the wheel does not fit this system: set MEDIAPOSTER_POSTGRES_BIN to an installed Postgres "
        "15 or newer, or DATABASE_URL to a running one.",
    ),
)


def explain(action: str, output: str, data: Path) -> EmbeddedPostgresError:
    """Turn what Postgres wrote when `action` failed into an error with the next step."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error", "could not"))]
    reason = " ".join((telling or lines)[-3:]) or "It said nothing."
    for sign, fix in KNOWN_FAILURES:
        if sign in output:
            return EmbeddedPostgresError(f"{action} failed in {data}: {reason}", fix=fix)
    return EmbeddedPostgresError(
        f"{action} failed in {data}: {reason}",
        fix=f"Read {data.parent / 'postgres.log'}. If the data is damaged, put a backup back or move {data} away: "
        "then a new, empty database is made at the next start.",
    )
