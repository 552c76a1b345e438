"""What is peculiar to TikTok: pieces of which the last one posts, what a creator may, the inbox, pictures by URL."""

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Absent, Confirmation, Found, Handle, Metrics, Outgoing, Prepared, Unreadable
from mediaposter.publishing.channels.tiktok import TikTokChannel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import RejectedError
from mediaposter.publishing.models import Account
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import close_clients
from tests.media.conftest import Clip
from tests.publishing.case import add_account
from tests.publishing.cases.tiktok import CASE
from tests.servers.platform_server import Fault
from tests.servers.tiktok_server import TikTokServer

pytestmark = pytest.mark.feature("BLOT-001")
TIKTOK = TikTokChannel()


@dataclass
class Desk:
    ctx: Context
    server: TikTokServer
    account: Account
    clip: Clip

    async def asset(self, path: Path) -> str:
        async with self.ctx.database.session() as session:
            limits = MediaLimits.of(self.ctx.settings)
            return (await media.register(session, str(path), storage=self.ctx.storage, limits=limits)).id

    async def outgoing(self, path: Path | None = None, target: dict[str, Any] | None = None, **more: Any) -> Outgoing:
        video = path or self.clip("upright.mp4", size="720x1280", seconds=4.0)
        words = Copy(title="A title", description="One small thing.", thumbnail_at=1.5, target=target or {})
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        account = account_of(self.account, self.ctx.secrets)
        return Outgoing("pub_1", "post_1", account, (await self.asset(video),), words, None, **values)

    async def send(self, outgoing: Outgoing) -> tuple[Handle, Confirmation]:
        handle = await TIKTOK.commit(outgoing, await TIKTOK.prepare(outgoing))
        return handle, await TIKTOK.confirm(outgoing, handle)


