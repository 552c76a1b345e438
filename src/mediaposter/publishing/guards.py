"""What keeps an account from harm whatever the cause: bursts, platform limits, money, repetitions, and the switch."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapidfuzz import fuzz
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.publishing import repository
from mediaposter.publishing.copy import Copy, has_link
from mediaposter.publishing.errors import RepeatedError
from mediaposter.publishing.limits import Windows
from mediaposter.publishing.matching import plain
from mediaposter.publishing.models import Account, Kind, Publication
from mediaposter.publishing.outcomes import Outcome
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import ChannelRules, Limit, LimitScope, Price
from mediaposter.publishing.schemas import Budget, Burst

PUBLISHING = "publishing"  # the switch that stops every account
_ALIKE = 90.0  # of 100, by edits: the same words with another number or emoji
_TOO_SHORT = 20  # characters: "New post!" may be said again
_MEDIA_DAYS = 3650
_OWN, _SHARED, _BURST = "account", "channel", "burst"


@dataclass(frozen=True)
class Hold:
    """Why a publication waits, and until when; None for until somebody acts."""

    code: str
    detail: str
    fix: str
    until: datetime | None

    def problem(self) -> JsonObject:
        """Return it as the ledger keeps it."""
        return {"code": self.code, "detail": self.detail, "fix": self.fix}


async def stopped(session: AsyncSession) -> Hold | None:
    """Return why nothing at all is sent, None when publishing is on."""
    switch = await repository.get_switch(session, PUBLISHING)
    if switch is None:
        return None
    detail = f"Publishing is stopped for every account: {switch.reason}."
    return Hold("PUBLISHING_STOPPED", detail, "mediaposter publishing resume", None)


async def reserve(session: AsyncSession, row: Publication, *, now: datetime, arming: bool) -> Hold | None:
    """Give a planned publication the first moment that every limit allows, and return the wait until then.

    The moment is kept on the row, so that those who come later get later ones. `arming` looks once more at what really
    went out: making it ready may have taken longer than a window. Serialised over all workers for each account.
    """
    if not _limits_of(row):
        return None
    if row.slot_at is not None and row.slot_at > now:
        return _wait(row.slot_at, "its limits have a later moment for it")
    if row.slot_at is not None and not arming:
        return None
    await _lock(session, [row])
    reservations = Reservations(session, now, reserved=not arming)
    await reservations.read([row])
    at = reservations.reserve(row)
    await session.flush()
    return _wait(at, "its limits are used up") if at > now else None


async def reserve_many(session: AsyncSession, rows: Sequence[Publication], *, now: datetime) -> dict[str, datetime]:
    """Give each of these planned publications its moment, and return the moments of those that must wait.

    One whose moment has come gives it up for the next free one when those before it were late.
    """
    planned = [row for row in rows if row.outcome is Outcome.PLANNED and _limits_of(row)]
    await _lock(session, planned)
    new, come = Reservations(session, now), Reservations(session, now, reserved=False)
    await new.read([row for row in planned if row.slot_at is None])
    await come.read([row for row in planned if row.slot_at is not None and row.slot_at <= now])
    later: dict[str, datetime] = {}
    for row in sorted(planned, key=lambda one: (one.slot_at or now, one.due_at or one.created_at, one.id)):
        at = row.slot_at
        if at is None or at <= now:
            at = (new if at is None else come).reserve(row)
        if at > now:
            later[row.id] = at
    await session.flush()
    return later


class Reservations:
    """The moments of accounts and channels, read once for each while many publications get theirs.

    Without `reserved` only what went out counts: whoever may go now goes, and others that have a moment find out when
    theirs has come. A moment that nobody takes is lost for good.
    """

    def __init__(self, session: AsyncSession, now: datetime, *, reserved: bool = True) -> None:
        self._session = session
        self._now = now
        self._reserved = reserved
        self._known: dict[tuple[str, str], Windows] = {}

    async def read(self, rows: Sequence[Publication]) -> None:
        """Read the moments of these publications' accounts and channels at once, those that are not known yet."""
        new: dict[str, dict[str, Windows]] = {}
        for row in rows:
            for kind, limits in _limits_of(row).items():
                if (kind, _owner(row, kind)) not in self._known:
                    new.setdefault(kind, {})[_owner(row, kind)] = Windows(limits)
        for kind, windows in new.items():
            since = self._now - max(one.longest for one in windows.values())
            for owner, found in (await self._moments(kind, windows, since)).items():
                windows[owner].moments = sorted(found)
                self._known[kind, owner] = windows[owner]

    async def _moments(self, kind: str, owners: Collection[str], since: datetime) -> dict[str, list[datetime]]:
        if kind == _SHARED:
            return {
                channel: await repository.moments_on(self._session, channel, since=since, reserved=self._reserved)
                for channel in owners
            }
        return await repository.moments(
            self._session, owners, since=since, parts=kind != _BURST, reserved=self._reserved
        )

    def reserve(self, row: Publication) -> datetime:
        """Reserve the first moment for a publication that was read, write it on the row, and return it."""
        windows = [self._known[kind, _owner(row, kind)] for kind in _limits_of(row)]
        at = self._now
        while (later := max(one.first_free(at) for one in windows)) > at:
            at = later
        for one in windows:
            one.take(at)
        row.slot_at = at
        return at


def _owner(row: Publication, kind: str) -> str:
    return row.account.channel if kind == _SHARED else row.account_id


def _limits_of(row: Publication) -> dict[str, Sequence[Limit]]:
    """Return the limits that count for a publication, by what they count."""
    limits = _rules(row).limits
    found = {
        _OWN: [limit for limit in limits if limit.scope is LimitScope.ACCOUNT],
        _SHARED: [limit for limit in limits if limit.scope is LimitScope.CHANNEL],
        _BURST: burst_of(row.account) if row.kind is Kind.POST else [],
    }
    return {kind: some for kind, some in found.items() if some}


