"""Rules before the slot: what each account would say to a post, and what is made to fit by itself."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from mediaposter.core import context
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.publishing import service
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channels, register
from mediaposter.publishing.rules import ChannelRules, ImageRules, MediaRules, TextRules
from tests.publishing.contract_channel import ContractChannel

pytestmark = pytest.mark.feature("BLOT-001", "ADAPT-013")


class Board(BaseModel):
    model_config = ConfigDict(extra="forbid")

    board: str
    paid: bool = False


class BoardChannel(ContractChannel):
    """A platform with boards, whose paying users may write more."""

    name: ClassVar[str] = "board"
    target: ClassVar[type[BaseModel]] = Board
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(title_max=10, description_max=20, caption_max=12),
        media=MediaRules(duration_min=0.5, duration_max=0.8, images_max=2, image=ImageRules(formats=("png",))),
    )

    def rules_for(self, target: JsonObject) -> ChannelRules:
        paid = replace(self.rules, text=replace(self.rules.text, description_max=200, caption_max=200))
        return paid if target.get("paid") is True else self.rules


@pytest.fixture(autouse=True)
def channel() -> Iterator[None]:
    register(BoardChannel())
    yield
    del load_channels()["board"]


@pytest.fixture
async def board(ctx: Context) -> Account:
    async with ctx.database.session() as session:
        return await service.create_account(session, channel="board", handle="ann", target={"board": "7"})


async def validate(web: httpx.AsyncClient, **asked: object) -> JsonObject:
    answer = await web.post("/api/posts/validate", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(account: JsonObject) -> tuple[list[str], list[str]]:
    return [one["code"] for one in account["broken"]], [one["code"] for one in account["adapts"]]


async def test_each_account_says_what_is_broken_and_what_is_adapted(
    web: httpx.AsyncClient, asset_id: str, board: Account, site_account: Account
) -> None:
    told = await validate(web, asset_ids=[asset_id], copy={"title": "A fern", "description": "x" * 15})
    found = {one["channel"]: one for one in told["accounts"]}
    assert not told["ok"]
    assert codes(found["board"]) == (["TEXT_TOO_LONG"], ["MEDIA_DURATION"])
    assert (found["site"]["ok"], found["site"]["account_id"]) == (True, site_account.id)
    assert all(found["board"]["broken"][0][part] for part in ("field", "rule", "found", "fix"))


async def test_nothing_broken_is_ok_although_something_is_adapted(
    web: httpx.AsyncClient, asset_id: str, board: Account
) -> None:
    told = await validate(web, asset_ids=[asset_id], copy={"description": "short"}, accounts=[board.id])
    assert (told["ok"], codes(told["accounts"][0])) == (True, ([], ["MEDIA_DURATION"]))


async def test_a_target_that_is_missing_is_named(web: httpx.AsyncClient, ctx: Context) -> None:
    async with ctx.database.session() as session:
        await service.create_account(session, channel="board", handle="bob")
    told = await validate(web, copy={"description": "short"})
    (broken,) = told["accounts"][0]["broken"]
    assert (broken["field"], broken["code"]) == ("target.board", "TARGET_MISSING")
    told = await validate(web, copy={"description": "short", "target": {"board": "7"}})
    assert told["ok"]


async def test_rules_may_depend_on_the_target(web: httpx.AsyncClient, board: Account) -> None:
    copy = {"description": "x" * 100}
    assert not (await validate(web, copy=copy, accounts=[board.id]))["ok"]
    assert (await validate(web, copy=copy | {"target": {"paid": True}}, accounts=[board.id]))["ok"]


async def test_a_post_is_checked_by_its_id(web: httpx.AsyncClient, asset_id: str, board: Account) -> None:
    post = (await web.post("/api/posts", json={"asset_ids": [asset_id]})).json()
    told = await validate(web, post_id=post["id"], copy={"description": "short"}, accounts=[board.id])
    assert codes(told["accounts"][0])[1] == ["MEDIA_DURATION"]


async def test_a_channel_is_checked_without_an_account(web: httpx.AsyncClient, asset_id: str) -> None:
    told = await validate(web, asset_ids=[asset_id], channels=["board"])
    assert [(one["channel"], one["account_id"], one["ok"]) for one in told["accounts"]] == [("board", None, True)]


async def test_what_holds_an_account_back_is_said_beside(web: httpx.AsyncClient, ctx: Context, board: Account) -> None:
    async with ctx.database.session() as session:
        await service.pause_account(session, board.id, reason="holiday")
    told = await validate(web, copy={"description": "short"})
    assert (told["ok"], told["accounts"][0]["waits"]) == (True, "The account is paused: holiday.")


async def test_where_nothing_may_be_cut_a_long_video_is_broken(
    web: httpx.AsyncClient, ctx: Context, asset_id: str, board: Account
) -> None:
    context.install(replace(ctx, settings=ctx.settings.model_copy(update={"cut_long_videos": False})))
    told = await validate(web, asset_ids=[asset_id], copy={"description": "short"}, accounts=[board.id])
    assert codes(told["accounts"][0])[0] == ["MEDIA_DURATION"]


async def test_words_that_a_channel_has_no_place_for_are_not_lost_in_silence(
    web: httpx.AsyncClient, board: Account
) -> None:
    copy = {"description": "short", "first_comment": "First!", "thread": ["more"]}
    told = await validate(web, copy=copy, accounts=[board.id])
    assert codes(told["accounts"][0]) == ([], ["COMMENT_LEFT_AWAY", "THREAD_LEFT_AWAY"])


async def test_nothing_at_all_is_no_post(web: httpx.AsyncClient, board: Account) -> None:
    assert codes((await validate(web, accounts=[board.id]))["accounts"][0])[0] == ["TEXT_REQUIRED"]
