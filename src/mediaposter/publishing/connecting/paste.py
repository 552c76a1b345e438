"""Connecting accounts by what a person copies from the platform, and saying whether a post would work on them."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events
from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.publishing import service
from mediaposter.publishing.account_checks import account_checks
from mediaposter.publishing.channel import Connectable, read_target
from mediaposter.publishing.connection import Check, Field, Identity, OAuth
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel

_TOKENS = (
    Field("access_token", "Access token", "from the platform's developer console"),
    Field("refresh_token", "Refresh token", "if the platform gave one", required=False),
)


def connectable(channel_name: str) -> Connectable:
    """Return a channel whose accounts are connected. Raises UnknownChannelError, InvalidInputError."""
    channel = load_channel(channel_name)
    if not isinstance(channel, Connectable):
        raise InvalidInputError(
            f"Accounts on {channel_name} need no credentials.",
            fix=f"Add one: mediaposter accounts add HANDLE --channel {channel_name}",
        )
    return channel


def fields_of(channel_name: str) -> Sequence[Field]:
    """Return what there is to paste for a channel: its own fields, or the tokens of an OAuth app."""
    how = connectable(channel_name).connect
    return _TOKENS if isinstance(how, OAuth) else how.fields


async def identify(channel_name: str, values: Mapping[str, str]) -> Sequence[Identity]:
    """Return the accounts that pasted credentials reach. Raises InvalidInputError naming each field that is missing."""
    fields = fields_of(channel_name)
    credentials: JsonObject = {}
    problems: list[FieldProblem] = []
    for field in fields:
        value = values.get(field.name, "").strip() or field.default
        if value:
            credentials[field.name] = value
        elif field.required:
            problems.append(FieldProblem(field.name, "is needed", field.hint or f"Paste the {field.label}."))
    if unknown := sorted(set(values) - {field.name for field in fields}):
        names = ", ".join(field.name for field in fields)
        problems += [FieldProblem(name, "is no field of this channel", f"Its fields: {names}.") for name in unknown]
    if problems:
        told = "; ".join(f"{one.field} {one.rule}" for one in problems)
        raise InvalidInputError(f"{channel_name} cannot be connected: {told}.", fix=problems[0].fix, errors=problems)
    return await connectable(channel_name).identify(credentials)


async def keep(session: AsyncSession, ctx: Context, channel_name: str, identity: Identity) -> Account:
    """Add the account of an identity, or connect the known one again: its id, groups and target stay."""
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
    account.sealed_credentials = ctx.secrets.seal(json.dumps(identity.credentials))
    account.target = {**identity.target, **account.target}
    account.scopes = list(identity.scopes)
    account.credentials_expire_at = identity.expires_at
    account.connected_at = now
    account.problem = None
    await session.flush()
    await events.emit(session, "account.connected", account.id, {"channel": channel_name, "handle": account.handle})
    return account


async def set_target(session: AsyncSession, account_id: str, values: Mapping[str, str]) -> Account:
    """Change where and how an account posts. A value is JSON where it reads so, else text; an empty one is taken out.

    Raises InvalidInputError naming each field that the channel does not take so.
    """
    account = await service.get_account(session, account_id)
    model = getattr(load_channel(account.channel), "target", None)
    if model is None:
        raise InvalidInputError(
            f"Accounts on {account.channel} have nothing to set.", fix="See the channel with GET /api/channels."
        )
    target = {**account.target, **{name: _value(text) for name, text in values.items()}}
    target = {name: value for name, value in target.items() if value != ""}
    read_target(model, target)
    account.target = target
    await session.flush()
    return account


def _value(text: str) -> object:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # An id of digits stays text: it may be longer than a number keeps, and platforms give it as text.
    return text if isinstance(value, int | float) and not isinstance(value, bool) else value


async def check(ctx: Context, account: Account) -> list[Check]:
    """Say whether a post on an account would work now: what holds it, its credentials, and what its channel checks."""
    checks = await account_checks(ctx, account)
    if account.held_until is not None and account.held_until > ctx.clock():
        told = f"The platform asked it to rest until {account.held_until:%Y-%m-%d %H:%M} UTC."
        checks.append(Check("held", ok=False, says=told, fix="Nothing: it goes on by itself."))
    model = getattr(load_channel(account.channel), "target", None)
    if model is not None:
        try:
            read_target(model, account.target)
        except InvalidInputError as error:
            checks.append(Check("target", ok=False, says=error.detail, fix=error.fix))
    return checks
