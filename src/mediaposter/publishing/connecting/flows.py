"""Connecting an account by OAuth, step by step: begun, come back from the platform, chosen.

A flow is a row of `connections`: found by the hash of its state, good for ten minutes and for one return. What was
found is kept sealed while a person chooses among the accounts. Those who paste credentials choose the same way.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.context import Context
from mediaposter.core.errors import ConflictError, InvalidInputError, MediaPosterError, NotFoundError
from mediaposter.core.ids import new_id
from mediaposter.publishing import ledger, service
from mediaposter.publishing.connecting import keeping, oauth
from mediaposter.publishing.connecting.errors import ConnectError, DeniedError, MissingScopesError, UnknownFlowError
from mediaposter.publishing.connecting.paste import connectable, reached
from mediaposter.publishing.connection import Identity
from mediaposter.publishing.models import Account, Connection

PENDING = timedelta(minutes=10)  # for the person on the platform's page
CHOOSING = timedelta(minutes=30)
_KEPT = timedelta(days=1)
_DENIED = ("access_denied", "user_cancelled_login", "user_cancelled_authorize", "user_denied")


@dataclass(frozen=True)
class Begun:
    """A flow that waits for a person. `url` is the platform's page."""

    id: str
    channel: str
    url: str
    redirect_uri: str
    expires_at: datetime


async def begin(ctx: Context, channel_name: str, *, redirect_uri: str, account_id: str | None = None) -> Begun:
    """Begin a flow. With `account_id`, it must end at that account. Raises NotConfiguredError without an app."""
    channel = connectable(channel_name)
    app = oauth.app_of(channel, redirect_uri=redirect_uri)
    state, pkce = secrets.token_urlsafe(32), oauth.new_pkce(app.how)
    now = ctx.clock()
    async with ctx.database.session() as session:
        if account_id is not None:
            account = await service.get_account(session, account_id)
            if account.channel != channel_name:
                raise InvalidInputError(f"{account_id} is on {account.channel}.", fix="Name an account of the channel.")
        await session.execute(delete(Connection).where(Connection.expires_at < now - _KEPT))
        row = Connection(
            id=new_id("conn"),
            channel=channel_name,
            account_id=account_id,
            state_hash=_hash(state),
            sealed_verifier=ctx.secrets.seal(pkce.verifier),
            redirect_uri=redirect_uri,
            expires_at=now + PENDING,
            created_at=now,
        )
        session.add(row)
    url = oauth.authorize_address(app, redirect_uri=redirect_uri, state=state, challenge=pkce.challenge)
    return Begun(row.id, channel_name, url, redirect_uri, row.expires_at)


async def receive(ctx: Context, channel_name: str, told: Mapping[str, str]) -> Connection:
    """Take what the platform sent the browser back with, and return the flow: connected, or with accounts to choose.

    The state is good once. Raises UnknownFlowError for one that is not waited for, DeniedError when the person said no,
    MissingScopesError when permissions were left out, ConnectError for what else the platform says. What went wrong is
    written on the flow.
    """
    row = await _claim(ctx, channel_name, told.get("state", ""))
    try:
        found = await _found(ctx, row, told)
    except MediaPosterError as error:
        async with ctx.database.session() as session:
            (await get(session, row.id, lock=True)).problem = ledger.problem_of(error)
        raise
    return await _put(ctx, row.id, found)


async def offer(ctx: Context, channel_name: str, found: Sequence[Identity]) -> Connection:
    """Return a flow for accounts that pasted credentials reach: connected when it is one, else to be chosen from."""
    now = ctx.clock()
    async with ctx.database.session() as session:
        row = Connection(
            id=new_id("conn"),
            channel=channel_name,
            state_hash=_hash(secrets.token_urlsafe(32)),
            sealed_verifier=ctx.secrets.seal(""),
            redirect_uri="",
            expires_at=now + CHOOSING,
            ended_at=now,
            created_at=now,
        )
        session.add(row)
    return await _put(ctx, row.id, found)


async def choose(ctx: Context, connection_id: str, external_ids: Sequence[str] | None) -> list[Account]:
    """Connect the accounts that were chosen among those found; None: all of them. Raises InvalidInputError."""
    async with ctx.database.session() as session:
        row = await get(session, connection_id, lock=True)
        if row.sealed_found is None or row.expires_at < ctx.clock():
            raise ConflictError("There is nothing to choose from any more.", fix="Start connecting again.")
        found = identities_of(ctx, row)
        known = {one.external_id: one for one in found}
        if unknown := [one for one in external_ids or () if one not in known]:
            raise InvalidInputError(
                f"Not among the accounts found: {', '.join(unknown)}.", fix=f"Choose from: {', '.join(known)}."
            )
        chosen = found if external_ids is None else [known[one] for one in dict.fromkeys(external_ids)]
        if not chosen:
            raise InvalidInputError("No account was chosen.", fix="Choose at least one.")
        return await _keep(session, ctx, row, chosen)


