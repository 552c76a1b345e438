"""The folder of an embedded Postgres: who holds it, and where in it things lie."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from mediaposter.core.embedded.errors import EmbeddedPostgresError, PostgresInUseError

# A Unix socket's path may have 104 bytes on macOS, 108 on Linux, the closing zero counted.
_SOCKET_NAME = "/.s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103
_SECONDS_FOR_REMNANTS = 60.0


@dataclass(frozen=True)
class Owner:
    """Who runs the Postgres of a folder, written to `owner.json` in it."""

    pid: int
    started: str
    socket_folder: str

    @property
    def is_alive(self) -> bool:
        """Whether that very process lives: not a zombie, and not another one with a reused id."""
        return start_of(self.pid) == self.started


class Folder:
    """Names the files of an embedded Postgres."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"
        self.log = path / "postgres.log"
        self.lock = path / "lock"
        self.cluster_lock = path / "lock.cluster"
        self.record = path / "owner.json"

    def make(self) -> None:
        """Make the folder and those above it. Raises EmbeddedPostgresError when that is not allowed."""
        missing = [one for one in (self.path, *self.path.parents) if not one.exists()]
        try:
            for one in reversed(missing):
                one.mkdir(exist_ok=True)
                # As root, Postgres runs as another user, who must get through; nobody needs to list it.
                one.chmod(0o711 if os.geteuid() == 0 else 0o700)
        except OSError as error:
            raise _no_access(self.path, error) from error

    def take(self, *, patience: float = _SECONDS_FOR_REMNANTS) -> int:
        """Lock the folder and return the lock's file descriptor; waits for what a dead owner left to end.

        Raises PostgresInUseError when a living process owns it.
        """
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _no_access(self.path, error) from error
        until = time.monotonic() + patience
        unclear_until = time.monotonic() + 2.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = self.owner()
                alive = owner is not None and owner.is_alive
                # No record: the owner has only just taken the lock, or its last process is about to let it go.
                unclear = owner is None and time.monotonic() < unclear_until
                if alive or (not unclear and time.monotonic() > until):
                    os.close(descriptor)
                    raise PostgresInUseError(self.path, owner.pid if owner and alive else None) from None
                time.sleep(0.02)  # the keeper of a dead owner is stopping Postgres
            else:
                return descriptor

    def is_taken(self) -> bool:
        """Say whether some process holds the folder."""
        try:
            descriptor = os.open(self.lock, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _no_access(self.path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def owner(self) -> Owner | None:
        """Return what the last owner wrote about itself, or None."""
        try:
            return Owner(**json.loads(self.record.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write_owner(self, socket_folder: Path | None) -> None:
        """Record this process as the owner. Without a socket folder it is still starting."""
        owner = Owner(os.getpid(), start_of(os.getpid()) or "", str(socket_folder or ""))
        draft = self.record.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(owner)))
        draft.replace(self.record)

    def make_socket_folder(self, uid: int, gid: int) -> Path:
        """Make an empty folder of mode 0700 for the socket: in this folder, or under /tmp when the path is too long."""
        previous = self.owner()
        if previous and previous.socket_folder:
            shutil.rmtree(previous.socket_folder, ignore_errors=True)
        made = self.path / "run"
        if len(os.fsencode(str(made) + _SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
            made = Path(tempfile.mkdtemp(prefix="mediaposter-", dir="/tmp"))
        else:
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(mode=0o700)
        made.chmod(0o700)
        os.chown(made, uid, gid)
        return made


def start_of(pid: int) -> str | None:
    """Return a mark of when the process `pid` started, or None when it is no more (or only a zombie)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        line = subprocess.run(
            ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
            env={"LC_ALL": "C"},
        ).stdout.strip()
        state, _, started = line.partition(" ")
        return None if not state or state.startswith("Z") else started.strip()
    return None if fields[0] == "Z" else fields[19]


def _no_access(folder: Path, error: OSError) -> EmbeddedPostgresError:
    if isinstance(error, PermissionError):
        return EmbeddedPostgresError(
            f"This user may not write to {folder}: {error.strerror}.",
            fix="Run as the user who owns it, or choose another MEDIAPOSTER_HOME.",
        )
    return EmbeddedPostgresError(
        f"{folder} cannot be used: {error.strerror or error}.",
        fix="Free space or mend the disk, or choose another MEDIAPOSTER_HOME.",
    )
