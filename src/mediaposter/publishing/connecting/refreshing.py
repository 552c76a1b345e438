"""Keeping credentials good: renewed ahead of their end, once over all processes, and given up only when they are void.

A login may stand behind several accounts (a member and the pages of that member). Refresh tokens are often good for one
use, and a platform that sees one twice ends the login. So the lock is the login's and not the account's: whoever holds
it reads what is stored, asks the platform once, and stores the answer for every account of that login before any use.

Nothing but the platform's word that the grant is void disconnects an account. A blip leaves the old token in use for as
long as it is good, and the next verb or the timeline tries again.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import events, timeline
from mediaposter.core.context import Context
from mediaposter.core.db import Database, JsonObject
from mediaposter.core.errors import NotConfiguredError
from mediaposter.core.locks import locked
from mediaposter.core.timeline import TimelineState
from mediaposter.publishing import repository
from mediaposter.publishing.channel import Channel, ChannelAccount, Connectable, Outgoing, Refreshing
from mediaposter.publishing.connecting import oauth
from mediaposter.publishing.connection import OAuth
from mediaposter.publishing.errors import ReconnectNeededError, RejectedError, RetryLaterError
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel

RENEW = "publishing.renew"  # the kind of our rows in the timeline: look after the credentials of this account
NEEDED = ReconnectNeededError.code
DISCONNECTED = "DISCONNECTED"  # by hand
NOT_REACHED = "NOT_REACHED"  # the credentials are good and reach this account no more
STAYS = "stays"  # in an account's problem: only connecting it again ends it
_SHORT = timedelta(minutes=10)  # ahead of the end of a token that lasts hours
_LONG = timedelta(days=10)  # ahead of the end of one that lasts weeks
_LASTS = timedelta(days=2)  # a token that lasts so long is of the second kind
_IDLE = timedelta(days=7)  # short-lived tokens of idle accounts are renewed so often, so that the login stays alive
_TOLD = (timedelta(days=7), timedelta(days=1))  # ahead of the end of what cannot be renewed
_AGAIN = timedelta(hours=1)  # after a blip
_REST = 30.0  # seconds between two tries of one process while a platform fails to renew
_JUST_NOW = timedelta(minutes=2)  # a refusal of a token younger than this is no matter of its age
_STORES = 6
_AT_ONCE = 8  # renewals of one process: each holds a connection of the pool while a platform answers, and needs another
_VOID = "refresh_void"  # kept with credentials whose grant the platform called void: the token is used to its end
_failed: dict[str, float] = {}  # account -> when this process may ask again
_turns: WeakKeyDictionary[Database, asyncio.Semaphore] = WeakKeyDictionary()
_log = structlog.get_logger(__name__)
T = TypeVar("T")


def renewable(channel: Channel, credentials: JsonObject) -> bool:
    """Say whether a machine can renew these credentials."""
    if credentials.get(_VOID) or not isinstance(channel, Connectable):
        return False
    if isinstance(channel, Refreshing):
        return True
    return isinstance(channel.connect, OAuth) and bool(credentials.get("refresh_token"))


def is_due(account: Account, *, now: datetime, ahead: timedelta = timedelta(0)) -> bool:
    """Say whether an account's token may end before it was used for `ahead`: then ask for it by `refresh_if_due`.

    Reads the row alone, so that whoever has it pays nothing for asking.
    """
    ends = account.credentials_expire_at
    return ends is not None and account.sealed_credentials is not None and now >= ends - max(_SHORT, ahead)


def _ends_soon(account: Account, credentials: JsonObject, *, now: datetime, ahead: timedelta) -> bool:
    ends = account.credentials_expire_at
    if ends is None:
        return False
    lifetime = _lifetime(ends, credentials)
    if lifetime is None:
        return is_due(account, now=now, ahead=ahead)
    margin = _LONG if lifetime > _LASTS else max(_SHORT, ahead)
    return now >= ends - min(margin, lifetime / 4)


def _lifetime(ends: datetime, credentials: JsonObject) -> timedelta | None:
    obtained = moment(credentials.get("obtained_at"))
    return ends - obtained if obtained is not None and obtained < ends else None


async def refresh_if_due(
    ctx: Context, account_id: str, *, ahead: timedelta = timedelta(0), refused: JsonObject | None = None
) -> ChannelAccount | None:
    """Renew an account's credentials when they end soon, and return the account with what is good now.

    None when there is no such account. `refused` are credentials that the platform has just refused: then they are
    renewed whatever their end says. While the old token is good it is returned where it cannot be renewed now. Raises
    ReconnectNeededError when the platform says that the grant is void and the token is over, RetryLaterError when a
    token that is over could not be renewed now.
    """
    while True:
        account, credentials = await _read(ctx, account_id)
        if account is None:
            return None
        channel = load_channel(account.channel)
        if not _wants(ctx, account, credentials, ahead, refused):
            return _as_channel_sees(account, credentials)
        if not renewable(channel, credentials):
            return _unrenewable(ctx, account, credentials, refused)
        login = _login(account.channel, credentials)
        turns = _turns.setdefault(ctx.database, asyncio.Semaphore(_AT_ONCE))
        async with turns, locked(ctx.database, f"credentials:{login}"):
            account, credentials = await _read(ctx, account_id)
            if account is None:
                return None
            if not _wants(ctx, account, credentials, ahead, refused):
                return _as_channel_sees(account, credentials)  # another worker was faster
            if _login(account.channel, credentials) != login:
                continue  # renewed or connected again meanwhile, and due again: under its own lock
            return await _to_its_end(_renew(ctx, channel, account, credentials, refused))


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work that is not cut off, under the lock: a token that was given and not stored ends the login."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _wants(
    ctx: Context, account: Account, credentials: JsonObject, ahead: timedelta, refused: JsonObject | None
) -> bool:
    if refused is None:
        return _ends_soon(account, credentials, now=ctx.clock(), ahead=ahead)
    if credentials.get("access_token") != refused.get("access_token"):
        return False
    obtained = moment(credentials.get("obtained_at"))
    return obtained is None or ctx.clock() - obtained > _JUST_NOW


async def _renew(
    ctx: Context, channel: Channel, account: Account, credentials: JsonObject, refused: JsonObject | None
) -> ChannelAccount:
    over = refused is not None or _is_over(ctx, account)
    if time.monotonic() < _failed.get(account.id, 0.0):
        if over:
            raise RetryLaterError(f"{channel.title} could not renew the token a moment ago.")
        return _as_channel_sees(account, credentials)
    try:
        fresh = await _ask(ctx, channel, credentials)
    except ReconnectNeededError as error:
        await _store_void(ctx, account, credentials, error)
        if over:
            raise
        return _as_channel_sees(account, credentials)
    except (RetryLaterError, RejectedError, NotConfiguredError, TimeoutError) as error:
        _failed[account.id] = time.monotonic() + _REST
        _log.warning("account.not_renewed", account_id=account.id, channel=channel.name, error=str(error))
        if not over:
            return _as_channel_sees(account, credentials)
        if isinstance(error, RejectedError | NotConfiguredError):
            raise
        # Without a time of the platform's the pauses grow: an hour's outage must not use up the tries of a post.
        after = error.after if isinstance(error, RetryLaterError) else None
        said = f"The token is over and {channel.title} could not renew it: {error}"
        raise RetryLaterError(said, after=after) from error
    _failed.pop(account.id, None)
    # The new refresh token may be the only one that is good: it is stored before anything else happens.
    await _store(ctx, account, credentials, fresh)
    return replace(_as_channel_sees(account, credentials), credentials=fresh)


async def _ask(ctx: Context, channel: Channel, credentials: JsonObject) -> JsonObject:
    if isinstance(channel, Refreshing):
        async with asyncio.timeout(channel.timing.commit):
            fresh = await channel.refresh(credentials)
        return {**fresh, "obtained_at": ctx.clock().isoformat()}
    assert isinstance(channel, Connectable)
    return await oauth.renew(oauth.app_of(channel), credentials, now=ctx.clock())


async def _store(ctx: Context, account: Account, old: JsonObject, fresh: JsonObject) -> None:
    """Store renewed credentials for every account of the login, in one transaction, through hiccups of the database."""
    for left in reversed(range(_STORES)):
        try:
            async with ctx.database.session() as session:
                for row, kept in await _of_login(session, ctx, account, old):
                    merged = _merged(kept, old, fresh)
                    row.sealed_credentials = ctx.secrets.seal(json.dumps(merged))
                    row.credentials_expire_at = moment(merged.get("expires_at"))
                    if (row.problem or {}).get("code") == NEEDED:
                        row.problem = None
                    await plan(session, ctx, row)
        except (OperationalError, InterfaceError, NoConnectionError, OSError):
            if not left:
                raise
            await asyncio.sleep(0.2 * 2 ** (_STORES - left))
        else:
            return


async def _store_void(ctx: Context, account: Account, old: JsonObject, error: ReconnectNeededError) -> None:
    async with ctx.database.session() as session:
        for row, kept in await _of_login(session, ctx, account, old):
            row.sealed_credentials = ctx.secrets.seal(json.dumps({**kept, _VOID: True}))
            await mark_disconnected(session, row, error.detail, fix=error.fix)
            # A post that goes out with the old token is no proof that all is well.
            row.problem = {**(row.problem or {}), STAYS: True}
            await plan(session, ctx, row)


async def _of_login(
    session: AsyncSession, ctx: Context, account: Account, credentials: JsonObject
) -> list[tuple[Account, JsonObject]]:
    """Return every account of a login with its credentials, locked."""
    login = _login(account.channel, credentials)

    def of_it(rows: Sequence[Account]) -> list[tuple[Account, JsonObject]]:
        known = [(row, credentials_of(ctx, row)) for row in rows]
        return [(row, kept) for row, kept in known if _login(row.channel, kept) == login]

    # Looked for without locks, so that a renewal holds up no other account of the channel.
    found = of_it(await repository.connected_accounts(session, account.channel))
    return of_it(await repository.lock_accounts(session, [row.id for row, _ in found]))


def _merged(kept: JsonObject, old: JsonObject, fresh: JsonObject) -> JsonObject:
    """Return what an account keeps: what it shares with the login changes with it, a page's own token stays."""
    shared = {name for name in {*old, *fresh} if kept.get(name) == old.get(name)}
    changed = {name: fresh[name] for name in shared if name in fresh}
    return {name: value for name, value in kept.items() if name not in shared} | changed


