"""Keeping what was connected: an account for each identity, and what waited for it set going again."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.publishing import repository, service
from mediaposter.publishing.connecting import oauth, refreshing
from mediaposter.publishing.connecting.refreshing import DISCONNECTED, NEEDED, NOT_REACHED
from mediaposter.publishing.connection import Identity
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import Outcome

_STILL_WANTED = timedelta(days=7)  # what was refused longer ago for want of a connection is not sent by itself


async def keep(session: AsyncSession, ctx: Context, channel_name: str, identity: Identity) -> Account:
    """Add the account of an identity, or connect the known one again: its id, name, groups and target stay.

    What waited for the connection is set going: publications that were refused because it was gone, in the last week.
    """
    now = ctx.clock()
    account = await service.find_account(session, channel_name, identity.external_id)
    if account is None:
        account = await service.create_account(
            session,
            channel=channel_name,
            handle=identity.handle,
            name=identity.name,
            external_id=identity.external_id,
            target=dict(identity.target),
            credentials=identity.credentials,
            secrets=ctx.secrets,
            clock=ctx.clock,
        )
    known: JsonObject = json.loads(ctx.secrets.open(account.sealed_credentials)) if account.sealed_credentials else {}
    credentials = dict(identity.credentials)
    if known.get("refresh_token") and not credentials.get("refresh_token") and credentials.get("access_token"):
        # Some platforms give a refresh token the first time only: an empty one must not replace it.
        credentials["refresh_token"] = known["refresh_token"]
    account.sealed_credentials = ctx.secrets.seal(json.dumps(credentials))
    account.target = {**identity.target, **account.target}
    account.scopes = list(identity.scopes) or oauth.scopes_in(credentials.get("scope"))
    account.credentials_expire_at = identity.expires_at or refreshing.moment(credentials.get("expires_at"))
    account.connected_at = now
    account.problem = account.archived_at = None
    await session.flush()
    await refreshing.plan(session, ctx, account)
    await events.emit(session, "account.connected", account.id, {"channel": channel_name, "handle": account.handle})
    await _restart(session, account.id, now=now, ctx=ctx)
    return account


async def keep_all(
    session: AsyncSession, ctx: Context, channel_name: str, identities: Sequence[Identity]
) -> list[Account]:
    """Keep each of some identities."""
    return [await keep(session, ctx, channel_name, identity) for identity in identities]


async def disconnect(session: AsyncSession, ctx: Context, account_id: str) -> Account:
    """Forget an account's credentials. The account, its settings and its ledger stay; connecting it again mends it."""
    account = await service.get_account(session, account_id)
    account.sealed_credentials = account.credentials_expire_at = None
    account.scopes = []
    await refreshing.plan(session, ctx, account)
    reason = "It was disconnected by hand."
    await refreshing.mark_disconnected(session, account, reason, code=DISCONNECTED)
    return account


async def _restart(session: AsyncSession, account_id: str, *, now: datetime, ctx: Context) -> None:
    refused = await repository.list_publications(session, account_id=account_id, outcomes=[Outcome.REJECTED])
    for row in sorted(refused, key=lambda one: one.id):
        code = (row.problem or {}).get("code")
        if code in (NEEDED, DISCONNECTED, NOT_REACHED) and (row.settled_at or now) > now - _STILL_WANTED:
            await service.retry_publication(session, row.id, clock=ctx.clock)
