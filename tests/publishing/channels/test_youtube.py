"""What is peculiar to YouTube: uploads that tell whether they are whole, Shorts, Californian days, thumbnails."""

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Absent, Found, Outgoing, Under
from mediaposter.publishing.channels.youtube import YouTubeChannel
from mediaposter.publishing.channels.youtube.api import PLATFORM, until_midnight
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import RejectedError, RetryLaterError
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import Answer, close_clients
from mediaposter.publishing.rules import check_copy
from tests.media.conftest import Clip
from tests.publishing.case import add_account
from tests.publishing.cases.youtube import CASE
from tests.servers.youtube_server import YouTubeServer

pytestmark = pytest.mark.feature("BLOT-001")
YOUTUBE = YouTubeChannel()


@dataclass
class Desk:
    ctx: Context
    server: YouTubeServer
    account: Account
    clip: Clip

    async def outgoing(self, path: Path | None = None, target: dict[str, Any] | None = None, **more: Any) -> Outgoing:
        video = path or self.clip("upright.mp4", size="720x1280", seconds=4.0)
        async with self.ctx.database.session() as session:
            limits = MediaLimits.of(self.ctx.settings)
            asset = await media.register(session, str(video), storage=self.ctx.storage, limits=limits)
        text, cover = more.pop("text", "One small thing."), more.pop("thumbnail_at", None)
        words = Copy(title="A title", description=text, hashtags=("small",), thumbnail_at=cover, target=target or {})
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        account = account_of(self.account, self.ctx.secrets)
        return Outgoing("pub_1", "post_1", account, (asset.id,), words, None, **values)

    async def send(self, outgoing: Outgoing) -> str:
        return (await YOUTUBE.commit(outgoing, await YOUTUBE.prepare(outgoing))).external_id


