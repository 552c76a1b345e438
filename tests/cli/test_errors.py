"""Bad input and broken surroundings: a sentence, the next step, the right exit code, never a traceback."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.feature("MOD-004")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("bogus",), 2, ("bogus", "mediaposter --help")),
        (("runs", "--limit", "many"), 2, ("--limit", "integer", "mediaposter runs --help")),
        (("run",), 2, ("nothing to make a video of", "--clips")),
        (("run", "x", "--publish", "tomorrow"), 2, ("publish", "'next_slot'", "--publish")),
        (("run", "x", "--seconds", "9999"), 2, ("seconds", "less than or equal to 600", "--seconds")),
        (("run", "x", "--cta", "Buy"), 2, ("--cta", "--offer")),
        (("run", "x", "--copywriter", "local"), 2, ("no account", "mediaposter accounts add")),
        (("show", "run_none"), 1, ("run_none", "mediaposter runs")),
        (("accounts", "add", "a b!"), 2, ("handle", "letters")),
        (("offers", "add", "example.com"), 2, ("url", "https://")),
        (("publications", "show", "pub_none"), 1, ("pub_none", "publications list")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and value else None,
)
def test_bad_input_is_refused_with_what_to_do(
    cli: Cli, args: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    ended = cli(*args)
    assert (ended.code, ended.out) == (code, "")
    assert "Traceback" not in ended.err
    assert [word for word in words if word not in ended.err] == []


@pytest.mark.parametrize(
    "args", [("bogus", "--json"), ("run", "x", "--aspect", "3:7", "--json"), ("show", "x", "--json")]
)
def test_with_json_an_error_is_one_json_document_and_nothing_else(cli: Cli, args: tuple[str, ...]) -> None:
    ended = cli(*args)
    assert ended.code != 0
    assert ended.err == ""
    assert {"code", "detail", "fix", "errors"} == ended.json.keys()


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"prompts": [', "JSON"), ('{"prompts": ["x"], "promts": 1}', "promts"), ('{"prompts": [1]}', "prompts.0")],
)
def test_a_config_file_that_is_wrong_is_named_with_its_field(cli: Cli, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text)
    ended = cli("run", "--config", str(file))
    assert ended.code == 2
    assert words in ended.err
    assert str(file) in ended.err


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MEDIAPOSTER_PORT", "abc", "MEDIAPOSTER_PORT"),
        ("MEDIAPOSTER_SLOTS", "nine", "MEDIAPOSTER_SLOTS"),
        ("DATABASE_URL", "mysql://u:p@127.0.0.1/x", "postgresql://"),
        ("MEDIAPOSTER_STORAGE_URL", "bucket", "s3://"),
        ("MEDIAPOSTER_SECRET_KEY", "short", "mediaposter secret-key"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(cli: Cli, variable: str, value: str, words: str) -> None:
    ended = cli("accounts", "list", **{variable: value})
    assert ended.code in {1, 2}
    assert "Traceback" not in ended.err
    assert variable in ended.err
    assert words in ended.err


def test_a_database_that_does_not_answer_is_said_without_its_password(cli: Cli) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        ended = cli("runs", "--json", DATABASE_URL=f"postgresql://me:hunter2@127.0.0.1:{closed.getsockname()[1]}/x")
    assert ended.code == 1
    assert "does not answer" in ended.json["detail"]
    assert "hunter2" not in json.dumps(ended.json)


def test_a_home_that_cannot_be_written_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = cli("runs", MEDIAPOSTER_HOME=str(tmp_path / "file" / "home"))
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert str(tmp_path / "file") in ended.err


def test_a_model_without_its_key_is_refused_before_the_run_begins(cli: Cli) -> None:
    cli("accounts", "add", "garden")
    ended = cli("run", "x", "--json", MEDIAPOSTER_LANGUAGE_MODEL="openai:gpt-6-luna")
    assert ended.json["code"] == "NOT_CONFIGURED"
    assert "OPENAI_API_KEY" in ended.json["fix"]
    assert cli("runs", "--json").json == []


def test_an_empty_setting_is_as_good_as_none(cli: Cli) -> None:
    assert cli("accounts", "list", MEDIAPOSTER_STORAGE_URL="", MEDIAPOSTER_PORT="").code == 0


def test_the_installed_command_gives_its_version_and_an_exit_code(cli: Cli) -> None:
    process = cli.start("--version")
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said.split()[0]) == (0, "mediaposter")
    process = cli.start("bogus")
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (2, False)
