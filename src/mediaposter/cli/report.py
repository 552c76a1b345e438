"""Runs as text for people: how they stand, what they made, what comes next."""

from dataclasses import dataclass
from typing import Any

from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli import live
from mediaposter.cli.output import out, print_table, problem_line
from mediaposter.core.context import Context
from mediaposter.core.runtime import has_live_worker
from mediaposter.media import service as media
from mediaposter.pipeline.models import ACTIVE, RunState, Stage
from mediaposter.pipeline.schemas import RunRead
from mediaposter.publishing import service as publishing


@dataclass(frozen=True)
class Made:
    """What a run has made so far: where its video lies, and the words by account. `idle`: it waits for a worker."""

    video: str | None
    copies: dict[str, dict[str, Any]]
    idle: bool


async def what_was_made(ctx: Context, session: AsyncSession, run: RunRead) -> Made:
    """Look up what the stages of a run have left."""
    left = {stage.name: stage.outputs for stage in run.stages}
    asset_id: str | None = left.get(Stage.STITCH, {}).get("asset_id")
    video = str(await media.local_path(await media.get_asset(session, asset_id))) if asset_id else None
    written: dict[str, dict[str, Any]] = left.get(Stage.WRITE, {}).get("copies", {})
    names = {account.id: f"{account.channel}:{account.handle}" for account in await publishing.list_accounts(session)}
    idle = run.state in ACTIVE and not await has_live_worker(ctx)
    return Made(video, {names.get(account, account): copy for account, copy in written.items()}, idle)


def print_run(run: RunRead, made: Made | None = None, *, stages: bool = True) -> None:
    """Print a run for people."""
    out.print(Text.assemble(("Run ", "bold"), run.id, "  ", _state(run.state)))
    if stages:
        with live.LineView(out) as view:
            view.show(run)
    if run.cost_minor:
        out.print(f"Cost: {run.cost_minor / 100:.2f} {run.currency}")
    for account in _accounts(run):
        line = Text.assemble(f"  {account['account']:<28} ", (f"{account['outcome']:<10} ", "bold"))
        line.append(account.get("url") or account.get("reason") or "")
        out.print(line, soft_wrap=True)
        for broken in account.get("broken", []):
            out.print(Text(f"    {broken['field']}: {broken['rule']} (found {broken['found']}). {broken['fix']}"))
    if made is not None:
        _print_made(run, made)
    if run.error:
        out.print(problem_line(run.error), soft_wrap=True)
    if made is not None and made.idle:
        out.print(Text.assemble(("Next:  ", "bold"), "no worker is running; it goes on with `mediaposter up`."))
    if run.state is RunState.WAITING:
        out.print(Text.assemble(("Next:  ", "bold"), f"mediaposter approve {run.id}, or mediaposter cancel {run.id}"))


def _print_made(run: RunRead, made: Made) -> None:
    if made.video:
        out.print(f"The video  {made.video}", soft_wrap=True)
    if run.state is not RunState.WAITING and not run.config.dry_run:
        return
    for account, copy in made.copies.items():  # nothing is public: these are the words that would be
        out.print(Text.assemble(f"\n{account}  ", (str(copy["title"]), "bold")), soft_wrap=True)
        words = (
            copy["description"],
            " ".join(f"#{tag.lstrip('#')}" for tag in copy["hashtags"]),
            copy["first_comment"],
        )
        for text in words:
            if text:
                out.print(Text(str(text)), soft_wrap=True)


def _accounts(run: RunRead) -> list[dict[str, Any]]:
    return next((stage.outputs.get("accounts", []) for stage in run.stages if stage.name is Stage.PUBLISH), [])


def print_runs(found: list[RunRead]) -> None:
    """Print runs for people, a line each."""
    if not found:
        out.print('No runs yet. Start one: mediaposter run "Your idea" --copywriter local')
        return
    rows: list[tuple[str | Text, ...]] = []
    for run in found:
        took = (
            f"{(run.finished_at - run.started_at).total_seconds():.1f}s" if run.finished_at and run.started_at else ""
        )
        sources = run.config.prompts or run.config.clips
        when = run.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        rows.append((run.id, _state(run.state), when, took, str(len(sources)), Text(sources[0])))
    print_table(("run", "state", "started", "took", "parts", "what"), rows)


def _state(state: RunState) -> Text:
    colours = {RunState.COMPLETED: "green", RunState.FAILED: "red", RunState.PARTIAL: "yellow"}
    return Text(state, style=colours.get(state, "cyan"))
