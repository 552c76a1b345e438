"""The documents say what the program does: every command, setting, channel, provider and event has its place."""

import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from mediaposter.cli.app import app
from mediaposter.core.settings import Settings, variable_name
from mediaposter.publishing.channel_settings import variable_of
from mediaposter.publishing.registry import load_channels

pytestmark = pytest.mark.feature("MOD-004")
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
GUIDES = "\n".join(page.read_text() for page in PAGES)
REFERENCE = ROOT / "docs" / "reference"


def commands() -> dict[str, set[str]]:
    """Every command with its options."""
    found: dict[str, set[str]] = {}

    def walk(group: TyperGroup, path: str) -> None:
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                walk(command, f"{path}{name} ")
            else:
                options = {
                    option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
                }
                found[path + name] = options | {"--help"}

    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    walk(root, "")
    return found


COMMANDS = commands()


def variables_of_options() -> set[str]:
    """The environment variables that stand for options."""
    found: set[str] = set()

    def walk(command: Any) -> None:
        found.update(one.envvar for one in command.params if isinstance(one.envvar, str))
        for inner in getattr(command, "commands", {}).values():
            walk(inner)

    walk(typer.main.get_command(app))
    return found


def written_commands() -> list[str]:
    """Every `mediaposter ...` in the README and the guides, whole lines of code and pieces of sentences."""
    lines = [line.strip() for block in re.findall(r"```\n(.*?)```", GUIDES, re.S) for line in block.splitlines()]
    pieces = re.findall(r"`((?:\.venv/bin/)?mediaposter [^`]+)`", re.sub(r"```.*?```", "", GUIDES, flags=re.S))
    return [line for line in lines if re.match(r"(\.venv/bin/)?mediaposter ", line)] + [
        " ".join(p.split()) for p in pieces
    ]


@pytest.mark.parametrize("line", sorted(set(written_commands())))
def test_every_command_in_the_guides_exists_with_its_options(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if words[0].startswith("--"):
        return
    name = words[0] if words[0] in COMMANDS else " ".join(words[:2])
    assert name in COMMANDS
    assert {word for word in words if word.startswith("--")} <= COMMANDS[name]


def test_the_reference_is_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_every_command_and_setting_is_in_the_reference() -> None:
    page = (REFERENCE / "cli.md").read_text()
    assert [name for name in COMMANDS if f"## mediaposter {name}\n" not in page] == []
    page = (REFERENCE / "settings.md").read_text()
    assert [name for name in map(variable_name, Settings.model_fields) if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("kind", ["channels", "providers"])
def test_every_channel_and_provider_has_a_heading_in_the_guides(kind: str) -> None:
    assert [e.name for e in entry_points(group=f"mediaposter.{kind}") if f"\n### `{e.name}`\n" not in GUIDES] == []


def test_every_topic_of_an_event_is_in_the_guide_of_the_api() -> None:
    guide = (ROOT / "docs" / "guides" / "api.md").read_text()
    source = "\n".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    topics = re.findall(r'emit\(\s*\w+,\s*f?"([a-z_.]+)', source)
    assert len(topics) > 10
    rooms = {topic.rpartition(".")[0] + "." for topic in topics}
    assert [room for room in rooms if f"`{room}" not in guide] == []
    assert [t for t in topics if not t.endswith(".") and f".{t.rpartition('.')[2]}`" not in guide] == []


def test_every_link_between_the_documents_leads_to_a_file() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_setting_that_the_guides_name_exists() -> None:
    known = set(map(variable_name, Settings.model_fields))
    for channel in load_channels().values():
        if settings := getattr(channel, "settings", None):
            known |= {variable_of(settings, name) for name in settings.model_fields}
    assert set(re.findall(r"\bMEDIAPOSTER_[A-Z_]+\b", GUIDES)) <= known | variables_of_options()


def test_all_that_it_is_built_with_is_in_the_notices() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
    lock = (ROOT / "requirements.lock").read_text()
    packages = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", lock, re.M))
    packages |= set(json.loads((ROOT / "dashboard" / "package.json").read_text())["dependencies"])
    named = set(re.findall(r"[\w@./-]+", notices))
    assert len(packages) > 100
    assert sorted(packages - named) == []