async def mark_disconnected(
    session: AsyncSession, account: Account, reason: str, *, code: str = NEEDED, fix: str = ""
) -> None:
    """Write on an account that it must be connected again, and emit `account.disconnected` the first time."""
    again = f"Connect it again: mediaposter accounts connect {account.channel}"
    known = (account.problem or {}).get("code")
    account.problem = {"code": code, "detail": reason, "fix": fix or again}
    await session.flush()
    if known != code:
        data = {"channel": account.channel, "handle": account.handle, "reason": reason, "fix": fix or again}
        await events.emit(session, "account.disconnected", account.id, data)


async def plan(session: AsyncSession, ctx: Context, account: Account) -> None:
    """Write into the timeline when an account's credentials are looked after next; nothing for those that last."""
    waiting = await timeline.list_entries(session, kind=RENEW, subject=account.id, state=TimelineState.WAITING)
    at = _next_look(ctx, account)
    if at is not None and waiting and waiting[0].due_at <= at:
        return  # that look finds it renewed and plans the next
    for entry in waiting:
        await timeline.cancel(session, entry.id, note="The credentials have another end.")
    if at is not None:
        key = f"{account.id}:renew:{at.isoformat()}"
        entry = await timeline.schedule(session, kind=RENEW, subject=account.id, due_at=at, key=key)
        if entry.state is TimelineState.CANCELLED:
            entry.state, entry.note = TimelineState.WAITING, None


