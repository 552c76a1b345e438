"""Whatever stops a command, as one of our errors: a sentence, the next step, no traceback."""

from typing import Any

import psycopg
import structlog
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from typer.exceptions import TyperException

from mediaposter.core.errors import (
    FieldProblem,
    InvalidInputError,
    MediaPosterError,
    NotConfiguredError,
    UnavailableError,
)
from mediaposter.core.logging import redact
from mediaposter.core.settings import Settings, variable_name

_log = structlog.get_logger(__name__)


class UsageError(InvalidInputError):
    """The command line itself is wrong: an unknown command, an option that does not exist, a value of a wrong kind."""

    code = "USAGE_ERROR"
    title = "The command line is not understood"


def explain(error: BaseException) -> MediaPosterError:
    """Return the error of ours that says what `error` means to the user."""
    if isinstance(error, MediaPosterError):
        return error
    if isinstance(error, TyperException):
        return _usage(error)
    if isinstance(error, (ValidationError, SettingsError)):
        return _settings(error)
    if isinstance(error, (DBAPIError, psycopg.Error)):
        return _database(error)
    if isinstance(error, OSError) and error.filename is not None:
        return UnavailableError(
            f"{error.filename} cannot be used: {error.strerror}.",
            fix="Mend the folder's owner or its disk, or choose another MEDIAPOSTER_HOME.",
        )
    _log.debug("command.failed", exc_info=error)
    return MediaPosterError(
        f"This is a fault in MediaPoster: {type(error).__name__}: {redact(str(error))}",
        fix="Run it again with MEDIAPOSTER_LOG_LEVEL=DEBUG and report what it prints.",
    )


def check_database_url(settings: Settings) -> None:
    """Raise NotConfiguredError when DATABASE_URL is set and is not the address of a Postgres."""
    if settings.database_url is None:
        return
    try:
        url = make_url(settings.database_url.get_secret_value())
    except ArgumentError:
        url = None
    if url is None or not url.drivername.startswith("postgres"):
        raise NotConfiguredError(
            "DATABASE_URL",
            "DATABASE_URL is not the address of a Postgres.",
            fix="Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE, or unset it to use the embedded Postgres.",
        )


def _usage(error: TyperException) -> UsageError:
    context: Any = getattr(error, "ctx", None)
    path = str(context.command_path) if context is not None else "mediaposter"
    words = error.format_message().strip()
    return UsageError(words if words.endswith((".", ")")) else f"{words}.", fix=f"See `{path} --help`.")


def _settings(error: ValidationError | SettingsError) -> InvalidInputError:
    if isinstance(error, SettingsError):  # a list that is not JSON; the library names the field in quotes
        named = variable_name(str(error).partition('"')[2].partition('"')[0])
        problems = [FieldProblem(named, "a JSON list is expected", 'Write it like ["09:00", "18:00"]')]
    else:
        rules: dict[str, str] = {}
        for fault in error.errors():  # the first fault of a setting; what follows from it is noise
            rules.setdefault(variable_name(str(fault["loc"][0])), fault["msg"].removeprefix("Input "))
        fix = "Mend or unset it; docs/reference/settings.md says what it takes"
        problems = [FieldProblem(variable, rule, fix) for variable, rule in rules.items()]
    named = ", ".join(dict.fromkeys(problem.field for problem in problems))
    return InvalidInputError(
        f"A setting breaks its rule: {named}.", fix="Mend it in the environment or in .env.", errors=problems
    )


def _database(error: DBAPIError | psycopg.Error) -> MediaPosterError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = redact(" ".join(str(cause).split("\n")[0].split()))
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return UnavailableError(
            f"The database refused: {said}.", fix="Let the user of DATABASE_URL own its database, or its schemas."
        )
    if isinstance(cause, psycopg.OperationalError):
        return UnavailableError(
            f"The database does not answer: {said}.",
            fix="Check that it runs, and the host, port, user and password of DATABASE_URL; "
            "unset it to use the embedded Postgres.",
        )
    _log.debug("command.failed", exc_info=error)
    return UnavailableError(
        f"The database answered with an error: {said}.",
        fix="Run `mediaposter doctor`; run it again with MEDIAPOSTER_LOG_LEVEL=DEBUG to see the whole error.",
    )
