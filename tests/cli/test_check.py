"""`mediaposter check`: whether accounts would take a file."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Clip

pytestmark = pytest.mark.feature("BLOT-001")


def test_a_file_is_checked_against_a_channel_where_it_lies(cli: Cli, clip: Clip) -> None:
    refused = cli("check", str(clip()), "--channel", "site")
    taken = cli("check", str(clip()), "--channel", "site", "--title", "A fern")
    assert (refused.code, taken.code) == (1, 0)
    assert "title: a title is required, found none. Write a title." in refused.out
    assert "site" in taken.out


def test_every_account_is_told_with_codes_for_programs(cli: Cli, clip: Clip) -> None:
    cli("accounts", "add", "fern")
    ended = cli("check", str(clip()), "--accounts", "all", "--json")
    assert ended.code == 1
    assert [one["code"] for one in ended.json["accounts"][0]["broken"]] == ["TITLE_REQUIRED"]


def test_a_file_that_is_no_media_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no video")
    ended = cli("check", str(tmp_path / "words.mp4"), "--channel", "site")
    assert (ended.code, "words.mp4" in ended.err) == (2, True)