@pytest.fixture
async def desk(ctx: Context, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    with YouTubeServer().running() as server:
        assert isinstance(server, YouTubeServer)
        for name, value in CASE.environment(server).items():
            monkeypatch.setenv(name, value)
        yield Desk(ctx, server, await add_account(ctx, CASE, server, "ann"), clip)
    await close_clients()


@pytest.fixture
def heavy(clip: Clip, tmp_path: Path) -> Path:
    """A video of 20 MB: most of it is a box that players skip."""
    small = clip("upright.mp4", size="720x1280", seconds=4.0).read_bytes()
    size = 20_000_000
    path = tmp_path / "heavy.mp4"
    path.write_bytes(small + struct.pack(">I4s", size, b"free") + bytes(size - 8))
    return path


async def test_there_is_no_video_before_the_last_piece(desk: Desk, heavy: Path) -> None:
    outgoing = await desk.outgoing(heavy)
    prepared = await YOUTUBE.prepare(outgoing)
    [session] = desk.server.sessions.values()
    assert (session.got, desk.server.public("ann")) == (2 * 8 << 20, [])
    assert isinstance(await YOUTUBE.find(replace(outgoing, prepared=prepared)), Absent)
    handle = await YOUTUBE.commit(outgoing, prepared)
    assert (session.got, len(desk.server.public("ann"))) == (heavy.stat().st_size, 1)
    found = await YOUTUBE.find(replace(outgoing, prepared=prepared))
    assert isinstance(found, Found)
    assert found.external_id == handle.external_id


async def test_an_upload_goes_on_from_where_youtube_stands(desk: Desk, heavy: Path) -> None:
    desk.server.stumbles.extend([300 * 1024])
    outgoing = await desk.outgoing(heavy)
    await YOUTUBE.commit(outgoing, await YOUTUBE.prepare(outgoing))
    [session] = desk.server.sessions.values()
    assert session.got == heavy.stat().st_size
    assert len(desk.server.public("ann")) == 1


async def test_where_the_upload_has_ended_the_channel_is_looked_through(desk: Desk) -> None:
    outgoing = await desk.outgoing()
    prepared = await YOUTUBE.prepare(outgoing)
    number = (await YOUTUBE.commit(outgoing, prepared)).external_id
    [session] = desk.server.sessions.values()
    session.ended = True
    begun = replace(outgoing, prepared=prepared)
    found = await YOUTUBE.find(begun)
    assert isinstance(found, Found)
    assert found.external_id == number
    assert isinstance(await YOUTUBE.find(replace(begun, taken=frozenset({number}))), Absent)
    later = replace(begun, armed_at=desk.ctx.clock() + timedelta(hours=1))
    assert isinstance(await YOUTUBE.find(later), Absent)


async def test_the_address_of_an_upload_is_kept_sealed(desk: Desk) -> None:
    assert "upload_id" not in (await YOUTUBE.prepare(await desk.outgoing())).model_dump_json()


async def test_an_upright_video_is_shown_as_a_short(desk: Desk) -> None:
    upright = await desk.outgoing()
    handle = await YOUTUBE.commit(upright, await YOUTUBE.prepare(upright))
    assert handle.url == f"https://www.youtube.com/shorts/{handle.external_id}"
    wide = await desk.outgoing(desk.clip("wide.mp4", size="640x360", seconds=1.0))
    handle = await YOUTUBE.commit(wide, await YOUTUBE.prepare(wide))
    assert handle.url == f"https://www.youtube.com/watch?v={handle.external_id}"


async def test_a_video_says_what_made_it_and_whom_it_is_for(desk: Desk) -> None:
    target = {"privacy": "unlisted", "tags": ["green room"], "made_for_kids": True}
    await desk.send(await desk.outgoing(target=target, generated=True))
    [post] = desk.server.posts["ann"]
    status = {"containsSyntheticMedia": True, "privacyStatus": "unlisted", "selfDeclaredMadeForKids": True}
    assert status.items() <= post.data["status"].items()
    assert post.data["snippet"]["tags"] == ["small", "green room"]


async def test_the_chosen_thumbnail_is_set_when_the_video_is_there(desk: Desk) -> None:
    number = await desk.send(await desk.outgoing(thumbnail_at=1.0))
    assert desk.server.thumbnails[number].startswith(b"\xff\xd8")


async def test_a_refused_thumbnail_leaves_the_video_published_and_says_why(desk: Desk) -> None:
    desk.server.verified = False
    outgoing = await desk.outgoing(thumbnail_at=1.0)
    handle = await YOUTUBE.commit(outgoing, await YOUTUBE.prepare(outgoing))
    assert "permissions to set thumbnails" in str(handle.answer["thumbnail"])
    assert (await YOUTUBE.confirm(outgoing, handle)).state == "published"


async def test_a_video_that_youtube_locked_as_private_says_so(desk: Desk) -> None:
    desk.server.audited = False
    outgoing = await desk.outgoing()
    handle = await YOUTUBE.commit(outgoing, await YOUTUBE.prepare(outgoing))
    assert "locked as private" in str((await YOUTUBE.confirm(outgoing, handle)).answer["warning"])


async def test_tags_that_are_too_long_together_are_refused_before_anything_goes_up(desk: Desk) -> None:
    with pytest.raises(RejectedError, match="500"):
        await YOUTUBE.prepare(await desk.outgoing(target={"tags": ["x" * 300, "y" * 300]}))
    assert desk.server.sessions == {}


async def test_a_first_comment_goes_under_its_video_and_is_found_there(desk: Desk) -> None:
    number = await desk.send(await desk.outgoing())
    outgoing = await desk.outgoing(text="The link is here.", kind=Kind.COMMENT, under=Under(number, number))
    assert isinstance(await YOUTUBE.find(outgoing), Absent)
    handle = await YOUTUBE.commit(outgoing, await YOUTUBE.prepare(outgoing))
    found = await YOUTUBE.find(outgoing)
    assert isinstance(found, Found)
    assert found.external_id == handle.external_id


async def test_a_comment_that_was_not_granted_is_refused_and_the_account_stays_connected(desk: Desk) -> None:
    outgoing = await desk.outgoing(text="The link is here.", kind=Kind.COMMENT, under=Under("v0", "v0"))
    desk.server.comments_granted = False
    with pytest.raises(RejectedError, match="without the permission to comment"):
        await YOUTUBE.commit(outgoing, await YOUTUBE.prepare(outgoing))
    scopes = {**outgoing.account.credentials, "scope": " ".join(YOUTUBE.connect.scopes)}
    with pytest.raises(RejectedError, match="without the permission to comment"):
        await YOUTUBE.prepare(replace(outgoing, account=replace(outgoing.account, credentials=scopes)))


def test_a_day_of_quotas_ends_at_midnight_in_california() -> None:
    assert until_midnight(datetime(2026, 7, 1, 6, 0, tzinfo=UTC)) == timedelta(hours=1)
    assert until_midnight(datetime(2026, 12, 1, 7, 0, tzinfo=UTC)) == timedelta(hours=1)
    # The clocks go back on that day: it has 25 hours.
    assert until_midnight(datetime(2026, 11, 1, 7, 0, tzinfo=UTC)) == timedelta(hours=25)


UPLOADS_SPENT = "Quota exceeded for quota metric 'Video Uploads' and limit 'Video Uploads per day' of service 'youtube'"


@pytest.mark.parametrize(
    ("status", "reason", "message"), [(403, "quotaExceeded", "spent"), (429, "rateLimitExceeded", UPLOADS_SPENT)]
)
def test_a_used_up_quota_waits_for_the_next_day(status: int, reason: str, message: str) -> None:
    error = {"code": status, "message": message, "errors": [{"reason": reason}]}
    told = PLATFORM.judge(Answer("POST", "https://x", status, {}, "", {"error": error}), creating=True)
    assert isinstance(told, RetryLaterError)
    assert told.after is not None
    assert abs(told.after - until_midnight()) < timedelta(minutes=1)


def test_a_description_is_counted_in_bytes_and_a_title_in_characters() -> None:
    rules = YOUTUBE.rules.text
    assert check_copy(Copy(title="ü" * 100, description="x"), rules) == []
    [broken] = check_copy(Copy(title="A title", description="ü" * 2501), rules)
    assert broken.rule == "at most 5000 utf8"


async def test_a_channel_that_may_is_known_to_post_long_videos(desk: Desk) -> None:
    [found] = await YOUTUBE.identify({"access_token": desk.server.enrol("ben")})
    assert (found.external_id, found.handle, found.target) == ("ben", "ben", {"long_uploads": True})
    assert YOUTUBE.rules_for(found.target).media.duration_max == 43_200


async def test_the_counts_of_a_video_are_read_and_a_gone_one_has_none(desk: Desk) -> None:
    number = await desk.send(await desk.outgoing())
    account = account_of(desk.account, desk.ctx.secrets)
    counts = await YOUTUBE.measure(account, number)
    assert counts is not None
    assert (counts.views, counts.likes, counts.comments) == (1204, 33, 7)
    assert await YOUTUBE.measure(account, "gone") is None
