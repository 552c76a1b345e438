"""Webhooks from the command line."""

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.feature("EVENTS-001")


def test_a_webhook_is_shown_changed_tested_switched_and_removed_with_json(cli: Cli) -> None:
    made = cli("webhooks", "add", "https://a.example/events", "--json").json["id"]
    assert cli("webhooks", "edit", made, "--topic", "campaign.*", "--json").json["topics"] == ["campaign.*"]
    assert cli("webhooks", "test", made, "--json").json["state"] == "pending"
    assert cli("webhooks", "disable", made, "--json").json["disabled_reason"] == "By hand."
    assert cli("webhooks", "enable", made, "--json").json["disabled_at"] is None
    shown = cli("webhooks", "show", made)
    assert ("https://a.example/events" in shown.out, "campaign.*" in shown.out) == (True, True)
    assert cli("webhooks", "remove", made, "--json").json == {"id": made, "removed": True}
    assert cli("webhooks", "show", made).code == 1
