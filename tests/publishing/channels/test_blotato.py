"""What is peculiar to Blotato: many accounts of one key, files once, looks within a limit, threads in one call."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing import pacing, service
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    ConfirmState,
    Found,
    Handle,
    Outgoing,
    Prepared,
    Under,
    Unreadable,
)
from mediaposter.publishing.channels.blotato import BlotatoChannel
from mediaposter.publishing.channels.blotato.api import PLATFORM
from mediaposter.publishing.channels.blotato.rules import PLATFORMS
from mediaposter.publishing.channels.blotato.targets import BlotatoTarget
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import RejectedError, RetryLaterError
from mediaposter.publishing.models import Kind, Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.outgoing import outgoing_of
from mediaposter.publishing.platform import Answer, close_clients
from mediaposter.publishing.rules import Limit
from tests.media.conftest import Clip
from tests.publishing.cases.blotato import CASE
from tests.publishing.driving import read
from tests.servers.blotato_server import REQUIRED, BlotatoServer
from tests.servers.platform_server import Fault

pytestmark = pytest.mark.feature("BLOT-001")
BLOTATO = BlotatoChannel()
TARGETS: dict[str, dict[str, Any]] = {
    platform: {
        "platform": platform,
        "account": f"at_{platform}",
        **({"page": "p1"} if platform == "facebook" else {}),
        **({"board": "b1"} if platform == "pinterest" else {}),
    }
    for platform in PLATFORMS
}


@dataclass
class Desk:
    ctx: Context
    server: BlotatoServer
    key: str

    def outgoing(self, platform: str, *assets: str, text: str = "One small thing.", **more: Any) -> Outgoing:
        target = {**TARGETS[platform], **more.pop("target", {})}
        account = ChannelAccount("acct_1", "blotato", target["account"], "ann", "Ann", {"api_key": self.key}, target)
        words = Copy(
            title="A title",
            description=text,
            thread=more.pop("thread", ()),
            thumbnail_at=more.pop("thumbnail_at", None),
        )
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        return Outgoing("pub_1", "post_1", account, assets, words, None, **values)

    async def asset(self, path: Path) -> str:
        async with self.ctx.database.session() as session:
            limits = MediaLimits.of(self.ctx.settings)
            return (await media.register(session, str(path), storage=self.ctx.storage, limits=limits)).id


@pytest.fixture
async def desk(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    with BlotatoServer().running() as server:
        assert isinstance(server, BlotatoServer)
        for name, value in CASE.environment(server).items():
            monkeypatch.setenv(name, value)
        key = server.enrol("main")
        for platform in PLATFORMS:
            server.connect(key, f"at_{platform}", platform)
        yield Desk(ctx, server, key)
    await close_clients()


@pytest.mark.parametrize("platform", sorted(REQUIRED))
async def test_a_post_has_every_field_that_its_platform_requires(desk: Desk, platform: str) -> None:
    await BLOTATO.commit(desk.outgoing(platform, generated=True), Prepared())
    [post] = desk.server.posts[f"at_{platform}"]
    assert set(REQUIRED[platform]) <= set(post.data["target"])


@pytest.mark.parametrize(("platform", "missing"), [("facebook", "page"), ("pinterest", "board")])
async def test_a_target_that_is_not_whole_names_what_is_missing(desk: Desk, platform: str, missing: str) -> None:
    outgoing = desk.outgoing(platform)
    del outgoing.account.target[missing]
    with pytest.raises(InvalidInputError, match=missing):
        await BLOTATO.prepare(outgoing)


@pytest.mark.parametrize(("platform", "flag"), [("tiktok", "isAiGenerated"), ("youtube", "containsSyntheticMedia")])
async def test_generated_media_are_marked_where_the_platform_has_a_flag(desk: Desk, platform: str, flag: str) -> None:
    await BLOTATO.commit(desk.outgoing(platform, generated=True), Prepared())
    assert desk.server.posts[f"at_{platform}"][0].data["target"][flag] is True


async def test_a_file_goes_up_once_for_all_accounts_of_a_key(desk: Desk, picture: Path) -> None:
    asset = await desk.asset(picture)
    some = [desk.outgoing(platform, asset) for platform in ("twitter", "bluesky", "threads", "linkedin")]
    prepared = await asyncio.gather(*map(BLOTATO.prepare, some))
    assert len({one.data["media"][0] for one in prepared}) == len(desk.server.files) == 1


async def test_one_key_reaches_every_account_and_every_page(desk: Desk) -> None:
    desk.server.pages = {
        "at_facebook": [{"id": "p1", "accountId": "at_facebook", "name": "Greenroom"}],
        "at_linkedin": [{"id": "p7", "accountId": "at_linkedin", "name": "Windowsill"}],
    }
    found = {one.external_id: one for one in await BLOTATO.identify({"api_key": desk.key})}
    assert set(found) == {
        "main",
        "at_facebook/p1",
        "at_linkedin",
        "at_linkedin/p7",
        *(f"at_{platform}" for platform in PLATFORMS if platform not in ("facebook", "linkedin")),
    }
    assert found["at_linkedin/p7"].target == {"platform": "linkedin", "account": "at_linkedin", "page": "p7"}
    for one in found.values():
        if one.target["platform"] != "pinterest":  # a person chooses the board
            BlotatoTarget.model_validate(one.target)


async def test_a_thread_goes_out_in_one_call(desk: Desk) -> None:
    await BLOTATO.commit(desk.outgoing("bluesky", thread=("Two", "Three")), Prepared())
    [post] = desk.server.posts["at_bluesky"]
    assert [one["text"] for one in post.data["content"]["additionalPosts"]] == ["Two", "Three"]


async def test_a_thread_that_goes_out_in_one_call_is_one_publication(ctx: Context, desk: Desk) -> None:
    async with ctx.database.session() as session:
        account = await service.create_account(
            session,
            channel="blotato",
            handle="ann",
            target=TARGETS["bluesky"],
            credentials={"api_key": desk.key},
            secrets=ctx.secrets,
        )
        post = await service.create_post(session)
        copy = Copy(description="One", thread=("Two", "Three"))
        row = await service.plan_publication(session, post_id=post.id, account_id=account.id, copy=copy)
        assert await service.parts_of(session, row) == []


async def _twins(ctx: Context, desk: Desk, **ann: Any) -> Outgoing:
    """Let ann's post with the same words stand as given, and return that of bob, of the same key and platform."""
    rows: list[Publication] = []
    async with ctx.database.session() as session:
        post = await service.create_post(session)
        for name in ("ann", "bob"):
            desk.server.connect(desk.key, name, "twitter")
            account = await service.create_account(
                session,
                channel="blotato",
                handle=f"twitter.{name}",
                external_id=name,
                target={"platform": "twitter", "account": name},
                credentials={"api_key": desk.key},
                secrets=ctx.secrets,
            )
            copy = Copy(description="The same words.")
            rows.append(await service.plan_publication(session, post_id=post.id, account_id=account.id, copy=copy))
        for field, value in ({"armed_at": ctx.clock()} | ann).items():
            setattr(rows[0], field, value)
    armed = {"armed_at": ctx.clock()}
    made = [replace(outgoing_of(await read(ctx, row.id), ctx.secrets), **armed) for row in rows]
    await BLOTATO.commit(made[0], Prepared())
    return made[1]


