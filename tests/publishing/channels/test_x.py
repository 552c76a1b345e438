"""What is peculiar to X: parts, threads, short links, the price, and what a refused repetition proves."""

import json
import os
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mediaposter.core.context import Context
from mediaposter.media import service as media
from mediaposter.media.limits import MediaLimits
from mediaposter.publishing.channel import Absent, Found, Outgoing, Prepared, Under
from mediaposter.publishing.channels.x import PLATFORM, XChannel
from mediaposter.publishing.copy import Copy, Counting, length
from mediaposter.publishing.errors import OutcomeUnknownError, RejectedError, RetryLaterError
from mediaposter.publishing.guards import price_of
from mediaposter.publishing.models import Account, Kind
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.platform import Answer, close_clients
from mediaposter.publishing.rules import Price
from tests.publishing.case import add_account
from tests.publishing.cases.x import CASE
from tests.servers.platform_server import Fault
from tests.servers.x_server import XServer

pytestmark = pytest.mark.feature("BLOT-001")
X = XChannel()


@dataclass
class Desk:
    ctx: Context
    server: XServer
    account: Account

    def outgoing(self, *assets: str, text: str = "One small thing.", **more: Any) -> Outgoing:
        words = Copy(description=text, alt_text="A leaf.")
        values: dict[str, Any] = {"attempt": 1, "armed_at": self.ctx.clock(), **more}
        account = account_of(self.account, self.ctx.secrets)
        return Outgoing("pub_1", "post_1", account, assets, words, None, **values)

    async def send(self, outgoing: Outgoing) -> str:
        return (await X.commit(outgoing, await X.prepare(outgoing))).external_id


@pytest.fixture
async def desk(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    with XServer().running() as server:
        assert isinstance(server, XServer)
        for name, value in CASE.environment(server).items():
            monkeypatch.setenv(name, value)
        yield Desk(ctx, server, await add_account(ctx, CASE, server, "ann"))
    await close_clients()


def noise(path: Path, width: int, height: int) -> Path:
    """Write a PNG that cannot be made smaller."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + os.urandom(width * 3) for _ in range(height))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 0)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


async def test_a_picture_goes_up_in_parts_with_its_words_and_what_made_it(
    ctx: Context, desk: Desk, tmp_path: Path
) -> None:
    file = noise(tmp_path / "noise.png", 1280, 1200)
    async with ctx.database.session() as session:
        asset = await media.register(session, str(file), storage=ctx.storage, limits=MediaLimits.of(ctx.settings))
    await desk.send(desk.outgoing(asset.id, generated=True))
    [medium] = desk.server.media.values()
    [post] = desk.server.posts["ann"]
    assert medium["parts"] == [4 << 20, file.stat().st_size - (4 << 20)]
    assert (medium["alt_text"], post.data["made_with_ai"]) == ("A leaf.", True)


async def test_a_thread_hangs_together_and_find_tells_its_parts_apart(desk: Desk) -> None:
    first = await desk.send(desk.outgoing())
    reply = desk.outgoing(text="And more.", kind=Kind.REPLY, under=Under(first, first))
    second = await desk.send(reply)
    found = await X.find(reply)
    assert isinstance(found, Found)
    assert found.external_id == second
    assert desk.server.posts["ann"][1].data["reply"] == {"in_reply_to_tweet_id": first}
    assert isinstance(await X.find(desk.outgoing(text="And more.")), Absent)


async def test_find_reads_through_short_links_entities_and_the_link_of_the_media(desk: Desk, asset_id: str) -> None:
    outgoing = desk.outgoing(asset_id, text="Plants & <pots> at https://example.com/a?b=1&c=2 now")
    number = await desk.send(outgoing)
    found = await X.find(outgoing)
    assert isinstance(found, Found)
    assert found.external_id == number


async def test_a_repetition_refused_at_a_second_attempt_is_looked_for(desk: Desk) -> None:
    number = await desk.send(desk.outgoing(armed_at=desk.ctx.clock() - timedelta(hours=1)))
    again = desk.outgoing(attempt=2)
    with pytest.raises(OutcomeUnknownError):
        await X.commit(again, Prepared())
    found = await X.find(again)
    assert isinstance(found, Found)
    assert found.external_id == number
    with pytest.raises(RejectedError):
        await X.commit(desk.outgoing(), Prepared())


async def test_a_used_up_day_is_waited_for_and_not_the_quarter_of_an_hour(desk: Desk) -> None:
    desk.server.faults["ann"].append(Fault.QUOTA)
    with pytest.raises(RetryLaterError) as raised:
        await X.commit(desk.outgoing(), Prepared())
    assert raised.value.after is not None
    assert raised.value.after > timedelta(hours=11)


def test_used_up_credits_wait_for_new_ones() -> None:
    body = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account [1] does not have any credits to fulfill this request.",
        "type": "https://api.twitter.com/2/problems/credits",
    }
    error = PLATFORM.judge(Answer("POST", "/2/tweets", 402, {}, json.dumps(body), body), creating=True)
    assert isinstance(error, RetryLaterError)
    assert "console.x.com" in error.fix


async def test_a_premium_account_may_write_more_and_the_price_is_a_setting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    [me] = await X.identify(desk.outgoing().account.credentials)
    monkeypatch.setenv("MEDIAPOSTER_X_POST_MICROS", "0")
    rules = X.rules_for(me.target)
    assert (me.external_id, me.handle, rules.text.description_max) == ("ann", "ann", 25_000)
    assert rules.price is not None
    assert (rules.price.micros, rules.price.with_link_micros) == (0, 200_000)
    assert X.rules_for({"premium": "no"}).text.description_max == 280


async def test_a_post_is_counted_until_it_is_gone(desk: Desk) -> None:
    outgoing = desk.outgoing()
    metrics = await X.measure(outgoing.account, await desk.send(outgoing))
    assert metrics is not None
    assert (metrics.views, metrics.impressions, metrics.likes, metrics.shares) == (40, 120, 9, 3)
    assert await X.measure(outgoing.account, "1") is None


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("See https://example.com/a/very/long/path/that/does/not/count.", 28),
        ("https://example.com/日本", 27),  # another script ends the link
        ("日本example.com", 27),
        ("Example.com and ann@example.com, e.g. file.py", 57),
        ("🧑‍🌾 é", 4),
    ],
)
def test_a_link_counts_23_with_or_without_its_scheme(text: str, counted: int) -> None:
    assert length(text, Counting.X_WEIGHTED) == counted


def test_a_name_that_x_makes_a_link_of_costs_as_one() -> None:
    price = Price(15_000, 200_000)
    assert [price_of(Copy(description=text), price) for text in ("On example.com now", "e.g. file.py")] == [
        200_000,
        15_000,
    ]
