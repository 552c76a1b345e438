"""`mediaposter up`: what it serves, how it keeps its worker, how it ends."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.conftest import Cli, Forker, descendants, end, environment_of, until
from tests.conftest import Postgres, short_temp_dir

Start = Callable[..., subprocess.Popen[str]]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> httpx.Response | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
    except httpx.TransportError:
        return None


@pytest.fixture(scope="module")
def pages(postgres: Postgres, forker: Forker) -> Iterator[httpx.Client]:
    """`mediaposter up` without a worker, with one account."""
    home, name, port = short_temp_dir(), postgres.databases.take(), free_port()
    cli = Cli(environment_of(home, postgres.url(name)), forker)
    cli("accounts", "add", "garden", "--name", "The garden")
    process = cli.start("up", "--no-worker", "--port", str(port), MEDIAPOSTER_LOG_LEVEL="ERROR")
    until(lambda: answers(port), "the server answers")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client
    end(process)
    shutil.rmtree(home, ignore_errors=True)
    postgres.databases.give_back(name)


@pytest.mark.feature("MOD-005")
def test_health_says_what_is_up_without_a_token(pages: httpx.Client) -> None:
    answer = pages.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert answer.json()["checks"]["workers"] == {"status": "stopped", "count": 0, "asleep": 0}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/@garden", "text/html"),
        ("/@garden/rss.xml", "application/rss+xml"),
        ("/@garden/feed.json", "application/feed+json"),
        ("/api/docs", "text/html"),
        ("/api/openapi.json", "application/json"),
    ],
)
@pytest.mark.feature("ARCH-007")
def test_the_site_and_the_documents_of_the_api_are_open(pages: httpx.Client, path: str, kind: str) -> None:
    answer = pages.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.feature("ARCH-007")
def test_the_api_asks_for_a_token_and_says_how_to_get_one(pages: httpx.Client) -> None:
    answer = pages.get("/api/pipeline/runs")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert "mediaposter tokens create" in answer.json()["fix"]


@pytest.mark.feature("MOD-005")
def test_a_port_that_is_taken_is_named_with_another_to_choose(cli: Cli) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ended = cli("up", "--port", str(port))
    assert ended.code == 1
    assert f"--port {port + 1}" in ended.err


@pytest.mark.feature("MOD-006")
def test_sigterm_ends_the_server_its_worker_and_its_database(started: Start, home: Path) -> None:
    # With the embedded database, as on a laptop.
    port = free_port()
    process = started("up", "--port", str(port), DATABASE_URL="")
    until(lambda: answers(port), "the server answers")
    children = descendants(process)
    assert len(children) >= 3  # the worker, Postgres's keeper, Postgres
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


@pytest.mark.feature("MOD-003", "MOD-006")
@pytest.mark.chaos
def test_a_killed_worker_is_started_again(started: Start) -> None:
    port = free_port()
    process = started("up", "--port", str(port), MEDIAPOSTER_WORKER_LEASE_SECONDS="2")
    until(lambda: answers(port), "the server answers")
    (worker,) = [child for child in descendants(process) if "mediaposter.worker" in child.cmdline()]
    worker.kill()
    worker.wait(10)

    def another() -> bool:
        answer = answers(port)
        return answer is not None and answer.json()["checks"]["workers"]["count"] == 1

    until(another, "another worker lives")
    assert worker.pid not in [child.pid for child in descendants(process)]
