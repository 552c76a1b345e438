"""The errors of MediaPoster, as people and programs see them.

MediaPosterError
├── InvalidInputError        400  the caller's input breaks a rule; names the field, the rule and the mend
│   └── MediaError           422  a media file cannot be used (mediaposter.media.errors)
├── AuthError                401  no token, or a wrong one
├── ForbiddenError           403  the token lacks the scope
├── MisdirectedError         421  the request names a server that this is not
├── TooManyTriesError        429  too many wrong tokens
├── NotFoundError            404
├── ConflictError            409  the thing is in a state that does not allow this
├── NotConfiguredError       424  a setting is missing; names it
├── UpstreamError            502  something outside answered wrongly
├── CancelledByUserError     409  the work was cancelled on purpose
└── UnavailableError         503  a part of MediaPoster is down or busy

Every error carries `code` (stable, for programs), `detail` (a sentence) and `fix` (the next step to take).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldProblem:
    """One broken rule of one input field."""

    field: str
    rule: str
    fix: str


class MediaPosterError(Exception):
    """Base of every error a user may see. `str(error)` is the detail."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong inside MediaPoster"

    def __init__(self, detail: str, *, fix: str = "", errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fix = fix
        self.errors = tuple(errors)

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross processes: the engine stores them with a workflow and raises them where its result is awaited.
        # Built without __init__, so that a subclass may take what arguments it likes.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[MediaPosterError], args: tuple[Any, ...], state: dict[str, Any]) -> MediaPosterError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class InvalidInputError(MediaPosterError):
    code = "VALIDATION_ERROR"
    status = 400
    title = "The input breaks a rule"


class AuthError(MediaPosterError):
    code = "AUTH_ERROR"
    status = 401
    title = "A valid token is needed"


class ForbiddenError(MediaPosterError):
    code = "FORBIDDEN"
    status = 403
    title = "This token may not do that"


class MisdirectedError(MediaPosterError):
    code = "MISDIRECTED"
    status = 421
    title = "The request was meant for another server"


class TooManyTriesError(MediaPosterError):
    """`seconds` is how long to wait."""

    code = "TOO_MANY_TRIES"
    status = 429
    title = "Too many wrong tries"

    def __init__(self, detail: str, *, seconds: int, fix: str = "") -> None:
        super().__init__(detail, fix=fix)
        self.seconds = seconds


class NotFoundError(MediaPosterError):
    code = "NOT_FOUND"
    status = 404
    title = "There is no such thing"


class ConflictError(MediaPosterError):
    code = "CONFLICT"
    status = 409
    title = "The present state does not allow this"


class CancelledByUserError(ConflictError):
    code = "CANCELLED"
    title = "The work was cancelled"


class NotConfiguredError(MediaPosterError):
    """A needed setting is missing. `setting` is the name of the environment variable to set."""

    code = "NOT_CONFIGURED"
    status = 424
    title = "A setting is missing"

    def __init__(self, setting: str, detail: str, *, fix: str = "") -> None:
        super().__init__(detail, fix=fix or f"Set {setting} in the environment or in the .env file, then try again.")
        self.setting = setting


class UpstreamError(MediaPosterError):
    code = "UPSTREAM_ERROR"
    status = 502
    title = "A service outside answered wrongly"


class UnavailableError(MediaPosterError):
    code = "SERVICE_UNAVAILABLE"
    status = 503
    title = "A part of MediaPoster is not running"
