"""A real Bluesky data server gets posts from our channel: the code that bsky.social runs, with its own directory."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing import service
from mediaposter.publishing.channel import Absent, Found
from mediaposter.publishing.channels.bluesky import BlueskyChannel, record_key
from mediaposter.publishing.connecting import paste
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import OutcomeUnknownError
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import outgoing_of
from mediaposter.publishing.platform import close_clients
from tests.publishing.driving import drive, read

pytestmark = [pytest.mark.peer, pytest.mark.feature("BLOT-001")]
_PEER = Path(__file__).parents[2] / "peers" / "bluesky"
TEXT = "Ümläut 🌱 plants drink by a string: https://example.com/jar?x=1. Ask @helper.test"


@dataclass
class Peer:
    """A running data server."""

    url: str

    def call(self, method: str, *, token: str = "", **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.post(f"{self.url}/xrpc/{method}", json=body, headers=headers, trust_env=False, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, method: str, **asked: str) -> httpx.Response:
        return httpx.get(f"{self.url}/xrpc/{method}", params=asked, trust_env=False, timeout=30)

    def posts(self, account: Account) -> list[dict[str, Any]]:
        asked = {"repo": account.external_id, "collection": "app.bsky.feed.post"}
        return self.get("com.atproto.repo.listRecords", **asked).json()["records"]

    def enrol(self, name: str) -> dict[str, Any]:
        made = self.call(
            "com.atproto.server.createAccount",
            handle=f"{name}.test",
            email=f"{name}@example.com",
            password="correct horse",
        )
        app = self.call("com.atproto.server.createAppPassword", token=made["accessJwt"], name="mediaposter")
        return {"did": made["did"], "handle": made["handle"], "password": app["password"]}


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    node = shutil.which("node")
    assert node, "this test needs node 20 or newer"
    assert (_PEER / "node_modules").is_dir(), "install the peer first: make peers"
    folder = tmp_path_factory.mktemp("pds")
    process = subprocess.Popen(
        [node, str(_PEER / "server.mjs"), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Peer(json.loads(process.stdout.readline())["url"])
    finally:
        process.stdin.close()
        process.wait(10)


@pytest.fixture
async def account(ctx: Context, peer: Peer, request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    name = "g" + hashlib.sha256(request.node.name.encode()).hexdigest()[:10]
    known = peer.enrol(name)
    values = {"identifier": known["handle"], "password": known["password"], "service": peer.url}
    [found] = await paste.identify("bluesky", values)
    assert (found.external_id, found.handle) == (known["did"], known["handle"])
    async with ctx.database.session() as session:
        made = await service.create_account(
            session,
            channel="bluesky",
            handle=found.handle,
            external_id=found.external_id,
            credentials=found.credentials,
            secrets=ctx.secrets,
        )
    yield made
    await close_clients()


async def publish(ctx: Context, account: Account, *assets: str, text: str = TEXT, thread: tuple[str, ...] = ()) -> str:
    async with ctx.database.session() as session:
        post = await service.create_post(session, asset_ids=assets, title="A post")
        copy = Copy(description=text, hashtags=("garden",), alt_text="A jar with a string.", thread=thread)
        row = await service.plan_publication(session, post_id=post.id, account_id=account.id, copy=copy)
    assert await drive(ctx, row.id) is Outcome.CONFIRMED
    return row.id


async def test_a_post_with_a_picture_and_marked_links_is_on_the_server(
    ctx: Context, peer: Peer, account: Account, picture: Path
) -> None:
    helper = peer.enrol("helper")
    async with ctx.database.session() as session:
        asset = await media.register(session, str(picture), storage=ctx.storage, limits=MediaLimits.of(ctx.settings))
    number = await publish(ctx, account, asset.id)
    record = peer.get(
        "com.atproto.repo.getRecord",
        repo=account.external_id,
        collection="app.bsky.feed.post",
        rkey=record_key(number),
    ).json()["value"]
    raw = record["text"].encode()
    marked = {
        raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode(): one["features"][0]
        for one in record["facets"]
    }
    assert marked == {
        "https://example.com/jar?x=1": {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/jar?x=1"},
        "@helper.test": {"$type": "app.bsky.richtext.facet#mention", "did": helper["did"]},
        "#garden": {"$type": "app.bsky.richtext.facet#tag", "tag": "garden"},
    }
    [image] = record["embed"]["images"]
    assert (image["alt"], image["aspectRatio"]) == ("A jar with a string.", {"width": 1080, "height": 1350})
    blob = peer.get("com.atproto.sync.getBlob", did=account.external_id, cid=image["image"]["ref"]["$link"])
    assert (len(blob.content), blob.headers["content-type"]) == (image["image"]["size"], "image/jpeg")


async def test_a_publication_that_is_sent_twice_is_one_record(ctx: Context, peer: Peer, account: Account) -> None:
    number = await publish(ctx, account)
    row = await read(ctx, number)
    outgoing, channel = outgoing_of(row, ctx.secrets), BlueskyChannel()
    with pytest.raises(OutcomeUnknownError):
        await channel.commit(outgoing, await channel.prepare(outgoing))
    assert [one["uri"] for one in peer.posts(account)] == [row.external_id]


async def test_find_tells_what_is_there_from_what_is_not(ctx: Context, account: Account) -> None:
    row = await read(ctx, await publish(ctx, account))
    found = await BlueskyChannel().find(outgoing_of(row, ctx.secrets))
    assert isinstance(found, Found)
    assert found.external_id == row.external_id
    async with ctx.database.session() as session:
        post = await service.create_post(session)
        other = await service.plan_publication(
            session, post_id=post.id, account_id=account.id, copy=Copy(description="Never sent")
        )
    assert isinstance(await BlueskyChannel().find(outgoing_of(await read(ctx, other.id), ctx.secrets)), Absent)


async def test_a_thread_hangs_together_on_the_server(ctx: Context, peer: Peer, account: Account) -> None:
    first = await publish(ctx, account, thread=("The second part.",))
    async with ctx.database.session() as session:
        [second] = await service.parts_of(session, await service.get_publication(session, first))
    assert await drive(ctx, second.id) is Outcome.CONFIRMED
    root = (await read(ctx, first)).external_id
    [reply] = [one["value"]["reply"] for one in peer.posts(account) if "reply" in one["value"]]
    assert (reply["root"]["uri"], reply["parent"]["uri"]) == (root, root)
