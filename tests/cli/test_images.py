"""Pictures from the command line: the price before, the picture in its size, and nothing paid twice."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mediaposter.media.limits import MediaLimits
from mediaposter.media.probe import probe
from tests.cli.conftest import Cli, until
from tests.servers.media_vendor import KEY
from tests.servers.pictures import png
from tests.servers.stability_server import StabilityServer

pytestmark = pytest.mark.feature("ARCH-002")


@pytest.fixture
def server() -> Iterator[StabilityServer]:
    with StabilityServer(draw=png).running() as server:
        yield server


def environment(server: StabilityServer) -> dict[str, str]:
    return {
        "MEDIAPOSTER_IMAGE_MODEL": "stability:core",
        "MEDIAPOSTER_IMAGE_BASE_URL": server.url,
        "STABILITY_API_KEY": KEY,
    }


def test_a_picture_is_priced_drawn_in_its_size_and_not_paid_again(
    cli: Cli, server: StabilityServer, tmp_path: Path
) -> None:
    given = environment(server)
    asked = cli("images", "draw", "A fern in morning light", "--dry-run", "--json", **given).json
    assert (asked["price_micros"], asked["had_before"], server.requests) == (30_000, False, [])
    file = tmp_path / "fern.png"
    drawn = cli(
        "images", "draw", "A fern in morning light", "--size", "1280x720", "--out", str(file), "--json", **given
    )
    assert (drawn.json["cost_micros"], drawn.json["model"]) == (30_000, "stability:core")
    facts = probe(file, MediaLimits()).video
    assert facts is not None
    assert (facts.width, facts.height) == (1280, 720)
    again = cli("images", "draw", "A fern in morning light", **given)
    assert "bought before" in again.out
    assert server.made == 1
    (row,) = cli("images", "list", "--json", **given).json
    assert (row["kind"], row["state"], row["cost_usd"]) == ("image", "bought", 0.03)


def test_what_a_killed_command_ordered_is_not_ordered_again_unless_a_person_says_so(
    cli: Cli, server: StabilityServer, started: Callable[..., subprocess.Popen[str]]
) -> None:
    server.slow_seconds = 5
    server.plays("slow")
    command = started("images", "draw", "A fern", **environment(server))
    until(lambda: server.made, "the vendor was not asked")
    command.kill()
    command.wait()
    ended = cli("images", "draw", "A fern", "--json", **environment(server))
    assert (ended.code, len(server.requests)) == (1, 1)
    assert "PURCHASE_UNKNOWN" in ended.out + ended.err
    assert "--again" in ended.out + ended.err
    assert cli("images", "draw", "A fern", "--again", **environment(server)).code == 0
    (row,) = cli("images", "list", "--json", **environment(server)).json
    assert (row["state"], row["cost_usd"]) == ("bought", 0.06)  # the order nobody knows of counts too


@pytest.mark.parametrize("wrong", [("--size", "large"), ("--out", "fern.gif"), ("--model", "paint:er")])
def test_a_wrong_option_is_told_before_anything_is_asked(
    wrong: tuple[str, str], cli: Cli, server: StabilityServer
) -> None:
    ended = cli("images", "draw", "A fern", *wrong, **environment(server))
    assert ended.code != 0
    assert ended.err
    assert server.requests == []


def test_the_doctor_asks_the_vendor_of_the_image_model(cli: Cli, server: StabilityServer) -> None:
    findings = {one["part"]: one for one in cli("doctor", "--json", **environment(server)).json["findings"]}
    assert "12.5 credits" in findings["image model"]["found"]
    wrong = environment(server) | {"STABILITY_API_KEY": "old"}
    ended = cli("doctor", "--json", **wrong)
    findings = {one["part"]: one for one in ended.json["findings"]}
    assert findings["image model"]["state"] == "broken"
    assert "STABILITY_API_KEY" in findings["image model"]["fix"]
