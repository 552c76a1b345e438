"""Looking again at what stored credentials reach: new accounts behind the same key, and those that are gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mediaposter.core.context import Context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import MediaPosterError
from mediaposter.publishing import ledger, service
from mediaposter.publishing.channel import ChannelAccount, Connectable
from mediaposter.publishing.connecting import keeping, refreshing
from mediaposter.publishing.connecting.refreshing import NOT_REACHED
from mediaposter.publishing.connection import Identity
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel


@dataclass(frozen=True)
class Found:
    """An account that a key reaches. `account_id` is None for one that was not added."""

    channel: str
    external_id: str
    handle: str
    account_id: str | None
    changed: Sequence[str] = ()


@dataclass
class Synced:
    """What was found. `offered` are new and were not added; `problems` are of keys that could not be asked."""

    offered: list[Found] = field(default_factory=list[Found])
    added: list[Found] = field(default_factory=list[Found])
    updated: list[Found] = field(default_factory=list[Found])
    vanished: list[Found] = field(default_factory=list[Found])
    unchanged: int = 0
    problems: list[JsonObject] = field(default_factory=list[JsonObject])


async def sync(ctx: Context, accounts: Sequence[Account], *, add: bool = False, dry_run: bool = False) -> Synced:
    """Ask the channels of some accounts what their stored credentials reach, once for each login or key.

    Known accounts get their handle, name and scopes, those that are not reached any more are marked with a problem.
    New ones are added only with `add`: somebody may have left them out on purpose, and `all` would post on them.
    `dry_run` changes nothing. A key that cannot be asked now changes nothing either.
    """
    done = Synced()
    logins: list[tuple[Account, ChannelAccount]] = []
    for account in accounts:
        channel = load_channel(account.channel)
        if not isinstance(channel, Connectable) or account.sealed_credentials is None:
            continue
        try:
            seen = await refreshing.refresh_if_due(ctx, account.id)
        except MediaPosterError as error:
            done.problems.append(_problem(account, error))
            continue
        if seen is not None and not any(_same(seen, other) for _, other in logins):
            logins.append((account, seen))
    for account, seen in logins:
        await _sync_login(ctx, account, seen, done, add=add, dry_run=dry_run)
    return done


async def _sync_login(
    ctx: Context, account: Account, seen: ChannelAccount, done: Synced, *, add: bool, dry_run: bool
) -> None:
    channel = load_channel(account.channel)
    assert isinstance(channel, Connectable)
    try:
        reached = {one.external_id: one for one in await channel.identify(seen.credentials)}
    except MediaPosterError as error:
        done.problems.append(_problem(account, error))
        return
    async with ctx.database.session() as session:
        known = {
            row.external_id: row for row in await service.list_accounts(session, channel=account.channel, archived=True)
        }
        for external_id, identity in reached.items():
            row = known.get(external_id)
            if row is None and not add:
                done.offered.append(Found(account.channel, external_id, identity.handle, None))
            elif row is None:
                added = None if dry_run else (await keeping.keep(session, ctx, account.channel, identity)).id
                done.added.append(Found(account.channel, external_id, identity.handle, added))
            elif row.archived_at is None:
                _update(row, identity, done, dry_run=dry_run)
        for row in known.values():
            if row.external_id in reached or row.archived_at is not None or row.sealed_credentials is None:
                continue
            if not refreshing.same_login(row.channel, refreshing.credentials_of(ctx, row), seen.credentials):
                continue
            done.vanished.append(Found(row.channel, row.external_id, row.handle, row.id))
            if not dry_run and (row.problem or {}).get("code") != NOT_REACHED:
                reason = f"The login or key reaches {row.handle} no more."
                fix = f"Give it access at the platform, then: mediaposter accounts sync {row.channel}"
                await refreshing.mark_disconnected(session, row, reason, code=NOT_REACHED, fix=fix)


def _update(row: Account, identity: Identity, done: Synced, *, dry_run: bool) -> None:
    fresh: dict[str, Any] = {"handle": identity.handle, "name": identity.name}
    if identity.scopes:
        fresh["scopes"] = list(identity.scopes)
    fresh["target"] = {**identity.target, **row.target}
    changed = [name for name, value in fresh.items() if getattr(row, name) != value]
    back = (row.problem or {}).get("code") == NOT_REACHED
    if not changed and not back:
        done.unchanged += 1
        return
    done.updated.append(Found(row.channel, row.external_id, identity.handle, row.id, [*changed, *["problem"] * back]))
    if not dry_run:
        for name in changed:
            setattr(row, name, fresh[name])
        if back:
            row.problem = None


def _same(one: ChannelAccount, other: ChannelAccount) -> bool:
    return one.channel == other.channel and refreshing.same_login(one.channel, one.credentials, other.credentials)


def _problem(account: Account, error: MediaPosterError) -> JsonObject:
    return {"account_id": account.id, "channel": account.channel, "handle": account.handle, **ledger.problem_of(error)}
