"""What is peculiar to Instagram, Threads and Facebook pages: containers, uploads, pages' tokens, tokens that last."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.errors import NotConfiguredError
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Absent, Found, Outgoing, Under, Unreadable
from mediaposter.publishing.channels.meta.api import graph
from mediaposter.publishing.channels.meta.facebook import FacebookChannel
from mediaposter.publishing.channels.meta.instagram import InstagramChannel
from mediaposter.publishing.channels.meta.threads import ThreadsChannel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import (
    OutcomeUnknownError,
    ReconnectNeededError,
    RejectedError,
    RetryLaterError,
)
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import Answer, close_clients
from tests.media.conftest import Clip
from tests.publishing.case import add_account, load_cases
from tests.servers.graph_server import FacebookServer, GraphServer, InstagramServer, ThreadsServer
from tests.servers.platform_server import Fault, Published

pytestmark = pytest.mark.feature("BLOT-001")
CHANNELS = {"instagram": InstagramChannel(), "threads": ThreadsChannel(), "facebook": FacebookChannel()}


@dataclass
class Desk:
    ctx: Context
    channel: Any
    server: GraphServer
    account: Account
    clip: Clip

    def outgoing(self, *assets: str, text: str = "One small thing.", **more: Any) -> Outgoing:
        words = Copy(
            title=more.pop("title", ""),
            description=text,
            link=more.pop("link", None),
            alt_text="A leaf.",
            thumbnail_at=more.pop("thumbnail_at", None),
            target=more.pop("target", {}),
        )
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        return Outgoing("pub_1", "post_1", account_of(self.account, self.ctx.secrets), assets, words, None, **values)

    async def asset(self, path: Path) -> str:
        async with self.ctx.database.session() as session:
            limits = MediaLimits.of(self.ctx.settings)
            return (await media.register(session, str(path), storage=self.ctx.storage, limits=limits)).id

    async def reel(self) -> str:
        return await self.asset(self.clip("upright.mp4", size="720x1280", seconds=4.0))

    async def send(self, outgoing: Outgoing) -> str:
        return (await self.channel.commit(outgoing, await self.channel.prepare(outgoing))).external_id


@pytest.fixture
async def desk(
    request: pytest.FixtureRequest, ctx: Context, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    case = load_cases()[request.param]
    with case.server().running() as server:
        assert isinstance(server, GraphServer)
        for name, value in case.environment(server).items():
            monkeypatch.setenv(name, value)
        yield Desk(ctx, CHANNELS[case.channel], server, await add_account(ctx, case, server, "ann"), clip)
    await close_clients()


def on(*channels: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("desk", channels, indirect=True)


@on("instagram", "threads")
async def test_a_container_that_was_not_published_proves_that_nothing_is_public(desk: Desk) -> None:
    assets = [await desk.reel()] if desk.channel.name == "instagram" else []
    outgoing = desk.outgoing(*assets)
    begun = replace(outgoing, prepared=await desk.channel.prepare(outgoing))
    assert isinstance(await desk.channel.find(begun), Absent)
    number = (await desk.channel.commit(begun, begun.prepared)).external_id
    found = await desk.channel.find(begun)
    assert isinstance(found, Found)
    assert found.external_id == number


@on("instagram")
async def test_a_container_that_is_still_worked_on_proves_nothing(desk: Desk) -> None:
    outgoing = desk.outgoing(await desk.reel())
    prepared = await desk.channel.prepare(outgoing)
    desk.server.containers[prepared.data["container"]].looks = 2
    found = await desk.channel.find(replace(outgoing, prepared=prepared))
    assert isinstance(found, Unreadable)
    assert found.again


@on("threads")
async def test_a_published_container_whose_post_is_not_listed_yet_is_not_absent(desk: Desk) -> None:
    outgoing = desk.outgoing()
    prepared = await desk.channel.prepare(outgoing)
    await desk.channel.commit(outgoing, prepared)
    desk.server.posts["ann"].clear()
    found = await desk.channel.find(replace(outgoing, prepared=prepared))
    assert isinstance(found, Unreadable)
    assert found.again


@on("instagram")
async def test_a_reel_is_brought_up_and_needs_no_public_address(desk: Desk) -> None:
    assert isinstance(desk.server, InstagramServer)
    target = {"collaborators": ["ben"]}
    await desk.send(desk.outgoing(await desk.reel(), thumbnail_at=1.5, target=target, generated=True))
    [post] = desk.server.posts["ann"]
    assert post.data["is_ai_generated"] is True
    wanted = {"media_type": "REELS", "thumb_offset": 1500, "collaborators": ["ben"], "share_to_feed": True}
    assert wanted.items() <= post.data.items()


@on("instagram")
async def test_pictures_need_a_public_address_and_say_so(desk: Desk, picture: Path) -> None:
    with pytest.raises(NotConfiguredError, match="MEDIAPOSTER_PUBLIC_URL"):
        await desk.channel.prepare(desk.outgoing(await desk.asset(picture)))


@on("instagram")
async def test_pictures_become_a_carousel_with_their_words(desk: Desk, picture: Path) -> None:
    public = desk.ctx.settings.model_copy(update={"public_url": "https://media.example", "allow_private_urls": True})
    context.install(replace(desk.ctx, settings=public))
    asset = await desk.asset(picture)
    await desk.send(desk.outgoing(asset, asset, generated=True))
    [post] = desk.server.posts["ann"]
    assert post.data["is_ai_generated"] is True
    children = [desk.server.containers[number].body for number in post.data["children"]]
    assert [(one["is_carousel_item"], one["alt_text"]) for one in children] == [(True, "A leaf.")] * 2
    assert all(one["image_url"].startswith("https://media.example/") for one in children)


@on("instagram", "facebook")
async def test_a_first_comment_goes_under_its_post_and_is_found_there(desk: Desk) -> None:
    number = await desk.send(desk.outgoing(await desk.reel()))
    outgoing = desk.outgoing(text="The link is here.", kind=Kind.COMMENT, under=Under(number, number))
    assert isinstance(await desk.channel.find(outgoing), Absent)
    made = await desk.channel.commit(outgoing, await desk.channel.prepare(outgoing))
    found = await desk.channel.find(outgoing)
    assert isinstance(found, Found)
    assert found.external_id == made.external_id


@on("threads")
async def test_a_chain_hangs_together(desk: Desk) -> None:
    first = await desk.send(desk.outgoing())
    reply = desk.outgoing(text="And more.", kind=Kind.REPLY, under=Under(first, first))
    prepared = await desk.channel.prepare(reply)
    second = (await desk.channel.commit(reply, prepared)).external_id
    assert desk.server.posts["ann"][1].data["reply_to_id"] == first
    found = await desk.channel.find(replace(reply, prepared=prepared))
    assert isinstance(found, Found)
    assert found.external_id == second


@on("facebook")
async def test_an_upright_video_becomes_a_reel_and_a_wide_one_a_video_in_pieces(desk: Desk) -> None:
    assert isinstance(desk.server, FacebookServer)
    wide = await desk.asset(desk.clip("wide.mp4", size="640x360", seconds=4.0))
    reel = await desk.reel()
    sent = [await desk.send(desk.outgoing(one, title="A title", generated=True)) for one in (reel, wide)]
    assert desk.server.posts["ann"][0].data["is_ai_generated"] is True
    assert "is_ai_generated" not in desk.server.posts["ann"][1].data
    edges = [path.rpartition("/")[2] for _, path, _ in desk.server.calls if "/video" in path]
    assert set(edges) == {"video_reels", "videos"}
    assert edges.count("videos") > 2
    assert [post.id for post in desk.server.posts["ann"]] == sent


@on("facebook")
async def test_a_video_that_was_not_published_is_absent(desk: Desk) -> None:
    outgoing = desk.outgoing(await desk.reel())
    prepared = await desk.channel.prepare(outgoing)
    begun = replace(outgoing, prepared=prepared)
    assert isinstance(await desk.channel.find(begun), Absent)
    await desk.channel.commit(outgoing, prepared)
    assert isinstance(await desk.channel.find(begun), Found)


@on("facebook")
async def test_a_video_that_is_processed_may_have_been_published_and_is_not_absent(desk: Desk) -> None:
    outgoing = desk.outgoing(await desk.reel())
    begun = replace(outgoing, prepared=await desk.channel.prepare(outgoing))
    assert isinstance(desk.server, FacebookServer)
    # What Meta's reference shows before `finish` and after it alike.
    phases = {f"{name}_phase": {"status": "not_started"} for name in ("processing", "publishing")}
    for told in ({"video_status": "processing", **phases}, {"video_status": "ready"}, {}):
        desk.server.statuses[begun.prepared.data["video_id"]] = told
        found = await desk.channel.find(begun)
        assert isinstance(found, Unreadable), told
        assert found.again


@on("facebook")
async def test_a_listing_that_is_full_of_newer_posts_proves_nothing(desk: Desk) -> None:
    outgoing = desk.outgoing()
    desk.server.posts["ann"] = [Published(str(number), f"Another {number}.") for number in range(50)]
    assert isinstance(await desk.channel.find(outgoing), Unreadable)
    desk.server.posts["ann"].pop()
    assert isinstance(await desk.channel.find(outgoing), Absent)


@on("facebook")
async def test_pictures_go_up_unpublished_and_come_out_with_the_post(desk: Desk, picture: Path) -> None:
    await desk.send(desk.outgoing(await desk.asset(picture)))
    [post] = desk.server.posts["ann"]
    [photo] = post.data["attached_media"]
    assert desk.server.containers[photo["media_fbid"]].body["alt_text_custom"] == "A leaf."


@on("facebook")
async def test_a_post_without_media_shows_its_link(desk: Desk) -> None:
    await desk.send(desk.outgoing(link="https://example.com/jar"))
    assert desk.server.posts["ann"][0].data["link"] == "https://example.com/jar"


@on("facebook", "instagram")
async def test_each_page_is_an_account_with_a_token_of_its_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = f"MEDIAPOSTER_{desk.channel.name.upper()}_"
    monkeypatch.setenv(f"{prefix}CLIENT_ID", "app")
    monkeypatch.setenv(f"{prefix}CLIENT_SECRET", "secret")
    found = await desk.channel.identify({"access_token": desk.server.enrol("ben"), "scope": "a,b"})
    assert [(one.external_id, one.scopes, one.expires_at) for one in found] == [("ben", ["a", "b"], None)]
    assert (desk.server.exchanged, found[0].credentials.get("user_token")) == (["fb_exchange_token"], None)


@on("threads")
async def test_a_token_is_exchanged_for_one_that_lasts_and_renewed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(desk.server, ThreadsServer)
    monkeypatch.setenv("MEDIAPOSTER_THREADS_CLIENT_SECRET", "secret")
    [found] = await desk.channel.identify({"access_token": desk.server.enrol("ben")})
    assert found.expires_at is not None
    assert found.expires_at > desk.ctx.clock() + timedelta(days=59)
    renewed = await desk.channel.refresh(found.credentials)
    assert desk.server.exchanged == ["th_exchange_token", "th_refresh_token"]
    assert renewed["access_token"] != found.credentials["access_token"]


@on("instagram", "threads")
async def test_how_many_posts_of_the_day_are_left_is_said(desk: Desk) -> None:
    desk.server.used = 50
    account = account_of(desk.account, desk.ctx.secrets)
    checks = {check.name: check for check in await desk.channel.check(account)}
    assert (checks["token"].ok, checks["quota"].ok) == (True, False)
    assert "50 of 50" in checks["quota"].says


@on("instagram", "threads", "facebook")
async def test_counts_are_read_and_a_gone_post_has_none(desk: Desk) -> None:
    assets = [] if desk.channel.name == "threads" else [await desk.reel()]
    number = await desk.send(desk.outgoing(*assets))
    account = account_of(desk.account, desk.ctx.secrets)
    counts = await desk.channel.measure(account, number)
    assert counts is not None
    assert counts.likes in (9, 11, 12)
    assert await desk.channel.measure(account, "404") is None


@on("instagram")
async def test_a_story_is_counted_by_what_stories_have(desk: Desk) -> None:
    number = await desk.send(desk.outgoing(await desk.reel(), target={"media_type": "story"}))
    counts = await desk.channel.measure(account_of(desk.account, desk.ctx.secrets), number)
    assert (counts.views, counts.reach, counts.comments, counts.saves) == (10, 11, 13, None)


@on("facebook")
async def test_posts_and_videos_are_counted_each_in_its_way(desk: Desk) -> None:
    assert isinstance(desk.server, FacebookServer)
    account = account_of(desk.account, desk.ctx.secrets)
    reel, post = await desk.send(desk.outgoing(await desk.reel())), await desk.send(desk.outgoing())
    seen = await desk.channel.measure(account, reel)
    assert (seen.views, seen.likes, seen.comments, seen.shares, seen.watch_seconds) == (40, 9, 9, 3, 61.5)
    seen = await desk.channel.measure(account, post)
    assert (seen.views, seen.reach, seen.likes, seen.shares, seen.clicks) == (40, 41, 9, 2, 42)
    desk.server.granted = False
    seen = await desk.channel.measure(account, reel)
    assert (seen.views, seen.likes) == (None, 9)


@on("instagram", "facebook")
async def test_calls_prove_that_the_app_makes_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.server.secret = "secret"
    account = account_of(desk.account, desk.ctx.secrets)
    assert not (await desk.channel.check(account))[0].ok
    monkeypatch.setenv(f"MEDIAPOSTER_{desk.channel.name.upper()}_CLIENT_SECRET", "secret")
    assert (await desk.channel.check(account))[0].ok


@on("threads")
async def test_an_account_rests_when_its_calls_are_nearly_used_up(desk: Desk) -> None:
    desk.server.usage = {"x_app_usage": '{"call_count": 97, "total_time": 3}'}
    outgoing = desk.outgoing()
    handle = await desk.channel.commit(outgoing, await desk.channel.prepare(outgoing))
    assert handle.rest == 900


@on("threads")
async def test_the_link_of_a_text_is_its_card(desk: Desk) -> None:
    await desk.send(desk.outgoing(text="See https://one.example and", link="https://example.com/jar"))
    assert desk.server.posts["ann"][0].data["link_attachment"] == "https://example.com/jar"


@on("instagram")
async def test_what_could_not_be_processed_has_its_mend(desk: Desk) -> None:
    desk.server.faults["ann"].append(Fault.PROCESSING_FAILS)
    with pytest.raises(RejectedError) as refused:
        await desk.channel.prepare(desk.outgoing(await desk.reel()))
    assert "H.264" in refused.value.fix


@pytest.mark.parametrize(
    ("subcode", "mend"), [(459, "do what it asks"), (460, "password"), (463, "accounts connect instagram")]
)
def test_a_refused_token_says_why_and_how_to_get_another(subcode: int, mend: str) -> None:
    told = {"error": {"message": "no", "code": 190, "error_subcode": subcode}}
    error = graph("instagram").judge(Answer("POST", "https://x", 400, {}, "", told), creating=True)
    assert isinstance(error, ReconnectNeededError)
    assert mend in error.fix


def test_a_page_that_called_too_often_waits_as_long_as_meta_says() -> None:
    usage = '{"17": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}'
    told = {"error": {"message": "too many calls", "code": 80001}}
    answer = Answer("POST", "https://x", 400, {"x-business-use-case-usage": usage}, "", told)
    error = graph("facebook").judge(answer, creating=True)
    assert isinstance(error, RetryLaterError)
    assert error.after == timedelta(minutes=19)


@pytest.mark.parametrize(
    ("code", "subcode", "creating", "error"),
    [
        (190, 463, True, ReconnectNeededError),
        (4, None, True, RetryLaterError),
        (9, 2207042, True, RetryLaterError),
        (2, None, True, OutcomeUnknownError),
        (2, None, False, RetryLaterError),
        (9, 2207051, True, OutcomeUnknownError),
        (-1, 2207001, True, OutcomeUnknownError),
        (-1, 2207053, False, RetryLaterError),
        (-1, 2207053, True, OutcomeUnknownError),
        (4, 2207051, False, RejectedError),
        (200, None, True, RejectedError),
        (506, None, True, RejectedError),
    ],
)
def test_an_error_means_what_its_code_says(
    code: int, subcode: int | None, creating: bool, error: type[Exception]
) -> None:
    told = {"error": {"message": "no", "code": code, **({"error_subcode": subcode} if subcode else {})}}
    answer = Answer("POST", "https://x", 400, {}, "", told)
    assert isinstance(graph("instagram").judge(answer, creating=creating), error)
