"""How commands speak: rich text for people, JSON for programs, errors that end with the next step."""

import json
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.text import Text

from mediaposter.core.errors import MediaPosterError

# Into a pipe or a file, lines are as long as they need to be.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 400)
err = Console(stderr=True, highlight=False)
_SECONDS_TO_WONDER = 2.0
_GAP = 2  # between two columns
_LEAST_WIDTH = 20  # of a last column that is cut rather than wrapped
_KINDS = ("datetime", "str", "int", "float")


def print_json(value: BaseModel | Any) -> None:
    """Print a value as JSON on standard output, one document."""
    data = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    sys.stdout.write(json.dumps(data, indent=2, default=str, ensure_ascii=False) + "\n")


@contextmanager
def slowly(what: str) -> Generator[Callable[[], None]]:
    """Say on standard error that something is under way, until the block calls what it is given.

    A spinner in a terminal; elsewhere a line, once it has taken two seconds.
    """
    if err.is_terminal and not err.quiet:
        status = err.status(f"{what} ...")
        status.start()
        end = status.stop
    else:
        timer = threading.Timer(_SECONDS_TO_WONDER, err.print, [f"{what} ..."])
        timer.daemon = True
        timer.start()
        end = timer.cancel
    try:
        yield end
    finally:
        end()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print rows for people. Ids and addresses are there to be copied: in a terminal, only the last column is cut."""
    head = [Text(name, style="dim") for name in columns]
    lines = [head, *([cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows)]
    widths = [max(line[place].cell_len for line in lines) for place in range(len(columns))]
    left = out.width - sum(width + _GAP for width in widths[:-1])
    for line in lines:
        *cells, last = line
        for cell, width in zip(cells, widths, strict=False):
            cell.pad_right(width + _GAP - cell.cell_len)
        if out.is_terminal and left >= _LEAST_WIDTH:
            last.truncate(left, overflow="ellipsis")
        out.print(Text.assemble(*cells, last), soft_wrap=True)


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
    """Return the field and the broken rule of each fault that Pydantic found; a choice of kinds is one rule."""
    rules: dict[str, list[str]] = {}
    for fault in error.errors():
        # Between brackets and behind them Pydantic names the kind that it tried, which is no field of ours.
        path = [str(part) for part in fault["loc"] if "[" not in str(part) and str(part) not in _KINDS]
        rule = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
        rules.setdefault(".".join(path) or "config", []).append(rule)
    return [(field, ", or ".join(dict.fromkeys(found))) for field, found in rules.items()]
