"""The installed command, as a user runs it: its own process, its own home, a real database."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.media.conftest import Clip, clip, media_folder

__all__ = ["Clip", "clip", "media_folder"]
COMMAND = str(Path(sys.executable).with_name("mediaposter"))


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


class Forker:
    """Runs commands in children of one process that has their imports behind it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.forking"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, args: Sequence[str], environment: Mapping[str, str]) -> Ended:
        """Run a command to its end."""
        out, err = self._folder / "out", self._folder / "err"
        asked = {"args": args, "environment": environment, "folder": str(Path.cwd()), "out": str(out), "err": str(err)}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Ended(code, out.read_text(), err.read_text())

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@pytest.fixture(scope="session")
def forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    forker = Forker(tmp_path_factory.mktemp("commands"))
    yield forker
    forker.close()


@dataclass(frozen=True)
class Cli:
    """Runs commands with one home and one database."""

    environment: Mapping[str, str] = field(repr=False)
    forker: Forker

    def __call__(self, *args: str, **environment: str) -> Ended:
        """Run a command to its end."""
        return self.forker.run(args, {**self.environment, **environment})

    def start(self, *args: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [COMMAND, *args],
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs the tests in the background lets its children ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )


def environment_of(home: Path, database_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "MEDIAPOSTER_HOME": str(home),
        "DATABASE_URL": database_url,
        "MEDIAPOSTER_DASHBOARD_PORT": "0",  # two servers at once would want the same one
    }


@pytest.fixture
def cli(home: Path, database_url: str, forker: Forker) -> Cli:
    return Cli(environment_of(home, database_url), forker)


@pytest.fixture
def started(cli: Cli) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start commands that are ended, with all that they started, when the test is over."""
    running: list[subprocess.Popen[str]] = []

    def start(*args: str, **environment: str) -> subprocess.Popen[str]:
        running.append(cli.start(*args, **environment))
        return running[-1]

    yield start
    for process in running:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Kill what is left of a command."""
    for left in descendants(process):
        left.kill()
    if process.poll() is None:
        process.kill()
    process.communicate()


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the processes that a command has started."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until something is so, and return it."""
    for _ in range(600):
        if found := true():
            return found
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")
