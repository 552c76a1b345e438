"""Addresses from which platforms fetch media: over real HTTP, with ranges, signed and for a time."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from obstore.store import S3Store
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mediaposter.app import build_app
from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.storage import Storage
from mediaposter.media import service as media
from mediaposter.publishing.materials import Material, mime_of
from mediaposter.publishing.media_urls import public_url, reachable
from tests.servers.loopback import serving_here

pytestmark = pytest.mark.feature("BLOT-001")


@pytest.fixture
async def reached(ctx: Context) -> AsyncIterator[Context]:
    """A machine that the world reaches: here, the world is loopback."""
    async with serving_here(build_app()) as url:
        known = replace(ctx, settings=ctx.settings.model_copy(update={"public_url": url}))
        context.install(known)
        yield known


@pytest.fixture
async def material(ctx: Context, asset_id: str) -> Material:
    async with ctx.database.session() as session:
        asset = await media.get_asset(session, asset_id)
    path = await media.local_path(asset, storage=ctx.storage)
    return Material(asset.id, asset.sha256, path, asset.media_facts, mime_of(asset.media_facts))


async def get(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, url, headers=headers)


def bucket() -> Starlette:
    """As much of S3 as it takes to put a file and to fetch it again."""
    files: dict[str, tuple[bytes, str]] = {}

    async def serve(request: Request) -> Response:
        if request.method == "PUT":
            files[request.url.path] = await request.body(), request.headers["content-type"]
            return Response(headers={"ETag": '"1"'})
        if request.url.path not in files:
            return Response(status_code=404)
        body, kind = files[request.url.path]
        return Response(
            body, media_type=kind, headers={"ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 09:00:00 GMT"}
        )

    return Starlette(routes=[Route("/{path:path}", serve, methods=["PUT", "GET"])])


def public_at(ctx: Context, url: str | None, *, private: bool = False) -> None:
    updated = ctx.settings.model_copy(update={"public_url": url, "allow_private_urls": private})
    context.install(replace(ctx, settings=updated))


@pytest.mark.usefixtures("reached")
async def test_anybody_with_the_address_gets_the_bytes_without_a_token(material: Material) -> None:
    answer = await get(await public_url(material))
    assert answer.content == material.path.read_bytes()


@pytest.mark.usefixtures("reached")
async def test_the_answer_tells_type_length_and_a_name_that_says_nothing_of_the_machine(material: Material) -> None:
    answer = await get(await public_url(material), "HEAD")
    assert (answer.headers["content-type"], int(answer.headers["content-length"])) == ("video/mp4", material.size)
    assert material.filename in answer.headers["content-disposition"]


@pytest.mark.usefixtures("reached")
async def test_neither_a_proxy_nor_a_browser_may_change_or_guess_it(material: Material) -> None:
    answer = await get(await public_url(material), **{"Accept-Encoding": "gzip, br"})
    assert "no-transform" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers


@pytest.mark.usefixtures("reached")
async def test_a_range_gives_that_part(material: Material) -> None:
    answer = await get(await public_url(material), Range="bytes=100-299")
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 100-299/{material.size}"
    assert answer.content == material.path.read_bytes()[100:300]


@pytest.mark.usefixtures("reached")
async def test_a_range_beyond_the_end_is_refused_with_the_length(material: Material) -> None:
    answer = await get(await public_url(material), Range=f"bytes={material.size + 5}-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{material.size}")


@pytest.mark.usefixtures("reached")
async def test_an_address_ends(material: Material) -> None:
    assert (await get(await public_url(material, valid=timedelta(seconds=-1)))).status_code == 410


async def test_a_longer_life_cannot_be_written_into_an_address(reached: Context, material: Material) -> None:
    url = await public_url(material)
    token = url.removeprefix(f"{reached.settings.public_url}/m/").partition("/")[0]
    for place in (0, 5, len(token) // 2, len(token) - 3):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert (await get(f"{reached.settings.public_url}/m/{changed}")).status_code == 404


async def test_what_is_no_token_is_nothing(reached: Context) -> None:
    for token in ("x", "ä", "....", "A" * 400, "%00"):
        assert (await get(f"{reached.settings.public_url}/m/{token}")).status_code == 404


@pytest.mark.usefixtures("reached")
async def test_a_file_that_was_changed_since_is_not_served(material: Material) -> None:
    url = await public_url(material)
    before = material.path.read_bytes()
    try:
        material.path.write_bytes(b"other bytes")
        assert (await get(url)).status_code == 404
    finally:
        material.path.write_bytes(before)


@pytest.mark.parametrize(
    "address", [None, "http://example.com", "https://127.0.0.1:5555", "https://localhost", "https://[fd00::1]"]
)
async def test_without_an_address_that_the_world_reaches_the_setting_is_named(
    ctx: Context, material: Material, address: str | None
) -> None:
    public_at(ctx, address)
    with pytest.raises(NotConfiguredError) as refusal:
        await public_url(material)
    assert refusal.value.setting == "MEDIAPOSTER_PUBLIC_URL"


async def test_object_storage_gets_the_file_and_gives_a_signed_address_of_its_own(
    ctx: Context, material: Material
) -> None:
    async with serving_here(bucket()) as url:
        store = S3Store(
            "bucket",
            endpoint=url,
            access_key_id="a",
            secret_access_key="b",
            region="here",
            client_options={"allow_http": True},
        )
        context.install(replace(ctx, storage=Storage(ctx.storage.folder, store)))
        address = await public_url(material, valid=timedelta(hours=1))
        fetched = await get(address)
    assert httpx.URL(address).params["X-Amz-Expires"] == "3600"
    assert (fetched.content, fetched.headers["content-type"]) == (material.path.read_bytes(), "video/mp4")


@pytest.mark.usefixtures("reached")
async def test_the_self_test_fetches_a_part_of_nothing_important() -> None:
    assert (await reachable()).ok


async def test_the_self_test_says_what_to_set(ctx: Context) -> None:
    public_at(ctx, None)
    check = await reachable()
    assert not check.ok
    assert "MEDIAPOSTER_PUBLIC_URL" in check.fix


async def test_the_self_test_sees_an_address_that_leads_inside(ctx: Context) -> None:
    public_at(ctx, "https://127.0.0.1.nip.invalid")
    assert not (await reachable()).ok
