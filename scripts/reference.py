"""Write the reference pages from the code: settings, commands, providers and channels, the OpenAPI document.

`python scripts/reference.py` writes them, `--check` fails when one is not what the code says.
"""

import json
import sys
from pathlib import Path

import typer
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from typer.core import TyperCommand, TyperGroup

from mediaposter.app import build_app
from mediaposter.cli.app import app as cli
from mediaposter.core.settings import Settings, variable_name
from mediaposter.publishing.channel_settings import variable_of
from mediaposter.publishing.registry import load_channels

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


_COMMANDS = (
    "`--json` prints one JSON document on standard output instead of text, errors included (`code`, `detail`, `fix`,",
    "`errors`). Progress and logs go to standard error. A command ends with 0 when it did what was asked, 1 when it",
    "could not or when a run failed, 2 when the input breaks a rule, 130 after Ctrl-C. Commands log only warnings",
    "unless MEDIAPOSTER_LOG_LEVEL says otherwise; `up` and `worker` log at its level. `mediaposter --version` prints",
    "the version.",
)


def settings_page() -> str:
    """Return a table of every setting: its variable, default and meaning."""
    lines = [
        "# Settings",
        "",
        "Each is an environment variable or a line of `.env` in the working folder. None is required.",
        "`mediaposter doctor` says what is set and what to do about what is not.",
        "",
        "| variable | default | what it is |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `{variable_name(name)}` | {_default(field)} | {field.description} |")
    for name, channel in load_channels().items():
        settings = getattr(channel, "settings", None)
        if settings is None:
            continue
        lines += ["", f"## Of the channel {name}", "", "| variable | default | what it is |", "|---|---|---|"]
        for field_name, field in settings.model_fields.items():
            lines.append(f"| `{variable_of(settings, field_name)}` | {_default(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the help of every command, as the terminal shows it but without its width."""
    root = typer.main.get_command(cli)
    lines = ["# The command line", "", *_COMMANDS, ""]
    assert isinstance(root, TyperGroup)
    for name in sorted(root.commands):
        lines += _command(root.commands[name], f"mediaposter {name}")
    return "\n".join(lines).rstrip() + "\n"


def openapi() -> str:
    """Return the OpenAPI document of the app."""
    return json.dumps(build_app().openapi(), indent=1, sort_keys=True) + "\n"


PAGES = {"settings.md": settings_page, "cli.md": commands_page, "openapi.json": openapi}


def main() -> int:
    """Write the pages, or say which are old."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    old = [
        name for name, make in PAGES.items() if not (FOLDER / name).exists() or (FOLDER / name).read_text() != make()
    ]
    if "--check" in sys.argv:
        for name in old:
            sys.stderr.write(f"docs/reference/{name} is not what the code says: run `make docs`\n")
        return 1 if old else 0
    for name in old:
        (FOLDER / name).write_text(PAGES[name]())
    return 0


def _default(field: FieldInfo) -> str:
    if field.default_factory:  # the one folder that depends on who asks
        return "`~/.mediaposter`; for root `/var/lib/mediaposter`"
    if field.default is None:
        return "-"
    shown = json.loads(TypeAdapter(field.annotation).dump_json(field.default))
    return f"`{json.dumps(shown) if isinstance(shown, list) else shown}`"


def _command(command: TyperCommand | TyperGroup, path: str) -> list[str]:
    if isinstance(command, TyperGroup):
        lines = [f"## {path}", "", (command.help or "").strip(), ""]
        for name in sorted(command.commands):
            lines += _command(command.commands[name], f"{path} {name}")
        return lines
    lines = [f"## {path}", "", (command.help or "").strip().replace("\n    ", "\n"), ""]
    context = typer.Context(command, info_name=path)
    rows = [
        (record[0].replace("|", "\\|"), record[1].replace("|", "\\|"))
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) and "--help" not in record[0]
    ]
    if rows:
        lines += ["| option | meaning |", "|---|---|", *(f"| `{option}` | {meaning} |" for option, meaning in rows), ""]
    return lines


if __name__ == "__main__":
    sys.exit(main())