def _rules(row: Publication) -> ChannelRules:
    return rules_of(load_channel(row.account.channel), row.account.target)


async def _lock(session: AsyncSession, rows: Sequence[Publication]) -> None:
    keys = {row.account.channel if _SHARED in _limits_of(row) else row.account_id for row in rows}
    await repository.lock_limits(session, keys)


def burst_of(account: Account) -> list[Limit]:
    """Return the burst guard of an account: its own, or that of the settings. Thread parts do not count."""
    settings = context.current().settings
    own = Burst.model_validate(account.burst) if account.burst else None
    posts = own.posts if own else settings.burst_posts
    minutes = own.minutes if own else settings.burst_minutes
    return [Limit(posts=posts, seconds=minutes * 60.0, source="the burst guard")] if posts else []


def _wait(at: datetime, why: str) -> Hold:
    detail = f"The account waits until {at:%Y-%m-%d %H:%M:%S} UTC: {why}."
    return Hold("LIMIT", detail, "Nothing: it is sent by itself. See the limits with `mediaposter accounts list`.", at)


def price_of(copy: Copy, price: Price) -> int:
    """Return what the platform takes for a post with these words, in micros of the price's currency."""
    return price.with_link_micros if copy.link or has_link(copy.text()) else price.micros


async def afford(session: AsyncSession, row: Publication, *, now: datetime) -> Hold | None:
    """Write the price on a publication, and return the wait when the account's budget does not reach for it."""
    target = {**row.account.target, **row.copy.get("target", {})}
    price = rules_of(load_channel(row.account.channel), target).price
    if price is None:
        return None
    cost = price_of(Copy.model_validate(row.copy), price)
    row.cost_micros, row.currency = cost, price.currency
    return await beyond_budget(session, row.account, cost, price.currency, now=now, but=row.id)


async def beyond_budget(
    session: AsyncSession, account: Account, cost: int, currency: str, *, now: datetime, but: str = ""
) -> Hold | None:
    """Return the wait when the account's budget does not reach for `cost` micros; the row `but` does not count."""
    if not account.budget:
        return None
    budget = Budget.model_validate(account.budget)
    if budget.currency != currency:
        detail = f"The budget is in {budget.currency} and the channel takes {currency}."
        return Hold("BUDGET", detail, f"mediaposter accounts set {account.id} budget.currency={currency}", None)
    span = timedelta(days=budget.days)
    spent, oldest = await repository.spent(session, account.id, since=now - span, but=but)
    if spent + cost <= budget.micros:
        return None
    whole, gone = money(budget.micros, currency), money(spent, currency)
    detail = f"It costs {money(cost, currency)}; of {whole} in {budget.days} days {gone} are spent."
    fix = f"Raise it: mediaposter accounts set {account.id} budget.micros={budget.micros * 2}. Or wait."
    # What costs more than the whole budget never fits by waiting.
    return Hold("BUDGET", detail, fix, oldest + span if oldest and cost <= budget.micros else None)


async def first_moments(session: AsyncSession, wishes: Sequence[tuple[Account, datetime]]) -> dict[str, datetime]:
    """Return when a post wanted from a moment on would go out on each account by its limits; nothing is reserved."""
    together: defaultdict[datetime, list[Publication]] = defaultdict(list)
    for account, at in wishes:
        together[at].append(Publication(account=account, account_id=account.id, kind=Kind.POST))
    found: dict[str, datetime] = {}
    for at, rows in together.items():
        limited = [row for row in rows if _limits_of(row)]
        reservations = Reservations(session, at)
        await reservations.read(limited)
        found |= {row.account_id: at for row in rows}
        found |= {row.account_id: reservations.reserve(row) for row in limited}
    return found


async def refuse_repetition(session: AsyncSession, row: Publication, *, now: datetime) -> None:
    """Raise RepeatedError when the account has shown the same media, or nearly the same words, before.

    Somebody's word (`allow_repeat`) lets it pass. Words are compared without links, markup and spaces.
    """
    repeats = _rules(row).repeats
    if row.allow_repeat or row.kind is not Kind.POST or not (repeats.media or repeats.text_days):
        return
    days = max(_MEDIA_DAYS if repeats.media else 0, repeats.text_days or 0)
    text = plain(Copy.model_validate(row.copy).description)
    for other in await repository.shown(session, row, since=now - timedelta(days=days)):
        shown = other.settled_at or other.armed_at or other.created_at
        where = f" ({other.url})" if other.url else ""
        if repeats.media and row.post.asset_ids and other.post.asset_ids == row.post.asset_ids:
            raise RepeatedError(
                f"The account has shown the same media on {shown:%Y-%m-%d}{where}, as {other.id}.",
                fix=f"If you mean it: mediaposter publications retry {row.id} --allow-repeat",
            )
        recent = repeats.text_days is not None and shown > now - timedelta(days=repeats.text_days)
        if recent and len(text) >= _TOO_SHORT and _alike(text, plain(Copy.model_validate(other.copy).description)):
            raise RepeatedError(
                f"The account has said nearly the same on {shown:%Y-%m-%d}{where}, as {other.id}.",
                fix=f"Write other words. If you mean these: mediaposter publications retry {row.id} --allow-repeat",
            )


def _alike(one: str, other: str) -> bool:
    return fuzz.ratio(one.lower(), other.lower(), score_cutoff=_ALIKE) > 0


def money(micros: int, currency: str) -> str:
    """Return an amount in words, such as 0.015 USD."""
    return f"{micros / 1_000_000:.3f}".rstrip("0").rstrip(".") + f" {currency}"
