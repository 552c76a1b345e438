"""Commands about sleep: how the workers stand, and telling them to sleep or to wake."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, show
from mediaposter.core import power
from mediaposter.core.errors import InvalidInputError
from mediaposter.core.power_schemas import SleepStatusRead

app = typer.Typer(help="Sleep: a worker with nothing to do uses no CPU.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("status")
def show_status(as_json: AsJson = False) -> None:
    """Say whether the workers sleep, and when they wake next. Asking wakes nobody."""
    _tell(None, as_json=as_json)


@app.command("enter")
def enter(as_json: AsJson = False) -> None:
    """Tell the workers to sleep when nothing is in hand, queued or nearly due."""
    _tell(power.enter_sleep, as_json=as_json)


@app.command("wake")
def wake(as_json: AsJson = False) -> None:
    """Wake the workers."""
    _tell(power.wake, as_json=as_json)


@app.command("schedule")
def schedule(
    at: Annotated[str, typer.Argument(help="A moment with its zone, such as 2026-11-24T07:00:00Z.")],
    as_json: AsJson = False,
) -> None:
    """Let the workers wake at a moment; `unschedule` takes it back."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise InvalidInputError(f"{at!r} is not a moment.", fix="Write it as 2026-11-24T07:00:00Z.") from error

    async def plan() -> dict[str, Any]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            row = await power.schedule_wake(session, moment, now=ctx.clock())
            return {"wake_id": row.id, "wake_time": row.due_at.isoformat()}

    made = asyncio.run(plan())
    show(made, as_json=as_json, human=lambda: out.print(f"Wake at {made['wake_time']} ({made['wake_id']})."))


@app.command("unschedule")
def unschedule(wake_id: Annotated[str, typer.Argument(help="The id that `schedule` gave.")]) -> None:
    """Take a scheduled wake-up back."""

    async def cancel() -> None:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            await power.cancel_wake(session, wake_id)

    asyncio.run(cancel())
    out.print("Taken back.")


def _tell(do: Callable[[AsyncSession], Awaitable[None]] | None, *, as_json: bool) -> None:
    async def act() -> dict[str, Any]:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            if do is not None:
                await do(session)
            return SleepStatusRead.model_validate(await power.get_status(session)).model_dump(mode="json")

    found = asyncio.run(act())

    def human() -> None:
        if found["mode"] is None:
            out.print("No worker runs. Start one: mediaposter up")
            return
        out.print(f"{found['mode'].capitalize()} since {found['since'][:19]} UTC")
        if found["next_wake_at"]:
            out.print(f"Wakes at {found['next_wake_at'][:19]} UTC: {found['next_trigger']}")
        out.print(f"Slept {found['sleeps']} times, {found['slept_seconds']:.0f} s in all.")

    show(found, as_json=as_json, human=human)
