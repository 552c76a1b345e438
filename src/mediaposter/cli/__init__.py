"""The front door for people. Commands are thin: they parse, call a service, and print."""

import sys

import typer
from typer.core import TyperGroup

from mediaposter.cli import accounts, demo, doctor, offers, publications, runs, serve, tokens
from mediaposter.cli.output import err, fail
from mediaposter.core.errors import MediaPosterError

app = typer.Typer(
    name="mediaposter",
    help="Prompts or footage in; a finished video, published to every account, out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    cls=TyperGroup,
)
runs.register(app)
serve.register(app)
demo.register(app)
doctor.register(app)
app.add_typer(accounts.app, name="accounts")
app.add_typer(offers.app, name="offers")
app.add_typer(publications.app, name="publications")
app.add_typer(tokens.app, name="tokens")


def main() -> None:
    """Run the command line. Errors of ours are printed with the next step; no traceback reaches a user."""
    try:
        app()
    except MediaPosterError as error:
        fail(error, as_json="--json" in sys.argv)
    except KeyboardInterrupt:
        err.print("Stopped.")
        raise SystemExit(130) from None
