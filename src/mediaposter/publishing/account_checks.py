"""Whether an account would take a post now: for `accounts test`, and for the look ahead at scheduled posts."""

import asyncio

import structlog

from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError
from mediaposter.publishing.channel import Connectable
from mediaposter.publishing.connection import Check
from mediaposter.publishing.media_urls import reachable
from mediaposter.publishing.models import Account
from mediaposter.publishing.outgoing import account_of
from mediaposter.publishing.registry import load_channel, rules_of

_log = structlog.get_logger(__name__)


async def account_checks(ctx: Context, account: Account) -> list[Check]:
    """Return what can be known before a post: whether it is paused, its credentials, what its channel says of token,
    scopes and quota, and whether platforms reach our media where they fetch them. Reads only; never raises.
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
        checks.append(Check("credentials", ok=False, says="It has none.", fix=fix))
    else:
        try:
            async with asyncio.timeout(channel.timing.commit):
                checks += await channel.check(account_of(account, ctx.secrets))
        except MediaPosterError as error:
            checks.append(Check("platform", ok=False, says=error.detail, fix=error.fix))
        except Exception as error:
            _log.warning("account.check_failed", account_id=account.id, error=type(error).__name__)
            says = f"{channel.title} could not be asked: {type(error).__name__}."
            checks.append(Check("platform", ok=False, says=says, fix="Try again later."))
    if rules_of(channel, account.target).media.by_url and all(check.name != "media" for check in checks):
        checks.append(await reachable())
    return checks
