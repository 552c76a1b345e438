"""What goes wrong with a call: the server refused it and says why, or there was no answer."""

from dataclasses import dataclass
from typing import Any, Self

import httpx

from mediaposter.core.errors import FieldProblem


@dataclass
class ApiError(Exception):
    """The server's problem document (RFC 9457). `code` is stable; `fix` is the next step; `errors` names fields."""

    status: int
    code: str
    detail: str
    fix: str = ""
    errors: tuple[FieldProblem, ...] = ()
    trace_id: str = ""

    def __str__(self) -> str:
        return " ".join(
            [self.detail, *(f"{one.field}: {one.rule}. {one.fix}" for one in self.errors), self.fix]
        ).strip()

    @classmethod
    def of(cls, response: httpx.Response) -> Self:
        """Read the problem in a response; one that is no problem document comes from something in between."""
        try:
            body: Any = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or "code" not in body:
            return cls(
                response.status_code,
                "UNEXPECTED_ANSWER",
                f"{response.request.url} answered {response.status_code} with no problem document.",
                fix="Check that the address is MediaPoster's own, and what stands between.",
            )
        problem: dict[str, Any] = body  # pyright: ignore[reportUnknownVariableType]
        errors = tuple(FieldProblem(one["field"], one["rule"], one["fix"]) for one in problem.get("errors") or ())
        return cls(
            response.status_code,
            problem["code"],
            problem.get("detail", ""),
            problem.get("fix", ""),
            errors,
            problem.get("trace_id", ""),
        )


class Unreachable(Exception):  # noqa: N818 - a state, as httpx has its own
    """There was no answer. Whether the server did what was asked is not known, unless the call only reads.

    A run started with an idempotency key can be started again: it gives the same run.
    """
