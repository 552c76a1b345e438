"""`mediaposter migrate`: bring the database up to date, as every other command does before it begins."""

import asyncio
from typing import Annotated

import typer

from mediaposter.cli.faults import check_database_url
from mediaposter.cli.machine import command_settings
from mediaposter.cli.output import out, show, slowly
from mediaposter.core import migrate as service
from mediaposter.core.embedded import database_url


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("migrate")(migrate)


def migrate(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False) -> None:
    """Bring the database up to date. Other commands do so as well; this one is for a rollout that wants it first."""
    settings = command_settings()
    check_database_url(settings)

    async def run() -> tuple[str | None, str]:
        with slowly("Starting the database") as ready, database_url(settings) as url:
            ready()
            before = await asyncio.to_thread(service.present, url)
            with slowly("Migrating"):
                await asyncio.to_thread(service.migrate, url)
            return before, service.head()

    before, after = asyncio.run(run())
    said = f"The database is up to date ({after})." if before == after else f"Migrated: {before or 'empty'} -> {after}."
    show({"before": before, "after": after, "changed": before != after}, as_json=as_json, human=lambda: out.print(said))
