"""Publishing over HTTP: channels, accounts, posts, and the ledger explained."""

from collections import deque

import httpx
import pytest

from mediaposter.core.context import Context
from mediaposter.core.engine import Engine
from mediaposter.publishing.models import Account
from tests.publishing.driving import drive, plan
from tests.servers.channel_server import TOKEN, ChannelServer

pytestmark = pytest.mark.feature("ADAPT-013", "ARCH-007")


async def test_channels_tell_their_rules(web: httpx.AsyncClient) -> None:
    (site,) = [channel for channel in (await web.get("/api/channels")).json() if channel["name"] == "site"]
    assert site["rules"]["text"]["title_max"] == 120
    assert site["rules"]["read_on"]
    assert (await web.get("/api/channels/myspace")).json()["code"] == "UNKNOWN_CHANNEL"


async def test_an_account_from_its_making_to_its_end(web: httpx.AsyncClient) -> None:
    made = await web.post(
        "/api/accounts",
        json={
            "channel": "site",
            "handle": "@Fern",
            "groups": ["garden"],
            "profile": {"bio": "Plants.", "links": [{"label": "Jar", "url": "https://jar.example"}]},
            "credentials": {"token": TOKEN},
        },
    )
    assert made.status_code == 201
    account = made.json()
    assert (account["handle"], account["external_id"], account["has_credentials"]) == ("Fern", "fern", True)
    assert TOKEN not in made.text
    path = f"/api/accounts/{account['id']}"
    paused = (await web.patch(path, json={"paused": True, "reason": "holiday"})).json()
    assert (paused["paused_reason"], paused["paused_at"] is not None) == ("holiday", True)
    resumed = (await web.patch(path, json={"paused": False, "name": "Fern & Co"})).json()
    assert (resumed["paused_at"], resumed["name"], resumed["profile"]["bio"]) == (None, "Fern & Co", "Plants.")
    assert [one["id"] for one in (await web.get("/api/accounts?select=garden")).json()] == [account["id"]]
    await web.delete(path)
    assert (await web.get("/api/accounts")).json() == []


async def test_a_second_account_of_the_same_handle_is_a_conflict(web: httpx.AsyncClient) -> None:
    answers = [await web.post("/api/accounts", json={"channel": "site", "handle": handle}) for handle in ("a", "A")]
    assert [answer.status_code for answer in answers] == [201, 409]


@pytest.mark.parametrize(
    "change", [{"profile": {"accent": "red; }"}}, {"profile": {"links": [{"label": "x", "url": "javascript:1"}]}}]
)
async def test_a_profile_takes_no_code(
    web: httpx.AsyncClient, site_account: Account, change: dict[str, object]
) -> None:
    assert (await web.patch(f"/api/accounts/{site_account.id}", json=change)).status_code == 400


async def test_a_post_is_planned_previewed_and_published(
    ctx: Context, web: httpx.AsyncClient, engine: Engine, site_account: Account, asset_id: str
) -> None:
    post = (await web.post("/api/posts", json={"asset_ids": [asset_id], "title": "One"})).json()
    body = {"post_id": post["id"], "account_id": site_account.id, "copy": {"title": "", "description": "x" * 5001}}
    planned = (await web.post("/api/publications", json=body)).json()
    preview = (await web.get(f"/api/publications/{planned['id']}/preview")).json()
    assert [rule["field"] for rule in preview["broken"]] == ["title", "description"]
    assert [(one["width"], one["height"]) for one in preview["media"]] == [(180, 320)]
    body |= {"copy": {"title": "One"}, "publish": True}
    again = (await web.post("/api/publications", json=body)).json()
    assert again["id"] == planned["id"]
    await drive(ctx, planned["id"])
    (listed,) = (await web.get("/api/posts")).json()
    assert [row["id"] for row in listed["publications"]] == [planned["id"]]


async def test_a_refusal_is_explained(
    ctx: Context, web: httpx.AsyncClient, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["refused"])
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    told = (await web.get(f"/api/publications/{publication_id}")).json()
    assert (told["outcome"], told["channel"], told["handle"]) == ("rejected", "contract", "ann")
    assert "the text is a duplicate" in told["verdict"]
    assert "Write another text." in told["next"]
    assert [line["outcome"] for line in told["attempts"][0]["trail"]] == ["planned", "armed", "rejected"]
    assert TOKEN not in str(told)
    (listed,) = (await web.get("/api/publications?outcome=rejected")).json()
    assert listed["id"] == publication_id
    assert (await web.get("/api/publications?outcome=confirmed")).json() == []


async def test_what_the_state_forbids_is_a_conflict_that_says_what_to_do(
    ctx: Context, web: httpx.AsyncClient, account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    for verb in ("cancel", "retry"):
        answer = await web.post(f"/api/publications/{publication_id}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (409, "PUBLICATION_STATE")
        assert answer.json()["fix"]
    answer = await web.post(f"/api/publications/{publication_id}/answer", json={"public": False})
    assert answer.status_code == 409


async def test_a_cancelled_publication_stays_in_the_ledger(
    ctx: Context, web: httpx.AsyncClient, account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    for _ in range(2):
        assert (await web.post(f"/api/publications/{publication_id}/cancel")).json()["outcome"] == "cancelled"


async def test_a_publication_that_is_not_there_is_not_found(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/publications/pub_nope")).status_code == 404
