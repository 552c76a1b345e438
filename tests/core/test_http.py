"""The client for URLs that users give: it reaches the public internet and nothing else."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from mediaposter.core.errors import InvalidInputError
from mediaposter.core.http import DownloadError, UrlRefusedError, download, is_public
from mediaposter.core.settings import Settings
from tests.servers.loopback import serving

pytestmark = pytest.mark.feature("MOD-004")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    app = FastAPI()

    @app.get("/file")
    def file() -> Response:
        return Response(b"x" * 100_000)

    @app.get("/unannounced")
    def unannounced() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(4):
                yield b"x" * 65536

        return StreamingResponse(chunks())

    @app.get("/loop")
    def loop() -> RedirectResponse:
        return RedirectResponse("/loop")

    @app.get("/to")
    def to(url: str) -> RedirectResponse:
        return RedirectResponse(url)

    with serving(app) as url:
        yield url


@pytest.fixture
def guarded(home: Path) -> Settings:
    return Settings(home=home)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ],
)
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/file",
        "http://localhost:{port}/file",
        "http://127.1:{port}/file",
        "http://2130706433:{port}/file",
        "http://0x7f000001:{port}/file",
        "http://[::1]:{port}/file",
        "http://[::ffff:127.0.0.1]:{port}/file",
        "ftp://127.0.0.1/file",
        "file:///etc/passwd",
    ],
)
async def test_a_url_that_leads_inside_is_refused(url: str, server: str, guarded: Settings, tmp_path: Path) -> None:
    port = server.rpartition(":")[2]
    with pytest.raises((UrlRefusedError, DownloadError)):
        await download(url.format(port=port), tmp_path / "f", settings=guarded, max_bytes=10**6)
    assert list(tmp_path.iterdir()) == []


async def test_a_redirect_is_checked_like_the_first_url(server: str, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UrlRefusedError) as caught:
        await download(f"{server}/to?url=file:///etc/passwd", tmp_path / "f", settings=settings, max_bytes=10**6)
    assert "only http" in caught.value.detail


async def test_a_file_is_written_whole_with_its_progress(server: str, settings: Settings, tmp_path: Path) -> None:
    shares: list[float] = []
    path = await download(
        f"{server}/to?url=/file", tmp_path / "f", settings=settings, max_bytes=10**6, on_progress=shares.append
    )
    assert (path.stat().st_size, shares[-1]) == (100_000, 1.0)


@pytest.mark.parametrize("path", ["/file", "/unannounced"])
async def test_a_file_beyond_the_limit_leaves_nothing(
    path: str, server: str, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="larger than"):
        await download(server + path, tmp_path / "f", settings=settings, max_bytes=50_000)
    assert list(tmp_path.iterdir()) == []


async def test_a_missing_file_says_what_the_server_answered(server: str, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="404"):
        await download(f"{server}/nothing", tmp_path / "f", settings=settings, max_bytes=10**6)


async def test_redirects_without_end_are_given_up(server: str, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DownloadError):
        await download(f"{server}/loop", tmp_path / "f", settings=settings, max_bytes=10**6)
