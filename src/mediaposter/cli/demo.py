"""`mediaposter demo`, for people: run it, show it, say what it left."""

import asyncio
from typing import Annotated, Any

import typer
from rich.text import Text

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import err, out, problem_line, show
from mediaposter.cli.runs import follow_run
from mediaposter.pipeline import service
from mediaposter.pipeline.models import RunState, Stage
from mediaposter.pipeline.schemas import RunRead


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("demo")(demo)


def demo(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """Run the whole loop once, with nothing configured: three prompts in, two published pages out."""
    if not as_json:
        out.print("Three prompts become a video, and the video two published pages. Nothing leaves this machine.\n")
    run, left = asyncio.run(_run(quiet=as_json))
    if run.state is not RunState.COMPLETED:
        show(run, as_json=as_json, human=lambda: err.print(problem_line(run.error or {})))
        raise SystemExit(1)
    show(left, as_json=as_json, human=lambda: _print(left))


async def _run(*, quiet: bool) -> tuple[RunRead, dict[str, Any]]:
    from mediaposter import demo as loop  # noqa: PLC0415 - it brings the whole app

    async with machine(command_settings()) as ctx:
        async with ctx.database.session() as session:
            config = await loop.prepare(session)
        async with ctx.database.session() as session:
            started = await service.start_run(session, config, settings=ctx.settings, clock=ctx.clock)
            run_id = started.run.id
        run = await follow_run(ctx, run_id, as_json=quiet)
        if run.state is not RunState.COMPLETED:
            return run, {}
        pages = await loop.check_pages(ctx, run)
        left = {
            "run": run.id,
            "pages": [page.url for page in pages],
            "links": list(loop.output(run, Stage.LINK)["links"].values()),
            "master": await loop.master_path(ctx, run),
            "serve": "mediaposter up",
        }
    return run, left


def _print(left: dict[str, Any]) -> None:
    out.print(Text("\nPublished and fetched once over HTTP:", style="bold"))
    for page, link in zip(left["pages"], left["links"], strict=True):
        out.print(f"  {page}\n    tracked link  {link}", soft_wrap=True)
    out.print(f"\nThe video  {left['master']}", soft_wrap=True)
    out.print(
        Text.assemble("Serve them ", (".venv/bin/mediaposter up", "bold"), "; with the dashboard ", ("make up", "bold"))
    )
