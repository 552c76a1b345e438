"""Campaigns from the command line: what was asked for is what is kept, and bad words are told by their option."""

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.feature("ARCH-004")
ASKED = ["--account", "site:ann", "--copywriter", "local"]


@pytest.fixture
def ann(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    points = tmp_path_factory.mktemp("points") / "points.txt"
    points.write_text("Rain is soft water.\nFerns like shade.\n")
    cli("accounts", "add", "ann")
    return [*ASKED, "--points", str(points)]


def test_budgets_an_end_and_what_is_missed_are_kept_and_shown(cli: Cli, ann: list[str]) -> None:
    bounds = [
        "--until",
        "2030-12-31T18:00:00Z",
        "--missed",
        "run_once",
        "--link-budget",
        "4/1",
        "--money-budget",
        "2.50/30",
    ]
    made = cli("campaigns", "create", "Ferns", *ann, *bounds, "--json").json
    plan = cli("campaigns", "show", made["id"], "--json").json["plan"]
    assert (plan["until"], plan["missed"]) == ("2030-12-31T18:00:00Z", "run_once")
    assert plan["link_budget"] == {"links": 4, "days": 1}
    assert plan["money_budget"] == {"micros": 2_500_000, "currency": "USD", "days": 30}


def test_a_budget_that_is_none_names_its_option(cli: Cli, ann: list[str]) -> None:
    told = cli("campaigns", "create", "Ferns", *ann, "--money-budget", "much")
    assert told.code != 0
    assert "such as 4/1" in told.err


def test_a_plan_is_changed_by_options_and_a_tweet_by_its_number(cli: Cli, ann: list[str]) -> None:
    made = cli("campaigns", "create", "Ferns", *ann, "--count", "9", "--json").json
    changed = cli("campaigns", "edit", made["id"], "--every", "180", "--quiet", "22:00-07:00", "--count", "0", "--json")
    plan = changed.json["campaign"]["plan"]
    assert (plan["interval_minutes"], plan["quiet_hours"]["start"], plan["count"]) == (180, "22:00:00", None)
    assert changed.json["next"][0]["number"] == 1
    assert cli("campaigns", "edit", made["id"], "1", "Mine.", "--json").json["texts"] == ["Mine."]
    assert cli("campaigns", "edit", made["id"]).code == 2
