"""Posting times: the next one of an account that no other publication has taken."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.settings import Settings
from mediaposter.publishing import service as publishing
from mediaposter.publishing.outcomes import Outcome

_DAYS = 366  # a year of full slots ahead is a mistake of the plan, and named as one


async def next_free(session: AsyncSession, account_id: str, *, settings: Settings, now: datetime) -> datetime:
    """Return the account's next free posting time after `now`, UTC. Times are those of MEDIAPOSTER_SLOTS."""
    planned = await publishing.list_publications(session, account_id=account_id, outcomes=[Outcome.PLANNED])
    taken = {publication.due_at for publication in planned}
    return next(moment for moment in slot_times(settings.slots, settings.time_zone, now) if moment not in taken)


def slot_times(slots: tuple[time, ...], zone: str, after: datetime) -> list[datetime]:
    """Return the posting times of a year after `after`, UTC. They stay local times over a clock change."""
    local = ZoneInfo(zone)
    first_day = after.astimezone(local).date()
    utc = ZoneInfo("UTC")
    moments = (
        datetime.combine(first_day + timedelta(days=day), slot, local).astimezone(utc)
        for day in range(_DAYS)
        for slot in sorted(slots)
    )
    return [moment for moment in moments if moment > after]
