"""Commands about publishing as a whole: the switch for every account."""

import asyncio
from typing import Annotated

import typer

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, show
from mediaposter.publishing import service
from mediaposter.publishing.schemas import PublishingRead

app = typer.Typer(help="Publishing as a whole: the switch for every account.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("stop")
def stop(
    reason: Annotated[str, typer.Option(help="Why; it is shown wherever something waits.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send nothing more on any account. What is out stays out, and is watched on."""

    async def throw() -> PublishingRead:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await service.stop_publishing(session, reason=reason)
            return PublishingRead.of(await service.publishing_stopped(session))

    _print(asyncio.run(throw()), as_json=as_json)


@app.command("resume")
def resume(as_json: AsJson = False) -> None:
    """Let every account publish again, and start what waited."""

    async def release() -> PublishingRead:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            started = await service.resume_publishing(session)
            return PublishingRead.of(await service.publishing_stopped(session), started=started)

    _print(asyncio.run(release()), as_json=as_json)


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """Say whether publishing is on."""

    async def read() -> PublishingRead:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return PublishingRead.of(await service.publishing_stopped(session))

    _print(asyncio.run(read()), as_json=as_json)


def _print(state: PublishingRead, *, as_json: bool) -> None:
    def human() -> None:
        if state.on:
            went = f" {state.started} that waited go on." if state.started else ""
            out.print(f"Publishing is on.{went}")
            return
        out.print(f"Publishing is stopped since {state.stopped_at:%Y-%m-%d %H:%M} UTC: {state.reason}.", soft_wrap=True)
        out.print("Next:  mediaposter publishing resume")

    show(state.model_dump(mode="json"), as_json=as_json, human=human)
