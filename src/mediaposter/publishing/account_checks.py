"""Whether an account would take a post now: for `accounts test`, and for the look ahead at scheduled posts."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from mediaposter.core.context import Context
from mediaposter.core.errors import InvalidInputError, MediaPosterError
from mediaposter.publishing.channel import Channel, Connectable, read_target
from mediaposter.publishing.connecting import oauth, refreshing
from mediaposter.publishing.connection import Check, OAuth
from mediaposter.publishing.media_urls import reachable
from mediaposter.publishing.models import Account
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.registry import load_channel, rules_of

_log = structlog.get_logger(__name__)
_ENDS_SOON = timedelta(days=7)


async def account_checks(ctx: Context, account: Account) -> list[Check]:
    """Return what can be known before a post: whether it is paused, its credentials, what its channel says of token,
    scopes and quota, and whether platforms reach our media where they fetch them. Posts nothing; never raises.
    """
    channel = load_channel(account.channel)
    checks: list[Check] = []
    if account.paused_at is not None:
        fix = f"mediaposter accounts resume {account.id}"
        checks.append(Check("paused", ok=False, says=f"It is paused: {account.paused_reason}.", fix=fix))
    if not isinstance(channel, Connectable):
        checks.append(Check("credentials", ok=True, says="It needs none."))
    elif account.sealed_credentials is None:
        fix = f"mediaposter accounts connect {account.channel}"
        checks.append(Check("credentials", ok=False, says="It is not connected.", fix=fix))
    else:
        checks += await _of_platform(ctx, account, channel, channel)
        told = {check.name for check in checks}
        checks += [check for check in _of_login(ctx, account, channel, channel) if check.name not in told]
    if rules_of(channel, account.target).media.by_url and all(check.name != "media" for check in checks):
        checks.append(await reachable())
    return checks


async def check(ctx: Context, account: Account) -> list[Check]:
    """Say whether a post on an account would work now, with what holds it and what its target lacks."""
    checks = await account_checks(ctx, account)
    if account.held_until is not None and account.held_until > ctx.clock():
        told = f"The platform asked it to rest until {account.held_until:%Y-%m-%d %H:%M} UTC."
        checks.append(Check("held", ok=False, says=told, fix="Nothing: it goes on by itself."))
    model = getattr(load_channel(account.channel), "target", None)
    if model is not None and all(one.name != "target" or one.ok for one in checks):
        try:
            read_target(model, account.target)
        except InvalidInputError as error:
            checks.append(Check("target", ok=False, says=error.detail, fix=error.fix.replace("ACCOUNT", account.id)))
    return checks


async def _of_platform(ctx: Context, account: Account, channel: Channel, connectable: Connectable) -> Sequence[Check]:
    """Ask the channel, with a token that is good now."""
    try:
        seen = account_of(account, ctx.secrets)
        if refreshing.is_due(account, now=ctx.clock()):
            seen = await refreshing.refresh_if_due(ctx, account.id) or seen
        async with asyncio.timeout(channel.timing.commit):
            return [*await connectable.check(seen)]
    except MediaPosterError as error:
        return [Check("platform", ok=False, says=error.detail, fix=error.fix)]
    except Exception as error:
        _log.warning("account.check_failed", account_id=account.id, error=type(error).__name__)
        says = f"{channel.title} could not be asked: {type(error).__name__}."
        return [Check("platform", ok=False, says=says, fix="Try again later.")]


def _of_login(ctx: Context, account: Account, channel: Channel, connectable: Connectable) -> list[Check]:
    """Say what the row tells of scopes and of a token that ends."""
    again = f"mediaposter accounts connect {account.channel}"
    checks: list[Check] = []
    renewable = refreshing.renewable(channel, refreshing.credentials_of(ctx, account))
    if isinstance(connectable.connect, OAuth) and account.scopes:
        try:
            missing = [one for one in oauth.app_of(connectable).scopes if one not in account.scopes]
        except MediaPosterError as error:
            if renewable:  # a pasted token that lasts needs no app
                checks.append(Check("app", ok=False, says=error.detail, fix=error.fix))
        else:
            says = f"Not granted: {', '.join(missing)}." if missing else "All that posting needs are granted."
            checks.append(Check("scope", ok=not missing, says=says, fix=again if missing else ""))
    ends, now = account.credentials_expire_at, ctx.clock()
    if ends is None:
        return checks
    if not renewable:
        says = f"Its token ends at {ends:%Y-%m-%d %H:%M} UTC and cannot be renewed."
        checks.append(Check("expiry", ok=ends - now > _ENDS_SOON, says=says, fix=again))
    return checks
