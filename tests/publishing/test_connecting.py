"""Connecting accounts by OAuth: what comes back is believed only when it was asked for."""

import asyncio
import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from mediaposter.core import context, events
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.errors import ConflictError, NotConfiguredError
from mediaposter.publishing import account_settings, service
from mediaposter.publishing.connecting import flows, keeping, loopback, redirects
from mediaposter.publishing.connecting.errors import ConnectError, DeniedError, MissingScopesError, UnknownFlowError
from mediaposter.publishing.connecting.syncing import sync
from mediaposter.publishing.models import Connection
from mediaposter.publishing.outcomes import Outcome
from tests.publishing.driving import drive, plan, read
from tests.publishing.meadow import REDIRECT, account_of, connected, meadow, visit
from tests.servers.oauth_server import OAuthServer

__all__ = ["meadow"]
pytestmark = pytest.mark.feature("BLOT-001", "ADAPT-013")


async def begin(ctx: Context, account_id: str | None = None) -> flows.Begun:
    return await flows.begin(ctx, "meadow", redirect_uri=REDIRECT, account_id=account_id)


async def test_an_account_is_connected_with_its_scopes_and_end(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    assert (account.external_id, account.scopes) == ("id-ann", ["read", "write", "counts"])
    assert account.credentials_expire_at is not None


async def test_neither_state_nor_verifier_nor_token_lies_open_in_the_database(
    ctx: Context, meadow: OAuthServer
) -> None:
    begun = await begin(ctx)
    told = await visit(begun.url)
    row = await flows.receive(ctx, "meadow", told)
    account = await account_of(ctx, row.result["accounts"][0])  # type: ignore[index]
    stored = json.dumps([row.state_hash, row.sealed_verifier, row.sealed_found, row.result, account.sealed_credentials])
    secrets = [told["state"], told["code"], *meadow.access, meadow.logins[0].refresh]
    assert [one for one in secrets if one in stored] == []


async def test_without_an_app_its_variable_and_the_address_to_register_are_named(
    ctx: Context, meadow: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEDIAPOSTER_MEADOW_CLIENT_ID")
    with pytest.raises(NotConfiguredError) as refused:
        await begin(ctx)
    assert refused.value.setting == "MEDIAPOSTER_MEADOW_CLIENT_ID"
    assert REDIRECT in refused.value.fix


async def test_a_person_who_says_no_is_told_what_to_do(ctx: Context, meadow: OAuthServer) -> None:
    meadow.denies = True
    told = await visit((await begin(ctx)).url)
    with pytest.raises(DeniedError, match="not given"):
        await flows.receive(ctx, "meadow", told)


@pytest.mark.parametrize("state", ["", "made-up"])
async def test_a_state_that_nobody_waits_for_is_refused(ctx: Context, meadow: OAuthServer, state: str) -> None:
    told = await visit((await begin(ctx)).url)
    with pytest.raises(UnknownFlowError):
        await flows.receive(ctx, "meadow", told | {"state": state})


async def test_a_state_is_good_once_even_when_shown_twice_at_the_same_time(ctx: Context, meadow: OAuthServer) -> None:
    told = await visit((await begin(ctx)).url)
    both = await asyncio.gather(*[flows.receive(ctx, "meadow", told) for _ in range(2)], return_exceptions=True)
    assert {type(one) for one in both} == {Connection, UnknownFlowError}


async def test_a_state_of_another_channel_is_refused(ctx: Context, meadow: OAuthServer) -> None:
    told = await visit((await begin(ctx)).url)
    with pytest.raises(UnknownFlowError):
        await flows.receive(ctx, "reddit", told)


async def test_who_comes_back_too_late_starts_again(ctx: Context, meadow: OAuthServer) -> None:
    begun = await begin(ctx)
    told = await visit(begun.url)
    async with ctx.database.session() as session:
        (await flows.get(session, begun.id)).expires_at = utc_now() - timedelta(seconds=1)
    with pytest.raises(UnknownFlowError, match="too late"):
        await flows.receive(ctx, "meadow", told)


async def test_permissions_that_were_left_out_are_named(ctx: Context, meadow: OAuthServer) -> None:
    meadow.grants = ["read"]
    told = await visit((await begin(ctx)).url)
    with pytest.raises(MissingScopesError, match="write"):
        await flows.receive(ctx, "meadow", told)


async def test_an_optional_permission_may_be_left_out(ctx: Context, meadow: OAuthServer) -> None:
    meadow.grants = ["read", "write"]
    assert (await connected(ctx)).scopes == ["read", "write"]


async def test_what_went_wrong_is_kept_with_the_flow(ctx: Context, meadow: OAuthServer) -> None:
    meadow.faults.append(500)
    begun = await begin(ctx)
    with pytest.raises(Exception, match="500"):
        await flows.receive(ctx, "meadow", await visit(begun.url))
    async with ctx.database.session() as session:
        assert ((await flows.get(session, begun.id)).problem or {})["code"] == "CONNECT_FAILED"


async def test_several_accounts_wait_to_be_chosen(ctx: Context, meadow: OAuthServer) -> None:
    meadow.pages = {"ann": ["garden", "shop"]}
    row = await flows.receive(ctx, "meadow", await visit((await begin(ctx)).url))
    assert [one.handle for one in flows.identities_of(ctx, row)] == ["ann", "garden", "shop"]
    chosen = await flows.choose(ctx, row.id, ["id-garden", "id-shop"])
    assert [one.handle for one in chosen] == ["garden", "shop"]
    with pytest.raises(ConflictError):
        await flows.choose(ctx, row.id, None)


async def test_connecting_again_keeps_id_name_and_settings(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    async with ctx.database.session() as session:
        await service.update_account(session, account.id, name="My Meadow")
        await account_settings.set_values(session, account.id, {"board": "ferns"})
        await keeping.disconnect(session, ctx, account.id)
    again = await connected(ctx)
    assert (again.id, again.name, again.target, again.problem) == (account.id, "My Meadow", {"board": "ferns"}, None)


async def test_connecting_one_account_again_as_another_person_is_refused(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.person = "bob"
    begun = await begin(ctx, account.id)
    with pytest.raises(ConnectError, match="signed in as bob"):
        await flows.receive(ctx, "meadow", await visit(begun.url))


async def test_what_was_refused_for_want_of_a_connection_goes_out_after_it(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    publication_id = await plan(ctx, account, "")
    meadow.revoke("ann")
    assert await drive(ctx, publication_id) is Outcome.REJECTED
    assert ((await account_of(ctx, account.id)).problem or {})["code"] == "RECONNECT_NEEDED"
    await connected(ctx)
    assert (await read(ctx, publication_id)).outcome is Outcome.PLANNED
    assert await drive(ctx, publication_id) is Outcome.CONFIRMED


async def test_a_disconnected_account_says_so_once(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    for _ in range(2):
        async with ctx.database.session() as session:
            await keeping.disconnect(session, ctx, account.id)
    told = await events.read(ctx.database, after=0, topic="account.disconnected")
    assert [(one.subject, "fix" in one.data) for one in told] == [(account.id, True)]


async def test_nothing_is_sent_on_a_disconnected_account(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    publication_id = await plan(ctx, account, "")
    async with ctx.database.session() as session:
        await keeping.disconnect(session, ctx, account.id)
    assert await drive(ctx, publication_id) is Outcome.REJECTED
    assert ((await read(ctx, publication_id)).problem or {})["code"] == "RECONNECT_NEEDED"


async def asked(ctx: Context, monkeypatch: pytest.MonkeyPatch, channel: str) -> dict[str, str]:
    """What a platform's page is asked for a channel of ours."""
    monkeypatch.setenv(f"MEDIAPOSTER_{channel.upper()}_CLIENT_ID", "app-7")
    begun = await flows.begin(ctx, channel, redirect_uri=REDIRECT)
    return dict(parse_qsl(urlsplit(begun.url).query))


async def test_tiktok_is_asked_in_its_own_words(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await asked(ctx, monkeypatch, "tiktok")
    assert (told["client_key"], len(told["code_challenge"]), "," in told["scope"]) == ("app-7", 64, True)


async def test_google_is_asked_for_a_refresh_token(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await asked(ctx, monkeypatch, "youtube")
    assert (told["access_type"], told["code_challenge_method"]) == ("offline", "S256")


async def test_scopes_of_a_setting_replace_those_of_the_channel(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAPOSTER_LINKEDIN_SCOPES", "openid w_organization_social")
    told = await asked(ctx, monkeypatch, "linkedin")
    assert (told["scope"], "code_challenge" in told) == ("openid w_organization_social", False)


async def test_the_command_gets_the_browser_back_on_this_machine(ctx: Context, meadow: OAuthServer) -> None:
    async with loopback.listening(0, "/connect/meadow/callback") as returned, httpx.AsyncClient() as browser:
        base = f"http://127.0.0.1:{returned.port}"
        assert (await browser.get(f"{base}/favicon.ico")).status_code == 404
        page = await browser.get(f"{base}/connect/meadow/callback", params={"code": "c", "state": "<s>"})
        assert (await returned.wait(5), page.status_code) == ({"code": "c", "state": "<s>"}, 200)


async def test_a_port_that_is_taken_is_named(ctx: Context) -> None:
    async with loopback.listening(0, "/x") as first:
        with pytest.raises(ConflictError, match=str(first.port)):
            async with loopback.listening(first.port, "/x"):
                pass


async def test_redirect_addresses_are_fixed_and_follow_the_settings(ctx: Context) -> None:
    settings = ctx.settings
    assert redirects.for_command(settings, "x").uri == "http://127.0.0.1:5556/connect/x/callback"
    public = settings.model_copy(update={"connect_url": "https://posts.example.com/"})
    assert redirects.for_command(public, "x") == redirects.Redirect(redirects.for_page(public, "x"), None)
    local = settings.model_copy(update={"connect_url": "http://localhost:6000"})
    assert redirects.for_command(local, "x") == redirects.Redirect("http://localhost:6000/connect/x/callback", 6000)


async def test_a_sync_adds_what_is_new_and_marks_what_is_gone(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.pages = {"ann": ["garden"]}
    tried = await sync(ctx, [account], add=True, dry_run=True)
    assert [(one.handle, one.account_id) for one in tried.added] == [("garden", None)]
    done = await sync(ctx, [account], add=True)
    garden = await account_of(ctx, str(done.added[0].account_id))
    meadow.pages = {}
    gone = await sync(ctx, [account, garden])
    assert ([one.handle for one in gone.vanished], gone.unchanged) == (["garden"], 1)
    assert ((await account_of(ctx, garden.id)).problem or {})["code"] == "NOT_REACHED"


async def test_a_sync_adds_no_account_that_nobody_asked_for(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.pages = {"ann": ["garden"]}
    done = await sync(ctx, [account])
    assert ([one.handle for one in done.offered], done.added) == (["garden"], [])


async def test_a_key_that_cannot_be_asked_changes_nothing(ctx: Context, meadow: OAuthServer) -> None:
    account = await connected(ctx)
    meadow.revoke("ann")
    done = await sync(ctx, [account])
    assert [one["code"] for one in done.problems] == ["RECONNECT_NEEDED"]
    assert done.vanished == []


async def test_limits_are_set_as_the_guards_say(ctx: Context, meadow: OAuthServer) -> None:
    context.install(ctx)
    account = await connected(ctx)
    async with ctx.database.session() as session:
        values = {"burst.posts": "3", "budget.micros": "5000000", "budget.currency": "EUR"}
        account = await account_settings.set_values(session, account.id, values)
    assert account.burst == {"posts": 3, "minutes": 60.0}
    assert account.budget == {"micros": 5_000_000, "currency": "EUR", "days": 30}
    async with ctx.database.session() as session:
        account = await account_settings.set_values(session, account.id, {"budget": "", "burst.minutes": "30"})
    assert (account.burst, account.budget) == ({"posts": 3, "minutes": 30.0}, None)