def _next_look(ctx: Context, account: Account) -> datetime | None:
    ends, now = account.credentials_expire_at, ctx.clock()
    if ends is None or account.sealed_credentials is None or account.archived_at is not None:
        return None
    credentials = credentials_of(ctx, account)
    if renewable(load_channel(account.channel), credentials):
        if _ends_soon(account, credentials, now=now, ahead=timedelta(0)):
            return now + _AGAIN
        lifetime = _lifetime(ends, credentials) or ends - now
        return ends - min(_LONG, lifetime / 4) if lifetime > _LASTS else now + _IDLE
    return next((at for at in (*(ends - ahead for ahead in _TOLD), ends) if at > now), None)


async def look_after(ctx: Context, account_id: str) -> str:
    """Renew the credentials of an account that may be idle, or say that they end, and plan the next look.

    Returns what was done: renewed, told, over, later or nothing.
    """
    account, credentials = await _read(ctx, account_id)
    if account is None or account.archived_at is not None or account.sealed_credentials is None:
        return "nothing"
    did = "nothing"
    if renewable(load_channel(account.channel), credentials):
        try:
            # After a week's rest a short token is over: it is renewed although nobody waits for it.
            found = await refresh_if_due(ctx, account_id)
            did = "renewed" if found is not None and found.credentials != credentials else "nothing"
        except (ReconnectNeededError, RetryLaterError, RejectedError, NotConfiguredError) as error:
            did = "over" if isinstance(error, ReconnectNeededError) else "later"
        except Exception as error:
            # Whatever it was, the account is looked after again: nobody else remembers an idle one.
            _log.exception("account.not_looked_after", account_id=account_id, error=type(error).__name__)
            did = "later"
        async with ctx.database.session() as session:
            row = await repository.get_account(session, account_id, lock=True)
            if row is not None:
                await plan(session, ctx, row)
        return did
    async with ctx.database.session() as session:
        row = await repository.get_account(session, account_id, lock=True)
        if row is None or row.credentials_expire_at is None:
            return did
        left = row.credentials_expire_at - ctx.clock()
        again = f"Connect it again: mediaposter accounts connect {row.channel}"
        if left <= timedelta(0):
            await mark_disconnected(session, row, "Its token has ended and cannot be renewed.", fix=again)
            did = "over"
        elif left <= max(_TOLD):
            data = {"channel": row.channel, "handle": row.handle, "fix": again}
            data["expires_at"] = row.credentials_expire_at.isoformat()
            await events.emit(session, "account.expiring", row.id, data)
            did = "told"
        await plan(session, ctx, row)
    return did