async def get(session: AsyncSession, connection_id: str, *, lock: bool = False) -> Connection:
    """Return a flow. Raises NotFoundError."""
    row = await session.get(Connection, connection_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFoundError("There is no such connection, or it is over.", fix="Start connecting again.")
    return row


def identities_of(ctx: Context, row: Connection) -> list[Identity]:
    """Return the accounts to choose from, none when there is nothing to choose."""
    if row.sealed_found is None:
        return []
    told: list[dict[str, Any]] = json.loads(ctx.secrets.open(row.sealed_found))
    for one in told:
        one["expires_at"] = datetime.fromisoformat(one["expires_at"]) if one["expires_at"] else None
    return [Identity(**one) for one in told]


async def _claim(ctx: Context, channel_name: str, state: str) -> Connection:
    """Return the flow that waits for this state, and let nobody else have it."""
    now = ctx.clock()
    async with ctx.database.session() as session:
        query = select(Connection).where(Connection.state_hash == _hash(state)).with_for_update()
        row = (await session.execute(query)).scalar_one_or_none() if state else None
        if row is None or row.channel != channel_name:
            raise UnknownFlowError(
                "What came back belongs to no connection that was started here.",
                fix=f"Start again: mediaposter accounts connect {channel_name}",
            )
        if row.ended_at is not None:
            raise UnknownFlowError(
                "This connection was used already.", fix="See `mediaposter accounts list`, or start again."
            )
        if row.expires_at < now:
            raise UnknownFlowError(
                f"The permission came after {PENDING.seconds // 60} minutes, which is too late.", fix="Start again."
            )
        row.ended_at = now
    return row


async def _found(ctx: Context, row: Connection, told: Mapping[str, str]) -> list[Identity]:
    channel = connectable(row.channel)
    if error := told.get("error"):
        says = told.get("error_description") or told.get("error_message") or told.get("error_reason") or ""
        if error in _DENIED:
            raise DeniedError(
                f"The permission was not given{f': {says[:300]}' if says else ''}.",
                fix="Start again and allow it on the platform's page.",
            )
        raise ConnectError(
            f"The platform refused to ask: {error[:100]}{f' ({says[:300]})' if says else ''}.",
            fix=f"Check that {row.redirect_uri} is registered with the app, and that it may have the scopes.",
        )
    if not told.get("code"):
        raise ConnectError("The platform sent neither a code nor an error back.", fix="Start again.")
    app = oauth.app_of(channel, redirect_uri=row.redirect_uri)
    credentials = await oauth.exchange(
        app,
        code=told["code"],
        redirect_uri=row.redirect_uri,
        verifier=ctx.secrets.open(row.sealed_verifier),
        now=ctx.clock(),
    )
    if missing := oauth.missing_scopes(app, credentials):
        raise MissingScopesError(
            f"These permissions were not given: {', '.join(missing)}.",
            fix="Start again and leave every box ticked. If there was none for them, add them to the app first.",
        )
    found = await reached(channel, credentials, refused="The new token was refused: start again.")
    if row.account_id is None:
        return found
    async with ctx.database.session() as session:
        account = await service.get_account(session, row.account_id)
    mine = [one for one in found if one.external_id == account.external_id]
    if not mine:
        names = ", ".join(one.handle for one in found)
        raise ConnectError(
            f"You signed in as {names}; the account to connect again is {account.handle}.",
            fix=f"Sign out at the platform, then sign in as {account.handle} and start again.",
        )
    return mine


async def _put(ctx: Context, connection_id: str, found: Sequence[Identity]) -> Connection:
    async with ctx.database.session() as session:
        row = await get(session, connection_id, lock=True)
        row.expires_at = ctx.clock() + CHOOSING
        if len(found) == 1:
            await _keep(session, ctx, row, found)
        else:
            told = [
                asdict(one) | {"expires_at": one.expires_at.isoformat() if one.expires_at else None} for one in found
            ]
            row.sealed_found = ctx.secrets.seal(json.dumps(told))
    return row


async def _keep(session: AsyncSession, ctx: Context, row: Connection, chosen: Sequence[Identity]) -> list[Account]:
    kept = await keeping.keep_all(session, ctx, row.channel, chosen)
    row.sealed_found = None
    row.result = {"accounts": [account.id for account in kept]}
    return kept


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
