"""`mediaposter up` for a browser: with a database, a home and ports of its own."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from mediaposter.core import sessions
from mediaposter.core.db import Database

T = TypeVar("T")


@dataclass(frozen=True)
class Served:
    """A running server: where its dashboard is, and its database."""

    url: str
    api_url: str
    database_url: str
    home: Path

    def login_link(self) -> str:
        """Return a fresh login link."""
        return f"{self.url}/login/#code={apart(self._code())}"

    async def _code(self) -> str:
        database = Database(self.database_url)
        try:
            async with database.session() as session:
                return await sessions.make_code(session, now=datetime.now(UTC))
        finally:
            await database.close()


@contextmanager
def served(
    home: Path, database_url: str, *, worker: bool, settings: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run the server while the block runs."""
    port, dashboard_port = free_ports(2)
    command = [str(Path(sys.executable).with_name("mediaposter")), "up", "--port", str(port)]
    command += ["--dashboard-port", str(dashboard_port), "--worker" if worker else "--no-worker"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MEDIAPOSTER_")},
        "MEDIAPOSTER_HOME": str(home),
        "DATABASE_URL": database_url,
        "MEDIAPOSTER_LOG_LEVEL": "ERROR",
        **(settings or {}),
    }
    with (home / "up.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _await_answer(process, port, home / "up.log")
            yield Served(f"http://127.0.0.1:{dashboard_port}", f"http://127.0.0.1:{port}", database_url, home)
        finally:
            _end(process)


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: in the test's thread runs the loop of Playwright."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def free_ports(number: int) -> list[int]:
    """Return ports that nothing uses now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the server never answered: {log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        if child.is_running():
            child.kill()
