"""The redirect of tracked links: clicks a second, each committed before its visitor goes on, and what that costs.

A real server (`mediaposter up --no-worker`) with its own Postgres, and beside it a plain Starlette app that redirects
and stores nothing, get the same load in turns. The load comes from this machine too: server, database and load share
its cores. Then the server is killed (-9) under load, and after it the database: every click that was redirected must be
there. `--clients` is how many visitors are on their way at a time.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("MEDIAPOSTER_HOME", tempfile.mkdtemp(prefix="mp-bench-"))
HOME = Path(os.environ["MEDIAPOSTER_HOME"])
HOME.chmod(0o711)
os.environ["MEDIAPOSTER_LOG_LEVEL"] = "ERROR"

import httpx
import uvloop
from sqlalchemy import select

from mediaposter.cli.machine import machine
from mediaposter.core.settings import load_settings
from mediaposter.offers import service
from mediaposter.offers.models import OfferClick

AGENTS = [
    f"Mozilla/5.0 (iPhone; CPU iPhone OS {major}_{minor} like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
    for major in range(15, 20)
    for minor in range(20)
]
PLAIN = """
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route
import uvicorn

async def go(request):
    return RedirectResponse("https://shop.example/wick?ref=1", 302)

uvicorn.run(Starlette(routes=[Route("/r/{slug}", go)]), host="127.0.0.1", port=%d, log_level="error", access_log=False)
"""


@dataclass
class Load:
    """What a load saw: seconds of each answered request, and where each led."""

    seconds: list[float] = field(default_factory=list[float])
    clicks: list[str] = field(default_factory=list[str])
    others: int = 0
    began: float = 0.0
    ended: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / (self.ended - self.began)

    def at(self, share: float) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * share)] * 1000


class Visitor(asyncio.Protocol):
    """Asks, reads the answer, asks again, until told to stop; then `gone` is set."""

    def __init__(self, load: Load, requests: Sequence[bytes], first: int, until: float, pause: float) -> None:
        self.load, self.requests, self.next, self.until, self.pause = load, requests, first, until, pause
        self.gone = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.ask()

    def ask(self) -> None:
        if self.transport.is_closing():
            return
        self.asked = time.perf_counter()
        self.transport.write(self.requests[self.next % len(self.requests)])
        self.next += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head, self.buffer = self.buffer[:end], b""  # the redirect has no body
        now = time.perf_counter()
        if head.startswith(b"HTTP/1.1 302"):
            self.load.seconds.append(now - self.asked)
            mark = head.find(b"mp_click=")
            if mark > 0:
                self.load.clicks.append(head[mark + 9 : mark + 41].decode())
        else:
            self.load.others += 1
            self.transport.close()
            return
        if now >= self.until:
            self.transport.close()
        elif self.pause:
            asyncio.get_running_loop().call_later(max(self.asked + self.pause - now, 0), self.ask)
        else:
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)


async def press(port: int, path: str, *, seconds: float, clients: int, rate: float = 0.0) -> Load:
    """Send requests for so long, as fast as they are answered or `rate` a second in all."""
    load = Load(began=time.perf_counter())
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {agent}\r\nReferer: https://www.tiktok.com/\r\n"
        f"Accept: text/html\r\nAccept-Language: en\r\n\r\n".encode()
        for agent in AGENTS
    ]
    until = load.began + seconds
    loop = asyncio.get_running_loop()
    visitors: list[Visitor] = []
    for number in range(clients):
        with contextlib.suppress(OSError):
            make = Visitor(load, requests, number * 7, until, clients / rate if rate else 0.0)
            await loop.create_connection(lambda made=make: made, "127.0.0.1", port)
            visitors.append(make)
    await asyncio.gather(*(visitor.gone for visitor in visitors))
    load.ended = time.perf_counter()
    return load


@contextlib.contextmanager
def server(command: Sequence[str], port: int) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    for _ in range(400):
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
            break
        time.sleep(0.05)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def ours(port: int) -> list[str]:
    return [
        str(Path(sys.executable).with_name("mediaposter")),
        "up",
        "--no-worker",
        "--port",
        str(port),
        "--dashboard-port",
        "0",
    ]


async def make_link() -> str:
    async with machine(load_settings()) as ctx, ctx.database.session() as session:
        offer = await service.create_offer(session, name="Wick", url="https://shop.example/wick?ref=1")
        link = await service.create_tracked_link(
            session, offer_id=offer.id, channel="tiktok", campaign="bench", base_url=ctx.settings.site_url
        )
        return f"/r/{link.slug}"


async def stored() -> set[str]:
    async with machine(load_settings()) as ctx, ctx.database.session() as session:
        return set((await session.execute(select(OfferClick.id))).scalars())


def postmaster() -> int:
    return int((HOME / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def told(name: str, load: Load) -> None:
    print(
        f"{name:34} {load.rate:8.0f}/s   p50 {load.at(0.5):6.2f} ms   p99 {load.at(0.99):6.2f} ms   "
        f"most {load.at(0.9999):7.2f} ms   other answers {load.others}"
    )


async def killed(options: argparse.Namespace, path: str, what: str) -> list[str]:
    """Kill the server or the database under load, and return the clicks that were redirected."""
    with server(ours(options.port), options.port) as process:
        pressing = asyncio.create_task(
            press(options.port, path, seconds=options.seconds / 2, clients=options.clients, rate=options.rate)
        )
        await asyncio.sleep(options.seconds / 4)
        os.kill(process.pid if what == "server" else postmaster(), signal.SIGKILL)
        load = await pressing
    print(f"kill -9 of the {what}: {len(load.clicks)} redirected, {load.others} other answers")
    return load.clicks


async def main(options: argparse.Namespace) -> int:
    path = await make_link()
    plain = [sys.executable, "-c", PLAIN % (options.port + 1)]
    clicks: list[str] = []
    best: list[tuple[float, float]] = []
    for turn in range(options.turns):
        with server(plain, options.port + 1):
            bare = await press(options.port + 1, path, seconds=options.seconds, clients=options.clients)
        with server(ours(options.port), options.port):
            await press(options.port, path, seconds=1, clients=options.clients)
            full = await press(options.port, path, seconds=options.seconds, clients=options.clients)
            paced = await press(options.port, path, seconds=options.seconds, clients=options.clients, rate=options.rate)
        told(f"{turn + 1}. plain Starlette, nothing stored", bare)
        told(f"{turn + 1}. ours, as fast as it goes", full)
        told(f"{turn + 1}. ours, {options.rate:.0f}/s asked for", paced)
        clicks += full.clicks + paced.clicks
        best.append((full.rate / bare.rate, paced.at(0.99)))
    print(f"ours / plain: {', '.join(f'{ratio:.2f}' for ratio, _ in best)} of its requests a second")
    for what in ("server", "database"):
        clicks += await killed(options, path, what)
    lost = set(clicks) - await stored()
    print(f"{len(clicks)} clicks redirected in all, {len(lost)} of them not stored")
    return 1 if lost else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3000, help="clicks a second of the paced load")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--port", type=int, default=5610)
    raise SystemExit(uvloop.run(main(parser.parse_args())))
