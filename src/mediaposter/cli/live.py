"""A run as it happens: bars in a terminal, a line a change elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mediaposter.pipeline.models import RunState, StageState
from mediaposter.pipeline.schemas import RunRead, StageRead

_INTERVAL = 0.2  # seconds between two looks
_MARKS = {
    StageState.PENDING: Text("·", style="dim"),
    StageState.COMPLETED: Text("✓", style="green"),
    StageState.FAILED: Text("✗", style="red"),
    StageState.CANCELLED: Text("-", style="yellow"),
}
ENDED = (RunState.COMPLETED, RunState.PARTIAL, RunState.FAILED, RunState.CANCELLED, RunState.WAITING)


class View(Protocol):
    """Something that shows a run again and again."""

    def show(self, run: RunRead) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


async def follow(read: Callable[[], Awaitable[RunRead]], view: View) -> RunRead:
    """Show the run that `read` gives until it has ended, and return it."""
    with view:
        while True:
            run = await read()
            view.show(run)
            if run.state in ENDED:
                return run
            await asyncio.sleep(_INTERVAL)


def view_for(console: Console, *, quiet: bool) -> View:
    """Return bars for a terminal, lines for a log, nothing when `quiet`."""
    if quiet:
        return SilentView()
    return BarView(console) if console.is_terminal else LineView(console)


class SilentView:
    """Shows nothing: for `--json`."""

    def show(self, run: RunRead) -> None:
        """Show nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class LineView(SilentView):
    """A line when a stage starts, at each further quarter of it, and when it ends."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, tuple[StageState, int]] = {}

    def show(self, run: RunRead) -> None:
        """Print what is new since the last look."""
        for stage in run.stages:
            now = (stage.state, int(stage.progress * 4) if stage.state is StageState.RUNNING else 0)
            if stage.state is StageState.PENDING or self._said.get(stage.name) == now:
                continue
            self._said[stage.name] = now
            share = f" {stage.progress:4.0%}" if stage.state is StageState.RUNNING else ""
            self._console.print(
                f"{stage.name:<9} {stage.state:<9}{share} {_seconds(stage)} {stage.message}".rstrip(),
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


class BarView(SilentView):
    """A bar a stage, live."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=10)
        self._spinner = Spinner("dots", style="cyan")

    def show(self, run: RunRead) -> None:
        """Draw the run anew."""
        self._live.update(self._draw(run))

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def _draw(self, run: RunRead) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(width=9)
        table.add_column(width=24)
        table.add_column(width=6, justify="right")
        table.add_column(overflow="ellipsis", no_wrap=True)
        for stage in run.stages:
            running = stage.state is StageState.RUNNING
            table.add_row(
                self._spinner if running else _MARKS[stage.state],
                Text(stage.name, style="bold" if running else ""),
                _bar(stage),
                Text(_seconds(stage), style="dim"),
                Text(stage.message, style="" if running else "dim"),
            )
        return Group(Text(f"Run {run.id}", style="dim"), table)


def _bar(stage: StageRead) -> RenderableType:
    if stage.state is StageState.PENDING:
        return Text("")
    done = 1.0 if stage.state is StageState.COMPLETED else stage.progress
    return ProgressBar(total=1.0, completed=done, width=24, style="grey23", complete_style="cyan")


def _seconds(stage: StageRead) -> str:
    if stage.started_at is None:
        return ""
    end = stage.finished_at or datetime.now(UTC)
    return f"{(end - stage.started_at).total_seconds():.1f}s"
