"""A stretch of the calendar: what went and goes out, where two come too close, and which posting times are free."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.campaigns import service as campaigns
from mediaposter.campaigns.models import CampaignState, TweetState
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.core.settings import Settings
from mediaposter.overview.schemas import AccountBrief, CalendarRead, EntryKind, EntryRead, FreeSlot
from mediaposter.pipeline.slots import slot_times
from mediaposter.publishing import searching
from mediaposter.publishing import service as publishing
from mediaposter.publishing.models import Account, Publication
from mediaposter.publishing.outcomes import Outcome

_LONGEST = timedelta(days=62)
_MOST = 2000
_CLOSE = timedelta(minutes=15)
_AHEAD = 400  # tweets of one campaign: a month, one every two hours


async def calendar(
    session: AsyncSession,
    *,
    start: datetime,
    end: datetime,
    account_id: str | None,
    channel: str | None,
    settings: Settings,
    now: datetime,
) -> CalendarRead:
    """Return what stands between two moments, at most 62 days apart. Raises InvalidInputError."""
    if not timedelta(0) < end - start <= _LONGEST:
        problem = FieldProblem("end", "after start, by at most 62 days", "Ask for less at once.")
        raise InvalidInputError("The stretch of time is empty or too long.", fix=problem.fix, errors=[problem])
    accounts = [
        account
        for account in await publishing.list_accounts(session, "all", channel=channel)
        if account_id in (None, account.id)
    ]
    rows = await searching.between(
        session, since=start, until=end, account_id=account_id, channel=channel, limit=_MOST + 1
    )
    entries = [_of_publication(row) for row in rows[:_MOST]]
    entries += await _tweets(session, {one.id: one for one in accounts}, start, end, now)
    entries.sort(key=lambda entry: entry.at)
    _mark_clashes(entries)
    free = _free(entries, accounts, max(start, now), end, settings)
    return CalendarRead(time_zone=settings.time_zone, entries=entries, free_slots=free, truncated=len(rows) > _MOST)


def _of_publication(row: Publication) -> EntryRead:
    return EntryRead(
        id=row.id,
        kind=EntryKind.POST,
        at=row.sent_at or row.slot_at or row.due_at or row.created_at,
        state=row.outcome,
        title=row.post.title or str(row.copy.get("title") or row.copy.get("description", "")),
        account=AccountBrief.model_validate(row.account),
        post_id=row.post_id,
        publication_id=row.id,
        campaign_id=None,
        tweet_number=None,
        movable=row.outcome is Outcome.PLANNED,
        clashes=[],
    )


async def _tweets(
    session: AsyncSession, accounts: dict[str, Account], start: datetime, end: datetime, now: datetime
) -> list[EntryRead]:
    """Return what campaigns will say: what they have said is in the ledger."""
    entries: list[EntryRead] = []
    for campaign in await campaigns.list_campaigns(session):
        if campaign.state is not CampaignState.RUNNING or end <= now:
            continue
        speakers = await campaigns.accounts_of(session, campaigns.plan_of(campaign))
        shown = [one for one in speakers if one.id in accounts]
        if not shown:
            continue
        for tweet in await campaigns.preview(session, campaign, limit=_AHEAD, now=now):
            if not start <= tweet.slot_at < end or tweet.state in (TweetState.HANDED_OVER, TweetState.SKIPPED):
                continue
            entries += [
                EntryRead(
                    id=f"{campaign.id}:{tweet.number}:{account.id}",
                    kind=EntryKind.TWEET,
                    at=tweet.slot_at,
                    state=None,
                    title=tweet.texts[0] if tweet.texts else f"{campaign.name}: a tweet ({tweet.kind})",
                    account=AccountBrief.model_validate(account),
                    post_id=tweet.post_id,
                    publication_id=None,
                    campaign_id=campaign.id,
                    tweet_number=tweet.number,
                    movable=False,
                    clashes=[],
                )
                for account in shown
            ]
    return entries


def _mark_clashes(entries: Sequence[EntryRead]) -> None:
    """Let each entry name the others of its account that are less than a quarter of an hour away and not yet out."""
    by_account: defaultdict[str, list[EntryRead]] = defaultdict(list)
    for entry in entries:
        if entry.state in (None, Outcome.PLANNED):
            by_account[entry.account.id].append(entry)
    for some in by_account.values():
        for place, entry in enumerate(some):
            for other in some[place + 1 :]:
                if other.at - entry.at >= _CLOSE:
                    break
                entry.clashes.append(other.id)
                other.clashes.append(entry.id)


def _free(
    entries: Sequence[EntryRead], accounts: Sequence[Account], start: datetime, end: datetime, settings: Settings
) -> list[FreeSlot]:
    """Return the posting times ahead that accounts in use have nothing near."""
    usable = [account.id for account in accounts if account.paused_at is None]
    if start >= end or not usable:
        return []
    taken: defaultdict[str, list[datetime]] = defaultdict(list)
    for entry in entries:
        taken[entry.account.id].append(entry.at)
    free: list[FreeSlot] = []
    for moment in slot_times(settings.slots, settings.time_zone, start):
        if moment >= end:
            break
        ids = [one for one in usable if not _is_near(moment, taken[one])]
        if ids:
            free.append(FreeSlot(at=moment, account_ids=ids))
    return free


def _is_near(moment: datetime, taken: Sequence[datetime]) -> bool:
    """Say whether one of the moments, which are in order, is too close."""
    first = bisect_right(taken, moment - _CLOSE)
    return first < len(taken) and taken[first] < moment + _CLOSE
