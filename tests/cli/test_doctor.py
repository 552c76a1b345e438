"""What a machine says of itself, and its database brought up to date."""

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.feature("MOD-004", "MOD-005")


def test_the_doctor_names_every_part_and_what_to_do_about_what_is_missing(cli: Cli) -> None:
    ended = cli("doctor", "--json")
    findings = {finding["part"]: finding for finding in ended.json["findings"]}
    assert {"home", "ffmpeg", "database", "worker", "storage", "accounts", "provider cards", "language model", "voice",
            "speech to text", "channels", "public address"} <= findings.keys()  # fmt: skip
    assert [part for part, finding in findings.items() if finding["state"] != "ok" and not finding["fix"]] == []
    assert "MEDIAPOSTER_LANGUAGE_MODEL" in findings["language model"]["fix"]
    assert "mediaposter accounts add" in findings["accounts"]["fix"]
    assert "DATABASE_URL" in findings["database"]["found"]


def test_the_doctor_finds_a_database_that_is_down_and_goes_on(cli: Cli) -> None:
    ended = cli("doctor", "--json", DATABASE_URL="postgresql://me@127.0.0.1:1/x")
    states = {finding["part"]: finding["state"] for finding in ended.json["findings"]}
    assert (ended.code, states["database"], states["ffmpeg"]) == (1, "broken", "ok")


def test_migrate_says_that_the_database_is_up_to_date(cli: Cli) -> None:
    ended = cli("migrate", "--json")
    assert (ended.code, ended.json["changed"], ended.json["before"]) == (0, False, ended.json["after"])
