"""The OS user that runs Postgres: ourselves, or another one when we are root, because Postgres refuses root."""

import os
import pwd
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediaposter.core.embedded.errors import EmbeddedPostgresError

USER = "mediaposter"
_USE_ANOTHER_HOME = "Choose a MEDIAPOSTER_HOME that every user may enter, such as /var/lib/mediaposter"


@dataclass(frozen=True)
class Account:
    """An OS user. `is_self` when it is the one we already are."""

    name: str
    uid: int
    gid: int
    is_self: bool

    @property
    def popen_options(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run a program as this user."""
        return {} if self.is_self else {"user": self.uid, "group": self.gid, "extra_groups": ()}


def account_for(data: Path) -> Account:
    """Return who runs Postgres on `data`: ourselves, or as root the folder's owner, `mediaposter` or `nobody`.

    As root it makes the user `mediaposter` when there is none. Raises EmbeddedPostgresError when no user will do.
    """
    if os.geteuid() != 0:
        return Account(_name_of(os.geteuid()), os.geteuid(), os.getegid(), is_self=True)
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(_name_of(owner.st_uid), owner.st_uid, owner.st_gid, is_self=False)
    entry = _user(USER) or _make_user() or _user("nobody")
    if entry is None:
        raise EmbeddedPostgresError(
            "Postgres does not run as root, and there is no other user to run it as.",
            fix=f"Make one with `useradd --system {USER}`, or run MediaPoster as a plain user, or set DATABASE_URL.",
        )
    account = Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_self=False)
    try:
        subprocess.run(["/bin/sh", "-c", ":"], check=True, cwd="/", **account.popen_options)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedPostgresError(
            f"Postgres does not run as root, and this container may not switch to the user {account.name}: {error}.",
            fix="Run MediaPoster as a plain user, or set DATABASE_URL.",
        ) from error
    return account


def can_run(program: Path, account: Account) -> bool:
    """Say whether `account` reaches and may execute `program`."""
    return _as_account(account, 'test -x "$0"', program)


def check_reach(folder: Path, account: Account) -> None:
    """Raise EmbeddedPostgresError when `account` cannot enter `folder`; names the folder that keeps it out."""
    if account.is_self or _as_account(account, 'cd -- "$0"', folder):
        return
    closed = next(
        (one for one in [*reversed(folder.parents), folder] if not _as_account(account, 'cd -- "$0"', one)), folder
    )
    raise EmbeddedPostgresError(
        f"Postgres runs as the OS user {account.name}, which may not enter {closed}, so it cannot reach {folder}.",
        fix=f"{_USE_ANOTHER_HOME}, or let others pass with `chmod o+x {closed}`.",
    )


def _as_account(account: Account, script: str, path: Path) -> bool:
    result = subprocess.run(
        ["/bin/sh", "-c", script, str(path)],
        check=False,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **account.popen_options,
    )
    return result.returncode == 0


def _make_user() -> pwd.struct_passwd | None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        return None
    # Another process may be adding the same user at this moment, and holds the lock of /etc/passwd while it does.
    for pause in (0.0, 0.3, 1.0):
        time.sleep(pause)
        subprocess.run(
            [
                useradd,
                "--system",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                USER,
            ],
            check=False,
            capture_output=True,
        )
        if entry := _user(USER):
            return entry
    return None


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