@pytest.mark.parametrize("nameless", [False, True])
async def test_the_post_of_another_account_is_not_taken_for_this_one(ctx: Context, desk: Desk, nameless: bool) -> None:
    desk.server.nameless = nameless
    address = f"https://twitter.example/{'p' if nameless else 'ann'}/sub-1"
    bob = await _twins(ctx, desk, outcome=Outcome.CONFIRMED, url=address)
    assert isinstance(await BLOTATO.find(bob), Absent)
    await BLOTATO.commit(bob, Prepared())
    found = await BLOTATO.find(bob)
    assert isinstance(found, Found)
    assert found.external_id == "post-sub-2"


async def test_a_post_that_may_be_that_of_another_account_proves_nothing_yet(ctx: Context, desk: Desk) -> None:
    desk.server.nameless = True
    found = await BLOTATO.find(await _twins(ctx, desk, outcome=Outcome.SENT))
    assert isinstance(found, Unreadable)
    assert found.again


async def test_as_many_posts_as_accounts_prove_that_each_is_public(ctx: Context, desk: Desk) -> None:
    desk.server.nameless = True
    bob = await _twins(ctx, desk, outcome=Outcome.UNKNOWN)
    await BLOTATO.commit(bob, Prepared())
    assert isinstance(await BLOTATO.find(bob), Found)


