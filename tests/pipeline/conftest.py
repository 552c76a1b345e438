"""A whole machine for the pipeline: accounts, clips, the engine and the loops of a worker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from mediaposter.app import build_app
from mediaposter.core import events, timeline
from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.core.settings import Settings
from mediaposter.core.tokens import Scope, create_token
from mediaposter.publishing.models import Account
from mediaposter.registry import load_workflows
from tests.engine import engine
from tests.generation.conftest import tiny_video, vendor
from tests.media.conftest import Clip, clip, media_folder
from tests.publishing.conftest import add_account, platform

__all__ = ["clip", "engine", "media_folder", "platform", "tiny_video", "vendor"]
load_workflows()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without speech to text: what it hears has tests of its own."""
    settings.transcription = "none"
    return settings


@pytest.fixture
async def worker(ctx: Context, engine: Engine) -> AsyncIterator[Engine]:
    """All that a worker does, in this process."""
    loops = [asyncio.create_task(loop) for loop in (events.run_subscribers(ctx), timeline.run(ctx))]
    yield engine
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


@pytest.fixture
async def accounts(ctx: Context) -> Sequence[Account]:
    """Two accounts of the site channel."""
    return [await add_account(ctx, "site", handle) for handle in ("greenroom", "windowsill")]


@pytest.fixture
def three(clip: Clip) -> list[Path]:
    """Three clips of a second that match each other."""
    return [clip(f"part{number}.mp4", tone=300 + 100 * number, volume=0.1) for number in (1, 2, 3)]


@pytest.fixture
def clip_of_one(three: list[Path]) -> Path:
    """One clip, which is its own master."""
    return three[0]


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a token that may write."""
    async with ctx.database.session() as session:
        token, _ = await create_token(session, name="test", scope=Scope.WRITE)
    transport = httpx.ASGITransport(build_app())
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:5555", headers=headers) as client:
        yield client
