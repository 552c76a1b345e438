"""The operations of overview. Written by `make docs` from the routes; do not edit."""

from pydantic.types import AwareDatetime

from mediaposter.client.calls import Call
from mediaposter.overview.schemas import CalendarRead, DueRead, NeedRead, TodayRead


def show_agenda(*, limit: int = 50, until: AwareDatetime | None = None, chores: bool = False) -> Call[list[DueRead]]:
    """List what is due next.

    Posts, tweets, readings and wake-ups, the soonest first.

    - `until`: Only what is due before.
    - `chores`: Also what the machine does for itself.
    """
    return Call("GET", "/api/overview/agenda", list[DueRead], query={"limit": limit, "until": until, "chores": chores})


def show_attention() -> Call[list[NeedRead]]:
    """List what needs a person.

    The most urgent first, each with what to do.
    """
    return Call("GET", "/api/overview/attention", list[NeedRead])


def show_today(*, time_zone: str | None = None) -> Call[TodayRead]:
    """Show the numbers of the day.

    So far, and those of the day before.

    - `time_zone`: IANA zone; MEDIAPOSTER_TIME_ZONE when left out.
    """
    return Call("GET", "/api/overview/today", TodayRead, query={"time_zone": time_zone})


def show_calendar(
    *, start: AwareDatetime, end: AwareDatetime, account: str | None = None, channel: str | None = None
) -> Call[CalendarRead]:
    """Show a stretch of the calendar.

    What went and goes out, clashes, and free posting times. At most 62 days.
    """
    return Call(
        "GET",
        "/api/overview/calendar",
        CalendarRead,
        query={"start": start, "end": end, "account": account, "channel": channel},
    )