async def test_a_post_is_looked_for_on_every_page_of_the_list(desk: Desk) -> None:
    desk.server.page = 1
    outgoing = desk.outgoing("twitter")
    await BLOTATO.commit(outgoing, Prepared())
    for number in range(2):
        await BLOTATO.commit(desk.outgoing("twitter", text=f"Another one, {number}."), Prepared())
    assert isinstance(await BLOTATO.find(outgoing), Found)


async def test_a_list_that_is_not_read_to_its_end_proves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAPOSTER_BLOTATO_READS_A_MINUTE", "1")
    desk.server.page = 1
    for number in range(2):
        await BLOTATO.commit(desk.outgoing("twitter", text=f"Another one, {number}."), Prepared())
    assert isinstance(await BLOTATO.find(desk.outgoing("twitter")), Unreadable)


def test_absence_is_believed_after_the_deadline_of_what_blotato_works_on() -> None:
    # What it still works on is in no list.
    assert BLOTATO.timing.settle > BLOTATO.timing.confirm


async def test_a_file_that_a_platform_could_not_use_is_brought_up_anew(desk: Desk, picture: Path) -> None:
    asset = await desk.asset(picture)
    outgoing = desk.outgoing("twitter", asset)
    desk.server.faults["at_twitter"].append(Fault.PROCESSING_FAILS)
    prepared = await BLOTATO.prepare(outgoing)
    handle = await BLOTATO.commit(outgoing, prepared)
    await BLOTATO.confirm(replace(outgoing, prepared=prepared), handle)
    assert await BLOTATO.prepare(outgoing) != prepared


async def test_a_chosen_cover_goes_with_the_video(desk: Desk, clip: Clip) -> None:
    asset = await desk.asset(clip("upright.mp4", size="720x1280", seconds=4.0))
    outgoing = desk.outgoing("youtube", asset, thumbnail_at=1.0)
    await BLOTATO.commit(outgoing, await BLOTATO.prepare(outgoing))
    target = desk.server.posts["at_youtube"][0].data["target"]
    assert target["thumbnailUrl"].endswith(".jpg")


async def test_the_first_comment_is_written_once_and_found_again(desk: Desk) -> None:
    top = await BLOTATO.commit(desk.outgoing("instagram"), Prepared())
    under = Under(external_id=top.external_id, root_id=top.external_id)
    comment = desk.outgoing("instagram", text="Link in the bio.", kind=Kind.COMMENT, under=under)
    assert isinstance(await BLOTATO.find(comment), Absent)
    handle = await BLOTATO.commit(comment, await BLOTATO.prepare(comment))
    assert (await BLOTATO.confirm(comment, handle)).state is ConfirmState.PUBLISHED
    assert isinstance(await BLOTATO.find(comment), Found)
    [read_again] = await BLOTATO.comments(comment.account, top.external_id)
    assert (read_again.own, read_again.text) == (True, "Link in the bio.")


async def test_conversations_and_their_messages_are_read(desk: Desk) -> None:
    account = desk.outgoing("instagram").account
    [conversation] = await BLOTATO.conversations(account)
    [message] = await BLOTATO.messages(account, str(conversation["id"]))
    assert (conversation["accountId"], message["conversationId"]) == ("at_instagram", "c1")


