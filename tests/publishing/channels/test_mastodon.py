"""What is peculiar to Mastodon: what an instance takes, keys of idempotency, threads, markup."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Absent, Found, Outgoing, Prepared, Under
from mediaposter.publishing.channels.mastodon import MastodonChannel
from mediaposter.publishing.copy import Copy, length
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import close_clients
from tests.publishing.case import add_account
from tests.publishing.cases.mastodon import CASE
from tests.servers.mastodon_server import MastodonServer

pytestmark = pytest.mark.feature("BLOT-001")
MASTODON = MastodonChannel()


@dataclass
class Desk:
    ctx: Context
    server: MastodonServer
    account: Account

    def outgoing(self, *assets: str, text: str = "One small thing.", **more: Any) -> Outgoing:
        words = Copy(description=text, alt_text="A leaf.", target=more.pop("target", {}))
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        return Outgoing("pub_1", "post_1", account_of(self.account, self.ctx.secrets), assets, words, None, **values)

    async def send(self, outgoing: Outgoing) -> str:
        return (await MASTODON.commit(outgoing, await MASTODON.prepare(outgoing))).external_id


@pytest.fixture
async def desk(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    with MastodonServer(characters=1200).running() as server:
        assert isinstance(server, MastodonServer)
        for name, value in CASE.environment(server).items():
            monkeypatch.setenv(name, value)
        yield Desk(ctx, server, await add_account(ctx, CASE, server, "7"))
    await close_clients()


async def test_the_same_publication_sent_twice_is_one_post_even_in_another_attempt(desk: Desk) -> None:
    sent = [await desk.send(desk.outgoing(attempt=attempt)) for attempt in (1, 2)]
    assert (len(set(sent)), len(desk.server.posts["7"])) == (1, 1)


async def test_an_instance_says_what_it_takes(desk: Desk) -> None:
    credentials = {"instance": desk.server.url.removeprefix("https://"), "access_token": desk.server.enrol("8")}
    [found] = await MASTODON.identify(credentials)
    assert (found.external_id, found.handle) == ("8@social.test", "user8@social.test")
    rules = MASTODON.rules_for(found.target)
    assert (rules.text.description_max, rules.media.size_max) == (1200, 40_000_000)
    assert rules.media.image.size_max == 10_000_000


async def test_a_long_link_leaves_room_and_a_warning_takes_some(desk: Desk) -> None:
    counting, link = MASTODON.rules.text.counting, "https://example.com/" + "a" * 300
    text = "x" * 470 + f" {link}."
    assert (length(text, counting), length("at http://a.de", counting)) == (495, 26)
    assert MASTODON.rules_for({"warning": "Wet feet"}).text.description_max == 492
    await desk.send(desk.outgoing(text=text))
    assert desk.server.posts["7"][0].text == text


async def test_a_picture_has_its_words(ctx: Context, desk: Desk, picture: Path) -> None:
    async with ctx.database.session() as session:
        asset = await media.register(session, str(picture), storage=ctx.storage, limits=MediaLimits.of(ctx.settings))
    await desk.send(desk.outgoing(asset.id))
    [number] = desk.server.posts["7"][0].data["media_ids"]
    assert desk.server.media[number]["description"] == "A leaf."


async def test_a_thread_hangs_together_and_find_tells_its_parts_apart(desk: Desk) -> None:
    first = await desk.send(desk.outgoing())
    reply = replace(desk.outgoing(text="And more.", kind=Kind.REPLY, under=Under(first, first)), id="pub_2")
    second = await MASTODON.commit(reply, Prepared())
    found = await MASTODON.find(reply)
    assert isinstance(found, Found)
    assert (found.external_id, desk.server.posts["7"][-1].data["in_reply_to_id"]) == (second.external_id, first)
    assert isinstance(await MASTODON.find(desk.outgoing(text="And more.")), Absent)


async def test_a_post_is_found_in_the_markup_that_the_instance_makes_of_it(desk: Desk) -> None:
    outgoing = desk.outgoing(text='Plants & "pots"\n\nat https://example.com/a?b=1&c=2\nnow')
    number = await desk.send(outgoing)
    found = await MASTODON.find(outgoing)
    assert isinstance(found, Found)
    assert found.external_id == number


async def test_how_a_post_is_shown_is_the_accounts_choice(desk: Desk) -> None:
    await desk.send(desk.outgoing(target={"visibility": "unlisted", "warning": "Wet feet", "language": "de"}))
    [post] = desk.server.posts["7"]
    wanted = {"visibility": "unlisted", "spoiler_text": "Wet feet", "sensitive": True, "language": "de"}
    assert wanted.items() <= post.data.items()


async def test_the_counts_of_a_post_are_read_and_a_gone_one_has_none(desk: Desk) -> None:
    account = account_of(desk.account, desk.ctx.secrets)
    counts = await MASTODON.measure(account, await desk.send(desk.outgoing()))
    assert counts is not None
    assert (counts.likes, counts.comments, counts.shares, counts.views) == (4, 2, 1, None)
    assert await MASTODON.measure(account, "1") is None
