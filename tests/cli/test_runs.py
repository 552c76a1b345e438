"""Runs from the command line: a draft and its approval, leaving with Ctrl-C, cancel and resume."""

import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.cli.conftest import Cli, Clip

pytestmark = pytest.mark.feature("ARCH-001", "ARCH-007")


def test_a_draft_shows_what_it_would_publish_and_goes_out_when_approved(cli: Cli, clip: Clip) -> None:
    cli("accounts", "add", "garden")
    sources = [str(clip("one.mp4")), str(clip("two.mp4", tone=330))]
    drafted = cli("run", "--clips", *sources, "--copywriter", "local", "--publish", "draft")
    assert drafted.code == 0, drafted.err
    run_id = cli("runs", "--json").json[0]["id"]
    # No log lines in between: progress on standard error, the result and the next step on standard output.
    assert {line.split()[0] for line in drafted.err.splitlines()} <= {
        "Starting", "generate", "stitch", "analyze", "write", "link",
    }  # fmt: skip
    assert f"mediaposter approve {run_id}" in drafted.out
    assert "site:garden" in drafted.out
    approved = cli("approve", run_id, "--json")
    assert (approved.code, approved.err, approved.json["state"]) == (0, "", "completed")
    assert cli("approve", run_id).code == 1


def test_ctrl_c_says_how_the_run_goes_on_and_leaves_no_process(
    cli: Cli, started: Callable[..., subprocess.Popen[str]]
) -> None:
    cli("accounts", "add", "garden")
    process = started("run", "A cotton string is enough.", "--copywriter", "local")
    assert process.stderr is not None
    seen = ""
    while "generate" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    run = cli("runs", "--json").json[0]
    assert process.returncode == 130
    for words in ("mediaposter up", f"mediaposter show {run['id']}", f"mediaposter cancel {run['id']}"):
        assert words in rest
    assert "Traceback" not in rest
    assert run["state"] in {"queued", "running"}


def test_a_detached_run_is_cancelled_and_resumed_from_the_command_line(cli: Cli, clip: Clip) -> None:
    cli("accounts", "add", "garden")
    run_id = cli("run", "--clips", str(clip("one.mp4")), "--copywriter", "local", "--detach", "--json").json["id"]
    assert "mediaposter up" in cli("show", run_id).out
    assert cli("cancel", run_id, "--json").json["state"] == "cancelled"
    assert cli("retry", "run_none").code == 1
    resumed = cli("resume", run_id, "--detach", "--json").json
    assert (resumed["state"], resumed["attempt"]) == ("queued", 2)
    assert run_id in cli("runs").out


@pytest.mark.feature("ARCH-005")
def test_accounts_offers_and_tokens_are_kept(cli: Cli) -> None:
    account = cli("accounts", "add", "garden", "--group", "green", "--json").json
    cli("accounts", "pause", account["id"], "--reason", "holidays")
    assert "paused: holidays" in cli("accounts", "list").out
    offer = cli("offers", "add", "https://example.com/course", "--cta", "Join", "--json").json
    assert offer["id"] in cli("offers", "list").out
    token = cli("tokens", "create", "laptop", "--scope", "write", "--json").json
    assert token["token"] not in cli("tokens", "list", "--json").out
    assert cli("tokens", "revoke", token["id"]).code == 0


def test_a_check_tells_each_account_and_every_problem_and_starts_nothing(cli: Cli) -> None:
    wish = ["run", "Ferns drink from their leaves.", "--copywriter", "local", "--check"]
    alone = cli(*wish, "--json")
    assert (alone.code, [one["field"] for one in alone.json["problems"]]) == (1, ["accounts"])
    cli("accounts", "add", "ann")
    told = cli(*wish)
    assert (told.code, "site:ann" in told.out, "Every account would take it." in told.out) == (0, True, True)
    assert cli(*wish, "--json").json["accounts"][0]["copy"]["title"] == "Ferns drink from their leaves"
    assert cli("runs", "--json").json == []