@pytest.fixture
async def desk(ctx: Context, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    with TikTokServer().running() as server:
        assert isinstance(server, TikTokServer)
        for name, value in CASE.environment(server).items():
            monkeypatch.setenv(name, value)
        yield Desk(ctx, server, await add_account(ctx, CASE, server, "ann"), clip)
    await close_clients()


@pytest.fixture
def heavy(clip: Clip, tmp_path: Path) -> Path:
    """A video of 25 MB: most of it is a box that players skip."""
    small = clip("upright.mp4", size="720x1280", seconds=4.0).read_bytes()
    size = 25_000_000
    path = tmp_path / "heavy.mp4"
    path.write_bytes(small + struct.pack(">I4s", size, b"free") + bytes(size - 8))
    return path


async def test_nothing_is_public_before_the_last_piece(desk: Desk, heavy: Path) -> None:
    outgoing = await desk.outgoing(heavy)
    prepared = await TIKTOK.prepare(outgoing)
    [job] = desk.server.jobs.values()
    assert (job.got, desk.server.public("ann")) == ([(0, 9_999_999)], [])
    await TIKTOK.commit(outgoing, prepared)
    assert (job.got[-1][1], desk.server.public("ann")) == (heavy.stat().st_size - 1, ["One small thing."])


async def test_a_piece_is_sent_again_after_a_fault_in_the_same_upload(desk: Desk, heavy: Path) -> None:
    desk.server.stumbles = 1
    await desk.send(await desk.outgoing(heavy))
    assert (len(desk.server.jobs), desk.server.public("ann")) == (1, ["One small thing."])


async def test_missing_bytes_prove_that_the_last_piece_never_came(desk: Desk) -> None:
    outgoing = await desk.outgoing()
    begun = replace(outgoing, prepared=await TIKTOK.prepare(outgoing))
    assert isinstance(await TIKTOK.find(begun), Absent)


async def test_a_count_of_less_than_was_surely_there_proves_nothing(desk: Desk, heavy: Path) -> None:
    outgoing = await desk.outgoing(heavy)
    begun = replace(outgoing, prepared=await TIKTOK.prepare(outgoing))
    [job] = desk.server.jobs.values()
    job.got.clear()
    found = await TIKTOK.find(begun)
    assert isinstance(found, Unreadable)
    assert found.again


async def test_a_whole_upload_that_is_worked_on_is_not_absent(desk: Desk) -> None:
    desk.server.faults["ann"].append(Fault.SLOW)
    outgoing = await desk.outgoing()
    prepared = await TIKTOK.prepare(outgoing)
    await TIKTOK.commit(outgoing, prepared)
    seen = [await TIKTOK.find(replace(outgoing, prepared=prepared)) for _ in range(4)]
    assert [isinstance(one, Found) and one.working for one in seen] == [True, True, True, False]
    assert isinstance(seen[-1], Found)


async def test_the_address_of_an_upload_is_kept_sealed(desk: Desk) -> None:
    prepared = await TIKTOK.prepare(await desk.outgoing())
    assert "upload_token" not in prepared.model_dump_json()


async def test_a_post_says_what_made_it_and_respects_what_the_creator_switched_off(desk: Desk) -> None:
    await desk.send(await desk.outgoing(target={"disable_comment": True}, generated=True))
    [post] = desk.server.posts["ann"]
    wanted = {"is_aigc": True, "disable_comment": True, "disable_duet": False, "disable_stitch": True}
    assert wanted.items() <= post.data.items()
    assert post.data["video_cover_timestamp_ms"] == 1500


async def test_who_may_see_it_is_settled_before_anything_goes_up(desk: Desk) -> None:
    with pytest.raises(RejectedError) as refused:
        await TIKTOK.prepare(await desk.outgoing(target={"privacy": "FOLLOWER_OF_CREATOR"}))
    assert "privacy=PUBLIC_TO_EVERYONE" in refused.value.fix
    assert desk.server.jobs == {}


async def test_a_video_longer_than_the_creator_may_post_is_refused_before_anything_goes_up(desk: Desk) -> None:
    desk.server.may["max_video_post_duration_sec"] = 3
    with pytest.raises(RejectedError, match="at most 3 s"):
        await TIKTOK.prepare(await desk.outgoing())
    assert desk.server.jobs == {}


async def test_a_video_for_the_inbox_is_delivered_there(desk: Desk) -> None:
    handle, seen = await desk.send(await desk.outgoing(target={"mode": "inbox"}))
    assert (seen.state, seen.url) == ("published", None)
    assert desk.server.jobs[handle.external_id].inbox


async def test_pictures_are_fetched_by_tiktok_and_nobody_can_read_what_became_of_them(
    desk: Desk, picture: Path
) -> None:
    outgoing = await desk.outgoing(picture)
    prepared = Prepared(
        data={"pictures": ["https://media.example/1.jpg"], "may": dict.fromkeys(("comment_disabled",), False)}
    )
    handle = await TIKTOK.commit(outgoing, prepared)
    [post] = desk.server.posts["ann"]
    assert post.data["source_info"]["photo_images"] == ["https://media.example/1.jpg"]
    assert (await TIKTOK.confirm(outgoing, handle)).url == f"https://www.tiktok.com/@ann/video/{post.id}"
    assert isinstance(await TIKTOK.find(replace(outgoing, prepared=prepared)), Unreadable)


async def test_the_counts_of_a_video_are_read_also_by_its_upload(desk: Desk) -> None:
    handle, seen = await desk.send(await desk.outgoing())
    account = account_of(desk.account, desk.ctx.secrets)
    for one in (handle.external_id, seen.external_id or ""):
        counts = await TIKTOK.measure(account, one)
        assert counts is not None
        assert (counts.views, counts.likes, counts.comments, counts.shares) == (210, 12, 3, 2)
    assert await TIKTOK.measure(account, "1") is None
    ungranted = replace(account, credentials={**account.credentials, "scope": "video.publish"})
    assert await TIKTOK.measure(ungranted, seen.external_id or "") == Metrics()


async def test_it_says_which_kinds_of_privacy_the_account_allows(desk: Desk) -> None:
    desk.server.may["privacy_level_options"] = ["SELF_ONLY"]
    checks = {check.name: check for check in await TIKTOK.check(account_of(desk.account, desk.ctx.secrets))}
    assert (checks["token"].ok, checks["target"].ok) == (True, False)
    assert "privacy=SELF_ONLY" in checks["target"].fix


async def test_an_account_is_known_by_its_open_id_and_shown_by_its_name(desk: Desk) -> None:
    [found] = await TIKTOK.identify({"access_token": desk.server.enrol("ben"), "scope": "video.publish,video.upload"})
    assert (found.external_id, found.handle, found.scopes) == ("ben", "ben", ["video.publish", "video.upload"])