async def test_a_refusal_of_the_platform_has_its_mend(desk: Desk) -> None:
    desk.server.faults["at_twitter"].append(Fault.PROCESSING_FAILS)
    outgoing = desk.outgoing("twitter")
    seen = await BLOTATO.confirm(outgoing, await BLOTATO.commit(outgoing, Prepared()))
    assert (seen.state, "shape" in seen.fix) == (ConfirmState.FAILED, True)


async def test_open_posts_share_the_looks_of_their_key(
    ctx: Context, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAPOSTER_BLOTATO_READS_A_MINUTE", "3")
    outgoing = desk.outgoing("twitter")
    handle = await BLOTATO.commit(outgoing, Prepared())
    desk.server.calls.clear()
    seen = await asyncio.gather(*(BLOTATO.confirm(outgoing, handle) for _ in range(8)))
    looks = [path for _, path, _ in desk.server.calls if path.startswith("/v2/posts/")]
    assert len(looks) == 3
    assert sorted(one.state for one in seen) == [ConfirmState.PROCESSING] * 5 + [ConfirmState.PUBLISHED] * 3


async def test_the_first_look_comes_when_there_may_be_something_to_see(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAPOSTER_BLOTATO_FIRST_LOOK", "10")
    handle = Handle(external_id="sub-1")
    early = await BLOTATO.confirm(desk.outgoing("twitter"), handle)
    assert (early.state, desk.server.calls) == (ConfirmState.PROCESSING, [])
    later = desk.outgoing("twitter", armed_at=desk.ctx.clock() - timedelta(seconds=11))
    await BLOTATO.confirm(later, handle)
    assert len(desk.server.calls) == 1


async def test_turns_keep_to_a_limit_over_all_who_take_them(ctx: Context) -> None:
    limit = Limit(2, 60)
    taken = await asyncio.gather(*(pacing.take_turn(ctx, "k", limit, within=5) for _ in range(5)))
    other = await pacing.take_turn(ctx, "another", limit, within=5)
    assert (sum(taken), other) == (2, True)


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (429, "Rate limit exceeded, retry in 12 seconds", RetryLaterError),
        (422, "post.target.pageId is required", RejectedError),
    ],
)
def test_an_answer_means_what_its_table_says(status: int, message: str, error: type[Exception]) -> None:
    answer = Answer("POST", "https://x", status, {}, "", {"statusCode": status, "message": message})
    told = PLATFORM.judge(answer, creating=True)
    assert isinstance(told, error)
    assert getattr(told, "after", None) == (timedelta(seconds=12) if status == 429 else None)


async def test_counts_are_found_under_the_id_of_the_published_post(desk: Desk) -> None:
    outgoing = desk.outgoing("twitter")
    seen = await BLOTATO.confirm(outgoing, await BLOTATO.commit(outgoing, Prepared()))
    counts = await BLOTATO.measure(outgoing.account, str(seen.external_id))
    assert counts is not None
    assert (counts.views, counts.likes, counts.comments, counts.shares) == (310, 12, 4, None)


async def test_counts_that_are_not_collected_yet_are_unknown(desk: Desk) -> None:
    counts = await BLOTATO.measure(desk.outgoing("twitter").account, "post-sub-99")
    assert counts is not None
    assert counts.views is None


async def test_an_account_that_is_not_connected_there_any_more_is_said(desk: Desk) -> None:
    gone = desk.outgoing("twitter", target={"account": "gone"})
    checks = {check.name: check for check in await BLOTATO.check(gone.account)}
    assert (checks["token"].ok, checks["target"].ok) == (True, False)
    assert "accounts sync blotato" in checks["target"].fix


async def test_the_boards_to_choose_from_are_named(desk: Desk) -> None:
    wrong = desk.outgoing("pinterest", target={"board": "b9"})
    says = " ".join(check.says for check in await BLOTATO.check(wrong.account) if not check.ok)
    assert "Plants (b1), Pots (b2)" in says
