"""The commands there are."""

from importlib.metadata import version
from typing import Annotated

import typer
from typer.core import TyperGroup

from mediaposter.cli import (
    accounts,
    backups,
    campaigns,
    check,
    demo,
    doctor,
    images,
    learning,
    mcp,
    migrate,
    offers,
    publications,
    publishing,
    runs,
    serve,
    sleep,
    tokens,
    webhooks,
)
from mediaposter.cli.output import out

app = typer.Typer(
    name="mediaposter",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    cls=TyperGroup,
)
runs.register(app)
serve.register(app)
demo.register(app)
check.register(app)
doctor.register(app)
migrate.register(app)
backups.register(app)
mcp.register(app)
app.add_typer(accounts.app, name="accounts")
app.add_typer(images.app, name="images")
app.add_typer(learning.app, name="learning")
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(offers.app, name="offers")
app.add_typer(publications.app, name="publications")
app.add_typer(publishing.app, name="publishing")
app.add_typer(sleep.app, name="sleep")
app.add_typer(tokens.app, name="tokens")
app.add_typer(webhooks.app, name="webhooks")


def _print_version(asked: bool) -> None:
    if asked:
        out.print(f"mediaposter {version('mediaposter')}")
        raise typer.Exit


@app.callback()
def _front_door(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Prompts or footage in; a finished video, published to every account, out."""
