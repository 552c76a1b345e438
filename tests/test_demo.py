"""The newcomer's first command, as the newcomer runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.feature("ARCH-001", "ARCH-002", "ARCH-003", "ARCH-005")


def test_the_demo_makes_a_video_and_publishes_it_on_two_pages_with_nothing_configured(home: Path) -> None:
    # A home of one's own: nothing is configured, and the database, the keys and the media begin there.
    environment = {**os.environ, "MEDIAPOSTER_HOME": str(home)}
    command = [str(Path(sys.executable).with_name("mediaposter")), "demo", "--json"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert ended.returncode == 0, ended.stderr
    left = json.loads(ended.stdout)
    assert [len(left["pages"]), len(left["links"]), left["serve"]] == [2, 2, "mediaposter up"]
    assert Path(left["master"]).stat().st_size > 1_000_000
