"""A backup of all that cannot be made again, in one file: the database, the key of its secrets, and the media.

The file is a tar. `backup.json` says what it is, `database.dump` is pg_dump's custom format (which any newer Postgres
reads), `secret.key` opens the stored credentials, and `media/` holds the files where they lie in the home. Everything
in it is as secret as the key. See https://www.postgresql.org/docs/current/app-pgdump.html.
"""

import json
import os
import subprocess
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from mediaposter.core import migrate
from mediaposter.core.embedded.binaries import find_binaries
from mediaposter.core.errors import FieldProblem, InvalidInputError, MediaPosterError
from mediaposter.core.settings import Settings

_FORMAT = 1
_ABOUT, _DUMP, _KEY, _MEDIA = "backup.json", "database.dump", "secret.key", "media"


class BackupError(MediaPosterError):
    """A backup could not be written or read back."""

    code = "BACKUP_FAILED"
    status = 500


@dataclass(frozen=True)
class Backup:
    """What a backup holds. `revision` is that of the database; `media` counts files."""

    format: int
    made_at: str
    revision: str | None
    key: bool
    media: int


def write(settings: Settings, url: str, into: Path, *, media: bool, now: datetime) -> Backup:
    """Write a backup of the running database `url` to a file that does not exist yet. Blocks.

    The dump is one snapshot: work goes on meanwhile. Raises InvalidInputError and BackupError; a half-written file is
    not left behind.
    """
    if into.exists():
        raise _invalid("file", "a file that does not exist yet", f"{into} exists: name another one.")
    folder, key = settings.home / _MEDIA, settings.home / _KEY
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if media and folder.is_dir() else []
    made = Backup(_FORMAT, now.isoformat(), migrate.present(url), key.is_file(), len(files))
    draft = into.with_name(into.name + ".part")
    try:
        with tempfile.TemporaryDirectory(dir=into.absolute().parent, prefix=".backup-") as work:
            dump = Path(work) / _DUMP
            _postgres(settings, "pg_dump", url, "--format=custom", "--no-owner", f"--file={dump}")
            about = Path(work) / _ABOUT
            about.write_text(json.dumps(asdict(made)))
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w") as tar:
                    for path in (about, dump):
                        tar.add(path, path.name)
                    if made.key:
                        tar.add(key, _KEY)
                    for path in files:
                        tar.add(path, f"{_MEDIA}/{path.relative_to(folder).as_posix()}", recursive=False)
                file.flush()
                os.fsync(file.fileno())
        draft.rename(into)
    except OSError as error:
        raise BackupError(
            f"The backup could not be written: {error}", fix="Free space, or name another disk."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return made


def read(settings: Settings, url: str, file: Path) -> Backup:
    """Bring a backup back into an empty database and home, then migrate it to what this code knows. Blocks.

    Nothing that is there is overwritten: a database with tables or another key is refused before anything is changed.
    Raises InvalidInputError and BackupError.
    """
    try:
        with tarfile.open(file) as tar, tempfile.TemporaryDirectory(prefix="mediaposter-restore-") as work:
            made = _about(tar, file)
            _check_empty(settings, url, tar, made)
            # The database last and in one transaction: until it is there, all of this can be done again.
            for member in tar.getmembers():
                if member.name.startswith(f"{_MEDIA}/"):
                    tar.extract(member, settings.home, filter="data")
            if made.key and not (settings.home / _KEY).exists():
                tar.extract(_KEY, settings.home, filter="data")
                (settings.home / _KEY).chmod(0o600)
            tar.extract(_DUMP, work, filter="data")
            whole = ("--no-owner", "--exit-on-error", "--single-transaction")
            _postgres(settings, "pg_restore", url, *whole, str(Path(work) / _DUMP))
    except (tarfile.TarError, OSError) as error:
        raise BackupError(
            f"{file} could not be read back: {error}", fix="Check the file and the disk's space."
        ) from error
    migrate.migrate(url)
    return made


def _about(tar: tarfile.TarFile, file: Path) -> Backup:
    try:
        inside = tar.extractfile(_ABOUT)
        found = json.loads(inside.read()) if inside else {}
        made = Backup(**found)
    except (KeyError, TypeError, ValueError) as error:
        raise _invalid("file", "a file that `mediaposter backup` wrote", f"{file} is none.") from error
    if made.format != _FORMAT:
        raise _invalid("file", f"a backup of format {_FORMAT}", "Update MediaPoster: this backup is newer than it.")
    return made


def _check_empty(settings: Settings, url: str, tar: tarfile.TarFile, made: Backup) -> None:
    if migrate.present(url) is not None:
        fix = "Name a new folder in MEDIAPOSTER_HOME, or an empty database in DATABASE_URL."
        raise _invalid("database", "an empty database", fix)
    key = settings.home / _KEY
    inside = tar.extractfile(_KEY) if made.key else None
    if inside and key.exists() and key.read_bytes() != inside.read():
        fix = f"Name a new folder in MEDIAPOSTER_HOME, or put {key} away: with it nothing stored could be opened."
        raise _invalid("secret.key", "the key of the backup, or none", fix)


def _postgres(settings: Settings, program: str, url: str, *arguments: str) -> None:
    """Run a program of Postgres on a database. The password goes by the environment: others may list arguments."""
    address = make_url(url).set(drivername="postgresql")
    password = {"PGPASSWORD": address.password} if address.password else {}
    command = [str(find_binaries(settings.postgres_bin) / program), *arguments]
    command += ["--dbname", address.set(password=None).render_as_string()]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **password})
    except FileNotFoundError as error:
        fix = "Take MEDIAPOSTER_POSTGRES_BIN away, or install the client programs of Postgres there."
        raise BackupError(f"There is no {command[0]}.", fix=fix) from error
    if ended.returncode:
        said = ended.stderr.strip().splitlines()[-1:] or ["it did not say why"]
        fix = "Check that the database answers and that the disk has space."
        raise BackupError(f"{program} failed: {said[0][:300]}", fix=fix)


def _invalid(field: str, rule: str, fix: str) -> InvalidInputError:
    return InvalidInputError(f"{field} must be {rule}.", fix=fix, errors=[FieldProblem(field, rule, fix)])
