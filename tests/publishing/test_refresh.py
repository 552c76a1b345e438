"""Keeping tokens good: renewed once, ahead of their end; lost only by the platform's own word."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mediaposter.core import events, timeline
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.db import Database
from mediaposter.core.engine import Engine
from mediaposter.publishing.connecting import refreshing, renewals
from mediaposter.publishing.connecting.refreshing import RENEW, look_after, refresh_if_due
from mediaposter.publishing.errors import ReconnectNeededError, RetryLaterError
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome
from tests.publishing.driving import drive, plan
from tests.publishing.meadow import account_of, connect_all, connected, meadow
from tests.servers.oauth_server import OAuthServer

__all__ = ["meadow", "renewals"]
pytestmark = pytest.mark.feature("BLOT-001", "ADAPT-013")


@pytest.fixture(autouse=True)
def _no_failures() -> Iterator[None]:
    yield
    refreshing.forget_failures()


def later(ctx: Context, seconds: float) -> Context:
    """The same process with a clock that goes ahead."""
    return replace(ctx, clock=lambda: utc_now() + timedelta(seconds=seconds))


async def kept(ctx: Context, account_id: str) -> dict[str, object]:
    found: dict[str, object] = refreshing.credentials_of(ctx, await account_of(ctx, account_id))
    return found


async def topics(ctx: Context) -> list[str]:
    return [one.topic for one in await events.read(ctx.database, after=0, topic="account.*")]


async def test_a_token_that_lasts_is_left_alone(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    await refresh_if_due(ctx, account.id)
    assert meadow.renewals == 0


async def test_a_token_is_renewed_ahead_of_its_end(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    seen = await refresh_if_due(later(ctx, 3600 - 500), account.id)
    assert seen is not None
    assert (meadow.renewals, seen.credentials) == (1, await kept(ctx, account.id))


async def test_many_workers_at_once_renew_it_once(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.faults.append(0)  # slow: all of them come while the first one asks
    seen = await asyncio.gather(*[refresh_if_due(later(ctx, 3500), account.id) for _ in range(4)])
    assert (meadow.renewals, len({one.credentials["access_token"] for one in seen if one})) == (1, 1)


async def test_a_login_behind_several_accounts_is_renewed_once_for_all(ctx: Context, meadow: OAuthServer) -> None:
    meadow.pages = {"ann": ["garden"]}
    ann, garden = await connect_all(ctx)
    await asyncio.gather(*[refresh_if_due(later(ctx, 3500), one.id) for one in (ann, garden)])
    assert meadow.renewals == 1
    assert (await kept(ctx, ann.id))["refresh_token"] == (await kept(ctx, garden.id))["refresh_token"]


async def test_an_answer_without_a_refresh_token_keeps_the_old_one(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    before = await kept(ctx, account.id)
    meadow.rotates = False
    await refresh_if_due(later(ctx, 3500), account.id)
    after = await kept(ctx, account.id)
    assert (after["refresh_token"], after["access_token"] != before["access_token"]) == (before["refresh_token"], True)


@pytest.mark.parametrize("fault", [500, 503, 429, 401])
async def test_a_blip_leaves_a_good_token_in_use(ctx: Context, meadow: OAuthServer, fault: int) -> None:
    account = await connected(ctx)
    meadow.faults.append(fault)
    seen = await refresh_if_due(later(ctx, 3500), account.id)
    assert seen is not None
    assert seen.credentials == await kept(ctx, account.id)
    assert (await account_of(ctx, account.id)).problem is None


async def test_a_blip_when_the_token_is_over_asks_to_come_back(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.faults.append(503)
    with pytest.raises(RetryLaterError):
        await refresh_if_due(later(ctx, 3601), account.id)
    assert "account.disconnected" not in await topics(ctx)


async def test_a_platform_that_cannot_be_reached_disconnects_nobody(
    ctx: Context, meadow: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await connected(ctx)
    monkeypatch.setenv("MEDIAPOSTER_MEADOW_BASE_URL", "http://127.0.0.1:9")
    assert await refresh_if_due(later(ctx, 3500), account.id) is not None
    assert (await account_of(ctx, account.id)).problem is None


async def test_while_it_fails_a_worker_does_not_ask_at_every_verb(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.faults.append(500)
    for _ in range(3):
        await refresh_if_due(later(ctx, 3500), account.id)
    assert meadow.renewals == 0


async def test_a_void_grant_disconnects_with_reason_and_mend(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.revoke("ann")
    with pytest.raises(ReconnectNeededError):
        await refresh_if_due(later(ctx, 3601), account.id)
    [told] = await events.read(ctx.database, after=0, topic="account.disconnected")
    assert "invalid_grant" in told.data["reason"]
    assert told.data["fix"] == "Connect it again: mediaposter accounts connect meadow"


async def test_a_void_grant_is_asked_for_once_and_the_token_used_to_its_end(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.logins[0].over = True
    for _ in range(2):
        assert await refresh_if_due(later(ctx, 3500), account.id) is not None
    assert (await topics(ctx)).count("account.disconnected") == 1
    with pytest.raises(ReconnectNeededError):
        await refresh_if_due(later(ctx, 3601), account.id)


async def test_a_post_with_the_last_of_a_void_grant_does_not_hide_it(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.logins[0].refresh = "another"  # the platform knows our refresh token no more, and the token still
    await refresh_if_due(later(ctx, 3500), account.id)
    assert await drive(ctx, await plan(ctx, account, "")) is Outcome.CONFIRMED
    assert ((await account_of(ctx, account.id)).problem or {})["code"] == "RECONNECT_NEEDED"


async def test_a_post_renews_a_token_that_is_over(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    await end_now(ctx, account)
    meadow.end_tokens()
    assert await drive(ctx, await plan(ctx, account, "")) is Outcome.CONFIRMED
    assert meadow.renewals == 1


async def test_a_token_that_is_refused_before_its_end_is_renewed_and_the_post_goes_out(
    ctx: Context, meadow: OAuthServer
) -> None:
    account = await connected(ctx)
    meadow.end_tokens()
    ahead = later(ctx, 600)
    assert await drive(ahead, await plan(ctx, account, "")) is Outcome.CONFIRMED
    assert (meadow.renewals, len(meadow.posts)) == (1, 1)


async def refused_in_a_blip(ctx: Context, meadow: OAuthServer, account: Account) -> Outcome:
    meadow.end_tokens()
    meadow.faults.append(503)
    return await drive(later(ctx, 600), await plan(ctx, account, ""))


async def test_a_refused_token_that_cannot_be_renewed_just_now_puts_a_post_off(
    ctx: Context, meadow: OAuthServer
) -> None:
    assert await refused_in_a_blip(ctx, meadow, await connected(ctx)) is Outcome.PLANNED


async def test_a_refused_token_that_cannot_be_renewed_just_now_disconnects_nobody(
    ctx: Context, meadow: OAuthServer
) -> None:
    account = await connected(ctx)
    await refused_in_a_blip(ctx, meadow, account)
    assert (await account_of(ctx, account.id)).problem is None
    assert "account.disconnected" not in await topics(ctx)


async def test_a_call_refused_in_a_blip_of_the_renewal_puts_the_post_off(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.refuses_posts = True
    meadow.faults.append(503)
    assert await drive(later(ctx, 600), await plan(ctx, account, "")) is Outcome.PLANNED
    assert (await account_of(ctx, account.id)).problem is None


async def test_a_renewal_that_is_called_off_still_keeps_the_new_token(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.faults.append(0)
    renewal = asyncio.ensure_future(refresh_if_due(later(ctx, 3500), account.id))
    async with asyncio.timeout(10):
        while meadow.faults:
            await asyncio.sleep(0.01)
    renewal.cancel()
    with pytest.raises(asyncio.CancelledError):
        await renewal
    assert (meadow.renewals, (await kept(ctx, account.id))["refresh_token"]) == (1, meadow.logins[0].refresh)


async def test_many_logins_that_are_due_at_once_leave_each_other_connections(ctx: Context, meadow: OAuthServer) -> None:
    few = Database(ctx.database.url, pool_size=9, max_overflow=0)
    accounts: list[Account] = []
    for number in range(12):
        meadow.person = f"person{number}"
        accounts.append(await connected(ctx))
    meadow.slow = 0.05
    meadow.faults.extend([0] * len(accounts))
    async with asyncio.timeout(20):
        ahead = replace(later(ctx, 3500), database=few)
        await asyncio.gather(*(refresh_if_due(ahead, one.id) for one in accounts))
    await few.close()
    assert meadow.renewals == len(accounts)


async def test_a_blip_puts_a_post_off_and_does_not_refuse_it(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    await end_now(ctx, account)
    meadow.faults.append(503)
    assert await drive(ctx, await plan(ctx, account, "")) is Outcome.PLANNED


async def test_idle_accounts_are_looked_after_by_the_timeline(
    ctx: Context, engine: Engine, meadow: OAuthServer
) -> None:
    account = await connected(ctx)
    await end_now(ctx, account)
    async with ctx.database.session() as session:
        [entry] = await timeline.list_entries(session, kind=RENEW, subject=account.id)
        await timeline.reschedule(session, entry.id, due_at=utc_now())
    assert await timeline.start_due(ctx) == 1
    async with asyncio.timeout(20):
        while not meadow.renewals or len(await looks(ctx, account)) < 2:
            await asyncio.sleep(0.02)


async def test_the_end_of_a_token_that_cannot_be_renewed_is_told_ahead(ctx: Context, meadow: OAuthServer) -> None:
    meadow.lasts = 30 * 24 * 3600
    account = await connected(ctx)
    await forget_refresh_token(ctx, account)
    week, day, end = (meadow.lasts - ahead * 24 * 3600 + 1 for ahead in (7, 1, 0))
    done = [await look_after(later(ctx, at), account.id) for at in (week, day, end)]
    assert done == ["told", "told", "over"]
    assert (await topics(ctx))[-3:] == ["account.expiring", "account.expiring", "account.disconnected"]


async def test_a_token_of_weeks_is_renewed_days_ahead(ctx: Context, meadow: OAuthServer) -> None:
    meadow.lasts = 60 * 24 * 3600
    account = await connected(ctx)
    [look] = await looks(ctx, account)
    assert timedelta(days=49) < look - utc_now() < timedelta(days=51)
    assert await look_after(later(ctx, 50 * 24 * 3600 + 60), account.id) == "renewed"


async def looks(ctx: Context, account: Account) -> list[datetime]:
    async with ctx.database.session() as session:
        return [one.due_at for one in await timeline.list_entries(session, kind=RENEW, subject=account.id)]


async def end_now(ctx: Context, account: Account) -> None:
    async with ctx.database.session() as session:
        row = await session.merge(account)
        row.credentials_expire_at = utc_now() - timedelta(seconds=1)


async def forget_refresh_token(ctx: Context, account: Account) -> None:
    credentials = await kept(ctx, account.id)
    del credentials["refresh_token"]
    async with ctx.database.session() as session:
        row = await session.merge(account)
        row.sealed_credentials = ctx.secrets.seal(json.dumps(credentials))
        await refreshing.plan(session, ctx, row)
