"""What is peculiar to Telegram, Discord, Reddit, Pinterest and webhooks, beyond the faults that all have."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Absent, ConfirmState, Found, Handle, Outgoing, Prepared, Under
from mediaposter.publishing.channels.discord import DiscordChannel
from mediaposter.publishing.channels.pinterest import PinterestChannel
from mediaposter.publishing.channels.reddit import RedditChannel
from mediaposter.publishing.channels.telegram import TelegramChannel
from mediaposter.publishing.channels.webhook import WebhookChannel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import ChannelError, ReconnectNeededError, RejectedError, RetryLaterError
from mediaposter.publishing.materials import materials, poster
from mediaposter.publishing.models import Kind
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import close_clients
from mediaposter.publishing.rules import check_copy
from tests.publishing.case import ChannelCase, add_account, load_cases
from tests.servers.discord_server import DiscordServer
from tests.servers.pinterest_server import PinterestServer
from tests.servers.platform_server import Fault, PlatformServer
from tests.servers.reddit_server import RedditServer
from tests.servers.telegram_server import TelegramServer
from tests.servers.webhook_server import WebhookServer

pytestmark = pytest.mark.feature("BLOT-001")
CASES = load_cases()
COPY = Copy(title="A small thing", description="One small thing.")


@dataclass
class Desk:
    """A channel led to its server, with one account."""

    ctx: Context
    case: ChannelCase
    server: PlatformServer
    account: Any

    def outgoing(self, *assets: str, copy: Copy = COPY, **more: Any) -> Outgoing:
        account = account_of(self.account, self.ctx.secrets)
        return Outgoing("pub_1", "post_1", account, assets, copy, None, 1, self.ctx.clock(), **more)


async def desk(ctx: Context, name: str, monkeypatch: pytest.MonkeyPatch, server: PlatformServer) -> Desk:
    case = CASES[name]
    for variable, value in case.environment(server).items():
        monkeypatch.setenv(variable, value)
    return Desk(ctx, case, server, await add_account(ctx, case, server, "ann"))


@pytest.fixture(autouse=True)
async def _connections() -> AsyncIterator[None]:
    yield
    await close_clients()


@contextmanager
def _serving(server: PlatformServer) -> Iterator[Any]:
    with server.running():
        yield server


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with _serving(TelegramServer()) as server:
        yield server


@pytest.fixture
def reddit() -> Iterator[RedditServer]:
    with _serving(RedditServer()) as server:
        yield server


@pytest.fixture
def pinterest() -> Iterator[PinterestServer]:
    with _serving(PinterestServer()) as server:
        yield server


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    with _serving(WebhookServer()) as server:
        yield server


@pytest.fixture
async def photo(ctx: Context, picture: Path) -> str:
    async with ctx.database.session() as session:
        limits = MediaLimits.of(ctx.settings)
        return (await media.register(session, str(picture), storage=ctx.storage, limits=limits)).id


# Telegram


@pytest.mark.parametrize("fault", [Fault.REVOKED, Fault.LIMITED, Fault.ERROR_BEFORE, Fault.DROPPED])
async def test_no_error_of_telegram_names_the_token(
    ctx: Context,
    telegram: TelegramServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
) -> None:
    at = await desk(ctx, "telegram", monkeypatch, telegram)
    telegram.faults["ann"].append(fault)
    with pytest.raises(ChannelError) as raised:
        await TelegramChannel().commit(at.outgoing(), Prepared())
    token = next(iter(telegram.tokens))
    assert token not in f"{raised.value} {raised.value.fix} {json.dumps(raised.value.answer)}{caplog.text}"


def test_a_text_beside_media_may_be_a_quarter_as_long_on_telegram() -> None:
    rules = TelegramChannel.rules.text
    long = Copy(description="x" * 1025)
    assert [one.field for one in check_copy(long, rules.beside(media=True))] == ["description"]
    assert check_copy(long, rules.beside(media=False)) == []


async def test_an_album_carries_its_text_on_the_first_picture(
    ctx: Context, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch, photo: str
) -> None:
    at = await desk(ctx, "telegram", monkeypatch, telegram)
    await TelegramChannel().commit(at.outgoing(photo, photo), Prepared())
    [post] = telegram.posts["ann"]
    assert (post.text, post.data["method"], len(post.data["files"])) == ("One small thing.", "sendMediaGroup", 2)


async def test_a_chat_where_the_bot_may_not_post_is_not_connected(
    ctx: Context, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "telegram", monkeypatch, telegram)
    credentials = {**at.outgoing().account.credentials, "chat": "@ann"}
    [identity] = await TelegramChannel().identify(credentials)
    assert (identity.external_id, identity.handle) == ("ann", "@ann")
    telegram.revoked.add("ann")
    with pytest.raises(RejectedError, match="may not post"):
        await TelegramChannel().identify(credentials)


# Discord


async def test_an_address_that_is_no_webhook_of_discord_is_refused(ctx: Context) -> None:
    with pytest.raises(RejectedError) as raised:
        await DiscordChannel().identify({"url": "https://evil.example/api/webhooks/123456/abcdefghijklmnopqrstuvw"})
    assert "evil" not in str(raised.value)


async def test_a_post_into_a_forum_opens_a_thread_and_is_read_there(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, photo: str
) -> None:
    with _serving(DiscordServer()) as server:
        at = await desk(ctx, "discord", monkeypatch, server)
        channel = DiscordChannel()
        copy = COPY.model_copy(update={"target": {"thread_name": "News"}, "alt_text": "A leaf."})
        outgoing = at.outgoing(photo, copy=copy)
        handle = await channel.commit(outgoing, await channel.prepare(outgoing))
        assert (await channel.confirm(outgoing, handle)).state is ConfirmState.PUBLISHED
        [post] = server.posts["ann"]
        assert post.data["allowed_mentions"] == {"parse": []}
        assert post.data["attachments"] == [{"id": 0, "description": "A leaf."}]


# Reddit


async def test_an_error_inside_an_answer_of_200_is_a_refusal_with_its_mend(
    ctx: Context, reddit: RedditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "reddit", monkeypatch, reddit)
    copy = COPY.model_copy(update={"target": {"subreddit": "flaironly"}})
    with pytest.raises(RejectedError, match="flair") as raised:
        await RedditChannel().commit(at.outgoing(copy=copy), Prepared(data={"kind": "self"}))
    assert "flair_id" in raised.value.fix


async def test_reddit_says_in_words_how_long_to_wait(
    ctx: Context, reddit: RedditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "reddit", monkeypatch, reddit)
    reddit.faults["ann"].append(Fault.QUOTA)
    with pytest.raises(RetryLaterError) as raised:
        await RedditChannel().commit(at.outgoing(), Prepared(data={"kind": "self"}))
    assert raised.value.after is not None
    assert raised.value.after.total_seconds() >= 9 * 60


async def test_a_picture_on_reddit_gets_its_id_when_it_is_listed(
    ctx: Context, reddit: RedditServer, monkeypatch: pytest.MonkeyPatch, photo: str
) -> None:
    at = await desk(ctx, "reddit", monkeypatch, reddit)
    channel, outgoing = RedditChannel(), at.outgoing(photo)
    handle = await channel.commit(outgoing, await channel.prepare(outgoing))
    confirmed = await channel.confirm(outgoing, handle)
    assert "ws" not in json.dumps(handle.answer)
    assert (handle.external_id, confirmed.external_id) == ("submitted:pub_1", "t3_p0")


async def test_another_post_of_the_account_is_never_taken_for_this_one(
    ctx: Context, reddit: RedditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "reddit", monkeypatch, reddit)
    channel = RedditChannel()
    await channel.commit(at.outgoing(), Prepared(data={"kind": "self"}))
    assert isinstance(await channel.find(at.outgoing()), Found)
    assert isinstance(await channel.find(at.outgoing(taken=frozenset({"t3_p0"}))), Absent)


async def test_a_first_comment_goes_under_the_post(
    ctx: Context, reddit: RedditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "reddit", monkeypatch, reddit)
    channel = RedditChannel()
    post = await channel.commit(at.outgoing(), Prepared(data={"kind": "self"}))
    comment = at.outgoing(
        copy=Copy(description="More there."), kind=Kind.COMMENT, under=Under(post.external_id, post.external_id)
    )
    made = await channel.commit(comment, await channel.prepare(comment))
    found = await channel.find(comment)
    assert isinstance(found, Found)
    assert found.external_id == made.external_id == "t1_c0"


# Pinterest


async def test_pictures_of_unequal_size_are_refused_before_they_go_up(
    ctx: Context, pinterest: PinterestServer, monkeypatch: pytest.MonkeyPatch, photo: str, asset_id: str
) -> None:
    at = await desk(ctx, "pinterest", monkeypatch, pinterest)
    [video] = await materials(at.outgoing(asset_id), WebhookChannel.rules)
    other = await poster(at.outgoing(asset_id), video)
    with pytest.raises(RejectedError, match="equal in size"):
        await PinterestChannel().prepare(at.outgoing(photo, other.asset_id))


async def test_a_carousel_is_one_pin_and_its_link_is_not_in_the_text(
    ctx: Context, pinterest: PinterestServer, monkeypatch: pytest.MonkeyPatch, photo: str
) -> None:
    at = await desk(ctx, "pinterest", monkeypatch, pinterest)
    channel = PinterestChannel()
    outgoing = at.outgoing(photo, photo, copy=COPY.model_copy(update={"link": "https://example.com/a"}))
    handle = await channel.commit(outgoing, await channel.prepare(outgoing))
    [pin] = pinterest.posts["ann"]
    assert (pin.text, pin.data["link"]) == ("One small thing.", "https://example.com/a")
    assert len(pin.data["media_source"]["items"]) == 2
    metrics = await channel.measure(outgoing.account, handle.external_id)
    assert metrics is not None
    assert (metrics.impressions, metrics.saves, metrics.watch_seconds) == (40, 5, 9.0)


# Webhook


async def test_the_same_id_is_signed_in_every_attempt(
    ctx: Context, webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch, photo: str
) -> None:
    at = await desk(ctx, "webhook", monkeypatch, webhook)
    for _ in range(2):
        await WebhookChannel().commit(at.outgoing(photo), Prepared())
    posts = webhook.posts["ann"]
    assert [post.data["webhook_id"] for post in posts] == ["pub_1", "pub_1"]
    assert posts[0].data["parts"] == ["file0", "payload"]


async def test_a_wrong_secret_asks_to_connect_again_and_tells_no_address(
    ctx: Context, webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "webhook", monkeypatch, webhook)
    outgoing = at.outgoing()
    outgoing.account.credentials["secret"] = "whsec_" + "QUFB" * 8
    with pytest.raises(ReconnectNeededError) as raised:
        await WebhookChannel().commit(outgoing, Prepared())
    assert "/hooks/" not in f"{raised.value} {json.dumps(raised.value.answer)}"


async def test_a_receiver_that_can_be_asked_tells_whether_it_has_the_post(
    ctx: Context, webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await desk(ctx, "webhook", monkeypatch, webhook)
    asked = COPY.model_copy(update={"target": {"status_url": f"{webhook.address('ann')}/status/{{id}}"}})
    assert isinstance(await WebhookChannel().find(at.outgoing(copy=asked)), Absent)
    made = await WebhookChannel().commit(at.outgoing(copy=asked), Prepared())
    assert isinstance(made, Handle)
    assert isinstance(await WebhookChannel().find(at.outgoing(copy=asked)), Found)


async def test_a_secret_that_is_too_short_does_not_sign(ctx: Context) -> None:
    with pytest.raises(RejectedError, match="secret"):
        await WebhookChannel().identify({"url": "https://example.com/x", "secret": "whsec_QUFB"})


async def test_a_receiver_inside_the_private_network_is_refused(ctx: Context) -> None:
    context.install(replace(ctx, settings=ctx.settings.model_copy(update={"allow_private_urls": False})))
    credentials = {"url": "https://127.0.0.1/x-private", "secret": "whsec_" + "QUFB" * 8}
    with pytest.raises(RejectedError) as raised:
        await WebhookChannel().identify(credentials)
    assert "x-private" not in str(raised.value)
