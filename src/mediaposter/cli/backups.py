"""`mediaposter backup` and `mediaposter restore`: all that cannot be made again, in one file and back."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mediaposter.cli.faults import check_database_url
from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, show, slowly
from mediaposter.core import backup as service
from mediaposter.core.clock import utc_now
from mediaposter.core.embedded import database_url
from mediaposter.core.settings import Settings
from mediaposter.publishing import service as publishing

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as monday.tar. It must not exist yet.")],
    media: Annotated[bool, typer.Option("--media/--no-media", help="With the files of the home.")] = True,
    as_json: Json = False,
) -> None:
    """Write the database, the secret key and the media into one file. Work goes on meanwhile. Keep the file secret."""
    settings = command_settings()
    check_database_url(settings)

    async def run() -> service.Backup:
        with slowly("Starting the database") as ready, database_url(settings) as url:
            ready()
            with slowly("Writing"):
                return await asyncio.to_thread(service.write, settings, url, file, media=media, now=utc_now())

    made = asyncio.run(run())
    size = file.stat().st_size
    key = "" if made.key else " Without a key: it is in MEDIAPOSTER_SECRET_KEY; keep that as well."
    elsewhere = " What lies in the bucket is not in it." if settings.storage_url else ""
    said = f"{file}: {size / 1e6:.1f} MB, the database and {made.media} media files.{key}{elsewhere}"
    show({**asdict(made), "file": str(file), "bytes": size}, as_json=as_json, human=lambda: out.print(said))


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `mediaposter backup` wrote.", exists=True, dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Bring a backup back into an empty home and database. Publishing stays stopped until you let it go on.

    What went out after the backup was made is planned in it still: look before you let it go on.
    """
    settings = command_settings()
    check_database_url(settings)
    made = asyncio.run(_restore(settings, file))
    said = (
        f"Restored what was there on {made.made_at[:16]} UTC. Publishing is stopped, so that nothing goes out twice: "
        "look at what is planned (mediaposter publications list --outcome planned), take back what went out since, "
        "then: mediaposter publishing resume"
    )
    show(asdict(made), as_json=as_json, human=lambda: out.print(said))


async def _restore(settings: Settings, file: Path) -> service.Backup:
    with slowly("Starting the database") as ready, database_url(settings) as url:
        ready()
        with slowly("Restoring"):
            made = await asyncio.to_thread(service.read, settings, url, file)
        async with machine(settings) as ctx, ctx.database.session() as session:
            await publishing.stop_publishing(session, reason=f"Restored from a backup of {made.made_at[:16]} UTC.")
    return made
