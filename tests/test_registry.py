"""No room's durable work is forgotten by the workers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mediaposter

pytestmark = pytest.mark.feature("MOD-003")
ROOT = Path(mediaposter.__file__).parent
LOADED = "import sys; from mediaposter.registry import load_workflows; load_workflows(); print(*sys.modules)"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that has loaded what a worker loads, and nothing that a test asked for."""
    return set(
        subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.parametrize("declared", ["engine.workflow", "engine.step", "timeline.on_due", "events.subscribe"])
def test_a_worker_loads_every_module_that_declares_durable_work(declared: str, loaded: set[str]) -> None:
    declaring = {
        ".".join(["mediaposter", *file.relative_to(ROOT).with_suffix("").parts])
        for file in ROOT.rglob("*.py")
        if re.search(rf"^@{re.escape(declared)}\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert declaring
    assert declaring - loaded == set()
