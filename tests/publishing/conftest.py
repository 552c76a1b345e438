"""Accounts, tiny masters and a platform to publish on."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.ffmpeg import executable
from mediaposter.media.limits import MediaLimits
from mediaposter.offers.redirect import RedirectMiddleware
from mediaposter.publishing import service
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.routes import router
from mediaposter.publishing.schemas import Burst, Profile
from mediaposter.publishing.site.routes import router as site
from tests.engine import engine
from tests.media.conftest import Clip, clip, media_folder
from tests.publishing.contract_channel import ContractChannel, UnreadableChannel
from tests.servers.channel_server import TOKEN, ChannelServer

__all__ = ["clip", "engine", "media_folder"]


@pytest.fixture
def platform() -> Iterator[ChannelServer]:
    """The contract server, and the channels that speak to it."""
    register(ContractChannel())
    register(UnreadableChannel())
    with ChannelServer().running() as server:
        yield server
    for name in ("contract", "unreadable"):
        del load_channels()[name]


@pytest.fixture
async def asset_id(ctx: Context, clip: Clip) -> str:
    """A master of one second, which browsers play as it is."""
    source = clip("master.mp4", extra=("-movflags", "+faststart"))
    async with ctx.database.session() as session:
        limits = MediaLimits.of(ctx.settings)
        return (await media.register(session, str(source), storage=ctx.storage, limits=limits)).id


@pytest.fixture(scope="session")
def picture(media_folder: Path) -> Path:
    """A photograph of a kind, 1080 by 1350 pixels."""
    into = media_folder / "picture.jpg"
    if not into.exists():
        drawing = ["-f", "lavfi", "-i", "testsrc2=s=1080x1350", "-frames:v", "1", "-q:v", "3", str(into)]
        subprocess.run([str(executable()), "-v", "error", "-y", *drawing], check=True)
    return into


async def add_account(ctx: Context, channel: str, handle: str, server: ChannelServer | None = None) -> Account:
    async with ctx.database.session() as session:
        return await service.create_account(
            session,
            channel=channel,
            handle=handle,
            name=handle.title(),
            credentials={"url": server.url, "token": TOKEN} if server else None,
            secrets=ctx.secrets,
        )


@pytest.fixture
async def site_account(ctx: Context) -> Account:
    async with ctx.database.session() as session:
        account = await service.create_account(
            session, channel="site", handle="Fern", name="Fern & Co", profile=Profile(bio="Plants.", accent="#0f766e")
        )
        return await service.update_account(session, account.id, burst=Burst(posts=0, minutes=1))


@pytest.fixture
async def account(ctx: Context, platform: ChannelServer) -> Account:
    return await add_account(ctx, "contract", "ann", platform)


@pytest.fixture
async def web(ctx: Context) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of a person on the public site, and a client of the API without its tokens."""
    app = FastAPI()
    problems.install(app)
    app.add_middleware(RedirectMiddleware)
    for one in (router, site):
        app.include_router(one)
    headers = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 Safari/604.1"}
    transport = httpx.ASGITransport(app, client=("127.0.0.9", 5000))
    async with httpx.AsyncClient(transport=transport, base_url=ctx.settings.site_url, headers=headers) as client:
        yield client
