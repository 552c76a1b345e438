"""What goes wrong in analysis and writing.

InvalidInputError           400
└── CopyRejectedError       422  the copy breaks the channel's rules and could not be mended; `violations` says which
"""

from collections.abc import Sequence

from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.publishing.rules import Violation


class CopyRejectedError(InvalidInputError):
    """No copy within the rules of the channel could be written. `errors` holds each broken rule with its mend."""

    code = "COPY_REJECTED"
    status = 422
    title = "The copy breaks the rules of the channel"

    def __init__(self, detail: str, *, fix: str = "", errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail, fix=fix, errors=errors)


def rejected(channel: str, writer: str, violations: Sequence[Violation]) -> CopyRejectedError:
    """Return the error for copy by `writer` that still breaks rules of `channel`."""
    listed = "; ".join(f"{v.field}: {v.rule}, found {v.found}" for v in violations)
    return CopyRejectedError(
        f"The copy that {writer} wrote for {channel or 'this account'} breaks its rules: {listed}.",
        fix="Edit the copy by hand, choose another model, or run with copywriter=local, which keeps to the rules.",
        errors=[FieldProblem(v.field, f"{v.rule} (found {v.found})", v.fix) for v in violations],
    )
