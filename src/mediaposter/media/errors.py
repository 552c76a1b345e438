"""What can be wrong with media.

InvalidInputError
└── MediaError               422  this file cannot be used; names the file and what is wrong with it
    ├── MediaMissingError    404  the file is not there, or cannot be read
    ├── SourceChangedError   409  a file known to the library has other bytes now
    └── MediaLimitError      413  the file is larger, longer or wider than the settings allow
MediaPosterError
├── FfmpegError              500  ffmpeg ended badly; carries the end of what it said
│   └── FfmpegTimeoutError   504  ffmpeg took longer than allowed and was stopped
├── StitchError              500  the joined file is not what its parts promise; it was thrown away
└── DiskFullError            507  there was no room for the result; nothing was left behind
"""

import errno
from pathlib import Path

from mediaposter.core.errors import InvalidInputError, MediaPosterError

_SOURCE_FIX = "Open the file in a player: if it does not play there, export or download it again, then try again."


class MediaError(InvalidInputError):
    """A media file cannot be used. `file` is its path as the caller gave it, `problem` what is wrong with it."""

    code = "MEDIA_UNUSABLE"
    status = 422
    title = "This media file cannot be used"

    def __init__(self, file: Path | str, problem: str, *, fix: str = _SOURCE_FIX) -> None:
        super().__init__(f"{file}: {problem}", fix=fix)
        self.file = str(file)
        self.problem = problem


class MediaMissingError(MediaError):
    code = "MEDIA_NOT_FOUND"
    status = 404
    title = "The media file is not there"

    def __init__(self, file: Path | str, problem: str = "there is no such file", *, fix: str = "") -> None:
        super().__init__(file, problem, fix=fix or "Check the path, and that this user may read the file.")


class SourceChangedError(MediaError):
    code = "MEDIA_CHANGED"
    status = 409
    title = "The media file has changed since it was registered"

    def __init__(self, file: Path | str) -> None:
        super().__init__(
            file,
            "its bytes are not those that were registered",
            fix="Register the file again to use what it holds now, or put the old file back.",
        )


class MediaLimitError(MediaError):
    code = "MEDIA_TOO_LARGE"
    status = 413
    title = "The media file is over a limit"

    def __init__(self, file: Path | str, problem: str, *, setting: str) -> None:
        super().__init__(file, problem, fix=f"Cut or scale the file down, or raise {setting}.")


class FfmpegError(MediaPosterError):
    """ffmpeg ended badly. `stderr` is the end of what it said."""

    code = "FFMPEG_FAILED"
    title = "ffmpeg could not do its work"

    def __init__(self, detail: str, *, stderr: str = "", fix: str = "") -> None:
        super().__init__(detail, fix=fix or "Read what ffmpeg said; check the inputs with `mediaposter doctor`.")
        self.stderr = stderr


class FfmpegTimeoutError(FfmpegError):
    code = "FFMPEG_TIMEOUT"
    status = 504
    title = "ffmpeg took too long"


class StitchError(MediaPosterError):
    """The result of a stitch failed its check and was thrown away."""

    code = "STITCH_FAILED"
    title = "The parts could not be joined"


class DiskFullError(MediaPosterError):
    """There was no room for what was to be written."""

    code = "DISK_FULL"
    status = 507
    title = "The disk is full"

    def __init__(self, folder: Path | str) -> None:
        super().__init__(
            f"There is no room left to write in {folder}.",
            fix="Free some space there, or set MEDIAPOSTER_HOME to a larger disk, then try again.",
        )


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
