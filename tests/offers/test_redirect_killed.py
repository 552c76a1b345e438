"""Clicks under kill -9: whoever was sent on is in the database, whatever died."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from mediaposter.cli.machine import machine
from mediaposter.core.settings import Settings
from mediaposter.offers import service
from mediaposter.offers.models import OfferClick
from tests.conftest import short_temp_dir

pytestmark = pytest.mark.feature("ARCH-005")


@dataclass
class Site:
    """`mediaposter up` with a database of its own, and a tracked link on it."""

    home: Path
    port: int
    slug: str = ""

    def start(self) -> subprocess.Popen[bytes]:
        command = [str(Path(sys.executable).with_name("mediaposter")), "up", "--no-worker", "--port", str(self.port)]
        command += ["--dashboard-port", "0"]
        environment = {**os.environ, "MEDIAPOSTER_HOME": str(self.home), "MEDIAPOSTER_LOG_LEVEL": "ERROR"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        return process

    def postmaster(self) -> int:
        return int((self.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


@pytest.fixture
def site() -> Iterator[Site]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    one = Site(short_temp_dir(), port)
    yield one
    shutil.rmtree(one.home, ignore_errors=True)


async def make_link(site: Site) -> str:
    async with machine(Settings(home=site.home)) as ctx, ctx.database.session() as session:
        offer = await service.create_offer(session, name="Kit", url="https://shop.example/kit")
        link = await service.create_tracked_link(
            session, offer_id=offer.id, channel="x", campaign="c", base_url=ctx.settings.site_url
        )
        return link.slug


async def visit(site: Site, until: float) -> list[str]:
    """Click again and again, and return the ids of the clicks that were sent on."""
    sent_on: list[str] = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.port}", trust_env=False) as client:
        while time.monotonic() < until:
            try:
                answer = await client.get(f"/r/{site.slug}", headers={"User-Agent": "Mozilla/5.0 (iPhone) Mobile"})
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            if answer.status_code == 302:
                sent_on.append(str(httpx.URL(answer.headers["location"]).params["mp_click"]))
    return sent_on


async def stored(site: Site) -> set[str]:
    async with machine(Settings(home=site.home)) as ctx, ctx.database.session() as session:
        return set((await session.execute(select(OfferClick.id))).scalars())


@pytest.mark.parametrize("what", ["server", "database"])
async def test_no_click_that_was_sent_on_is_lost(site: Site, what: str) -> None:
    site.slug = await make_link(site)
    process = site.start()
    try:
        until = time.monotonic() + 2.0
        visits = [asyncio.create_task(visit(site, until)) for _ in range(6)]
        await asyncio.sleep(1.0)
        os.kill(process.pid if what == "server" else site.postmaster(), signal.SIGKILL)
        clicks = [one for visitor in await asyncio.gather(*visits) for one in visitor]
    finally:
        process.kill()
        process.wait()
    assert len(clicks) > 20
    assert set(clicks) - await stored(site) == set()
