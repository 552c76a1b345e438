"""How commands speak: rich text for people, JSON for programs, errors that end with the next step."""

import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.text import Text

from mediaposter.core.errors import MediaPosterError

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: BaseModel | Any) -> None:
    """Print a value as JSON on standard output, one document."""
    data = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(data, indent=2, default=str, ensure_ascii=False) + "\n")


def show(value: BaseModel | Any, *, as_json: bool, human: Callable[[], None]) -> None:
    """Print `value` as JSON, or call `human` to print it for people."""
    if as_json:
        print_json(value)
    else:
        human()


def problem(error: MediaPosterError) -> dict[str, Any]:
    """Return an error as a problem document."""
    return {
        "code": error.code,
        "detail": error.detail,
        "fix": error.fix,
        "errors": [{"field": e.field, "rule": e.rule, "fix": e.fix} for e in error.errors],
    }


def fail(error: MediaPosterError, *, as_json: bool = False) -> NoReturn:
    """Print an error and end the process: 2 for bad input, 1 for everything else."""
    if as_json:
        print_json(problem(error))
    else:
        err.print(Text.assemble(("Error: ", "bold red"), error.detail), soft_wrap=True)
        for each in error.errors:
            err.print(Text(f"  {each.field}: {each.rule}. {each.fix}"), soft_wrap=True)
        if error.fix:
            err.print(Text.assemble(("Next:  ", "bold"), error.fix), soft_wrap=True)
    raise SystemExit(2 if error.status in {400, 422} else 1)


def problem_line(problem: dict[str, Any]) -> Text:
    """Return a stored problem as two short lines."""
    text = Text.assemble(("Error: ", "bold red"), problem.get("detail", ""))
    if problem.get("fix"):
        text.append(f"\nNext:  {problem['fix']}")
    return text


def validation_lines(error: ValidationError) -> list[tuple[str, str]]:
    """Return the field and the broken rule of each fault that Pydantic found."""
    return [(".".join(str(part) for part in fault["loc"]) or "config", fault["msg"]) for fault in error.errors()]