def require_connection(account: Account) -> None:
    """Raise ReconnectNeededError for an account that has no credentials, on a channel that needs some."""
    if account.sealed_credentials is None and isinstance(load_channel(account.channel), Connectable):
        raise ReconnectNeededError(
            f"The account {account.handle} is not connected.",
            fix=f"Connect it: mediaposter accounts connect {account.channel}",
        )


async def fresh(ctx: Context, outgoing: Outgoing, *, ahead: timedelta = timedelta(0)) -> Outgoing:
    """Return a publication with credentials that are good now, for the verbs. Raises as `refresh_if_due` does."""
    account = await refresh_if_due(ctx, outgoing.account.id, ahead=ahead)
    return outgoing if account is None else replace(outgoing, account=account)


async def renewed_after_refusal(ctx: Context, account: ChannelAccount) -> bool:
    """Say whether credentials that a platform has just refused could be renewed; False when they are void.

    A token may end before its time: then the login often still gives a new one. Raises RetryLaterError when the
    platform could not renew them now, RejectedError or NotConfiguredError when the app is at fault: none of these says
    anything of the account.
    """
    if not renewable(load_channel(account.channel), account.credentials):
        return False
    try:
        now = await refresh_if_due(ctx, account.id, refused=account.credentials)
    except ReconnectNeededError:
        return False
    return now is not None and now.credentials.get("access_token") != account.credentials.get("access_token")


def moment(told: object) -> datetime | None:
    """Read a moment as credentials keep it: ISO 8601, UTC where it does not say."""
    try:
        at = datetime.fromisoformat(str(told)) if told else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def same_login(channel: str, one: JsonObject, other: JsonObject) -> bool:
    """Say whether two sets of credentials come from the same login or key."""
    return _login(channel, one) == _login(channel, other)


def _login(channel: str, credentials: JsonObject) -> str:
    token = (
        credentials.get("refresh_token") or credentials.get("access_token") or json.dumps(credentials, sort_keys=True)
    )
    return hashlib.sha256(f"{channel}:{token}".encode()).hexdigest()


def _unrenewable(ctx: Context, account: Account, credentials: JsonObject, refused: JsonObject | None) -> ChannelAccount:
    if refused is None and _is_over(ctx, account):
        raise ReconnectNeededError(
            f"The token of {account.handle} has ended and cannot be renewed.",
            fix=f"Connect it again: mediaposter accounts connect {account.channel}",
        )
    return _as_channel_sees(account, credentials)


def _is_over(ctx: Context, account: Account) -> bool:
    return account.credentials_expire_at is not None and ctx.clock() >= account.credentials_expire_at


async def _read(ctx: Context, account_id: str) -> tuple[Account | None, JsonObject]:
    async with ctx.database.session() as session:
        account = await repository.get_account(session, account_id)
        return account, {} if account is None else credentials_of(ctx, account)


def credentials_of(ctx: Context, account: Account) -> JsonObject:
    """Return an account's credentials, decrypted; nothing when it has none."""
    sealed = account.sealed_credentials
    return json.loads(ctx.secrets.open(sealed)) if sealed else {}


def _as_channel_sees(account: Account, credentials: JsonObject) -> ChannelAccount:
    return ChannelAccount(
        account.id, account.channel, account.external_id, account.handle, account.name, credentials, account.target
    )


def forget_failures(account_ids: Sequence[str] = ()) -> None:
    """Ask again at once: somebody has mended what failed."""
    for account_id in account_ids or list(_failed):
        _failed.pop(account_id, None)
