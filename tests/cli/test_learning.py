"""`mediaposter learning`: what is believed, and a person's say in it."""

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.feature("ARCH-006")


def test_with_nothing_learned_it_says_when_it_begins(cli: Cli) -> None:
    ended = cli("learning", "standing")
    assert ended.code == 0
    assert "Nothing is learned yet" in ended.out
    assert "vary" in cli("learning", "brief", "--for", "tweets").out


def test_a_pin_tells_how_to_take_it_back(cli: Cli) -> None:
    pinned = cli("learning", "pin", "style", "calm", "--reason", "brand week")
    undo = pinned.out.strip().partition("mediaposter ")[2].split()
    assert cli(*undo).code == 0
    (said,) = cli("learning", "adjustments", "--json").json
    assert (said["kind"], said["reason"], said["undone_at"] is not None) == ("pin", "brand week", True)


def test_a_revert_takes_a_moment_or_a_decision(cli: Cli) -> None:
    reverted = cli("learning", "revert", "2026-01-01T00:00:00Z", "--json")
    assert reverted.json["since"].startswith("2026-01-01T00:00:00")
    missing = cli("learning", "revert", "decision_nope")
    assert (missing.code, "There is no decision decision_nope" in missing.err) == (1, True)


def test_an_exclusion_for_an_account_that_is_not_there_is_refused(cli: Cli) -> None:
    assert cli("learning", "exclude", "style", "calm", "--account", "acct_typo").code == 1


def test_every_view_has_json(cli: Cli) -> None:
    for view in ("standing", "leaderboard", "brief", "explain", "adjustments"):
        ended = cli("learning", view, "--json")
        assert (view, ended.code, ended.err) == (view, 0, "")
