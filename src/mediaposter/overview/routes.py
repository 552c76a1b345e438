"""The overview over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from mediaposter.core import context
from mediaposter.core.together import Together
from mediaposter.overview import agenda, attention, calendar, today
from mediaposter.overview.schemas import CalendarRead, DueRead, NeedRead, TodayRead

router = APIRouter(prefix="/api/overview", tags=["overview"])
# Every open dashboard asks these when something has happened.
_agendas, _needs, _days = Together[list[DueRead]](), Together[list[NeedRead]](), Together[TodayRead]()


@router.get("/agenda", summary="List what is due next")
async def show_agenda(
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    until: Annotated[AwareDatetime | None, Query(description="Only what is due before.")] = None,
    chores: Annotated[bool, Query(description="Also what the machine does for itself.")] = False,
) -> list[DueRead]:
    """Posts, tweets, readings and wake-ups, the soonest first."""
    database = context.current().database

    async def look() -> list[DueRead]:
        async with database.session() as session:
            return await agenda.agenda(session, limit=limit, until=until, chores=chores)

    return await _agendas.ask((database.url, limit, until, chores), look)


@router.get("/attention", summary="List what needs a person")
async def show_attention() -> list[NeedRead]:
    """The most urgent first, each with what to do."""
    ctx = context.current()

    async def look() -> list[NeedRead]:
        async with ctx.database.session() as session:
            return await attention.attention(session, now=ctx.clock())

    return await _needs.ask(ctx.database.url, look)


@router.get("/today", summary="Show the numbers of the day")
async def show_today(
    time_zone: Annotated[str | None, Query(description="IANA zone; MEDIAPOSTER_TIME_ZONE when left out.")] = None,
) -> TodayRead:
    """So far, and those of the day before."""
    ctx = context.current()
    zone = time_zone or ctx.settings.time_zone

    async def look() -> TodayRead:
        async with ctx.database.session() as session:
            return await today.today(session, zone=zone, now=ctx.clock())

    return await _days.ask((ctx.database.url, zone), look)


@router.get("/calendar", summary="Show a stretch of the calendar")
async def show_calendar(
    start: AwareDatetime, end: AwareDatetime, account: str | None = None, channel: str | None = None
) -> CalendarRead:
    """What went and goes out, clashes, and free posting times. At most 62 days."""
    ctx = context.current()
    async with ctx.database.session() as session:
        return await calendar.calendar(
            session,
            start=start,
            end=end,
            account_id=account,
            channel=channel,
            settings=ctx.settings,
            now=ctx.clock(),
        )
