"""Files that come over HTTP: kept once and whole, or not at all."""

import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from mediaposter.core import problems
from mediaposter.core.context import Context
from mediaposter.media import service, uploads
from mediaposter.media.routes import router
from tests.media.conftest import Clip

pytestmark = pytest.mark.feature("ARCH-007")
UPLOADS = "/api/media/uploads"


@pytest.fixture
def app(ctx: Context) -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.include_router(router)
    return app


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def left_behind(ctx: Context) -> list[Path]:
    """Every file under the storage."""
    return [path for path in ctx.storage.folder.rglob("*") if path.is_file()]


def limit(ctx: Context, size: int) -> None:
    object.__setattr__(ctx, "settings", ctx.settings.model_copy(update={"media_max_bytes": size}))


async def test_an_uploaded_file_is_an_asset_with_its_bytes_and_its_name(api: httpx.AsyncClient, clip: Clip) -> None:
    name = {"X-File-Name": "..%2Fholiday%20%E2%9C%93.mp4", "Content-Type": "video/mp4"}
    answer = await api.post(UPLOADS, content=clip().read_bytes(), headers=name)
    asset = answer.json()

    assert (answer.status_code, asset["name"], asset["kind"], asset["origin"]) == (
        201,
        "holiday ✓.mp4",
        "video",
        "upload",
    )
    assert (await api.get(asset["file_url"])).content == clip().read_bytes()


async def test_the_same_bytes_again_are_the_same_asset(api: httpx.AsyncClient, clip: Clip) -> None:
    first, second = [await api.post(UPLOADS, content=clip().read_bytes()) for _ in range(2)]

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_file_over_the_limit_is_refused_while_it_comes(
    api: httpx.AsyncClient, ctx: Context, clip: Clip, announced: bool
) -> None:
    limit(ctx, 1000)
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 500
            yield b"x" * 500

    answer = await api.post(UPLOADS, content=b"x" * 50_000 if announced else pieces())

    assert (answer.status_code, answer.json()["code"]) == (413, "MEDIA_TOO_LARGE")
    assert "1000 bytes" in answer.json()["detail"]
    assert "MEDIAPOSTER_MEDIA_MAX_BYTES" in answer.json()["fix"]
    assert left_behind(ctx) == []
    assert read <= 50_000


@pytest.mark.parametrize("body", [b"", b"<html>not a video</html>"])
async def test_what_is_no_media_is_refused_by_its_name_and_leaves_nothing(
    api: httpx.AsyncClient, ctx: Context, body: bytes
) -> None:
    answer = await api.post(UPLOADS, content=body, headers={"X-File-Name": "notes.mp4"})

    assert (answer.status_code, answer.json()["code"]) == (422, "MEDIA_UNUSABLE")
    assert answer.json()["detail"].startswith("notes.mp4: ")
    assert left_behind(ctx) == []


async def test_a_form_is_refused_with_how_to_send_it(api: httpx.AsyncClient, clip: Clip) -> None:
    answer = await api.post(UPLOADS, files={"file": clip().read_bytes()})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Content-Type")


async def test_a_full_disk_is_told_and_leaves_nothing(
    api: httpx.AsyncClient, ctx: Context, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "sha256_of", full)

    answer = await api.post(UPLOADS, content=clip().read_bytes())

    assert (answer.status_code, answer.json()["code"]) == (507, "DISK_FULL")
    assert left_behind(ctx) == []


async def test_a_sender_that_stops_leaves_nothing(app: FastAPI, ctx: Context, clip: Clip) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": clip().read_bytes()[:5000], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(_: Message) -> None:
        return None

    scope = {"type": "http", "method": "POST", "path": UPLOADS, "query_string": b"", "headers": []}
    await app(scope, receive, send)

    assert left_behind(ctx) == []
    async with ctx.database.session() as session:
        assert await service.list_assets(session) == []


async def test_the_size_of_a_file_is_told_without_its_bytes(api: httpx.AsyncClient, clip: Clip) -> None:
    asset = (await api.post(UPLOADS, content=clip().read_bytes())).json()

    answer = await api.head(asset["file_url"])

    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["accept-ranges"]) == (str(asset["size_bytes"]), "bytes")
