"""Write the reference pages from the code: settings, commands, providers and channels, the OpenAPI document.

`python scripts/reference.py` writes them, `--check` fails when one is not what the code says.
"""

import json
import sys
from pathlib import Path

import typer.main
from click import Command, Context, Group

from mediaposter.app import build_app
from mediaposter.cli.app import app as cli
from mediaposter.core.settings import Settings

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


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
        choices = getattr(field.validation_alias, "choices", None)
        variable = str(choices[0]) if choices else f"MEDIAPOSTER_{name.upper()}"
        default = "by the user" if field.default_factory else "-" if field.default is None else str(field.default)
        lines.append(f"| `{variable}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the help of every command, as the terminal shows it but without its width."""
    root = typer.main.get_command(cli)
    lines = ["# The command line", "", "`--json` prints JSON instead of text wherever something is printed.", ""]
    assert isinstance(root, Group)
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


def _command(command: Command, path: str) -> list[str]:
    if isinstance(command, Group):
        lines = [f"## {path}", "", (command.help or "").strip(), ""]
        for name in sorted(command.commands):
            lines += _command(command.commands[name], f"{path} {name}")
        return lines
    lines = [f"## {path}", "", (command.help or "").strip().replace("\n    ", "\n"), ""]
    context = Context(command, info_name=path)
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
