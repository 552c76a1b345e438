"""The numbers of a day, counted where they were made."""

from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.overview.schemas import DayNumbers, TodayRead

# `views` of a day are what each reading of that day shows over the one before it.
_NUMBERS = """
WITH span AS (SELECT CAST(:since AS timestamptz) AS a, CAST(:until AS timestamptz) AS b),
went AS (
  SELECT outcome, cost_micros, currency FROM publications, span
  WHERE part = 0 AND coalesce(settled_at, sent_at, armed_at) >= a AND coalesce(settled_at, sent_at, armed_at) < b
),
gained AS (
  SELECT greatest(coalesce(one.views, one.impressions) - coalesce((
    SELECT coalesce(earlier.views, earlier.impressions) FROM metric_snapshots AS earlier
    WHERE earlier.publication_id = one.publication_id AND earlier.taken_at < one.taken_at AND earlier.state = 'taken'
    ORDER BY earlier.taken_at DESC LIMIT 1), 0), 0) AS views
  FROM metric_snapshots AS one, span WHERE one.taken_at >= a AND one.taken_at < b AND one.state = 'taken'
),
sold AS (SELECT kind, value_minor, currency FROM offer_conversions, span WHERE occurred_at >= a AND occurred_at < b)
SELECT
  (SELECT count(*) FROM went WHERE outcome = 'confirmed') AS published,
  (SELECT count(*) FROM went WHERE outcome = 'rejected') AS refused,
  (SELECT count(*) FROM went WHERE outcome = 'unknown') AS unknown,
  (SELECT count(*) FROM tweets, span WHERE state = 'handed_over' AND slot_at >= a AND slot_at < b) AS tweets,
  (SELECT count(*) FROM runs, span WHERE finished_at >= a AND finished_at < b) AS runs,
  (SELECT sum(views) FROM gained) AS views,
  (SELECT count(*) FROM offer_clicks, span WHERE NOT robot AND created_at >= a AND created_at < b) AS clicks,
  (SELECT count(*) FROM sold WHERE kind = 'lead') AS leads,
  (SELECT count(*) FROM sold WHERE kind = 'sale') AS sales,
  (SELECT jsonb_object_agg(currency, sum) FROM (
    SELECT currency, sum(value_minor) FROM sold WHERE currency IS NOT NULL GROUP BY 1) AS money) AS revenue,
  (SELECT jsonb_object_agg(currency, sum) FROM (
    SELECT currency, sum(cost_micros) FROM went WHERE outcome IN ('confirmed', 'unknown', 'sent', 'armed')
    AND cost_micros IS NOT NULL GROUP BY 1) AS paid) AS spent_micros
"""


async def today(session: AsyncSession, *, zone: str, now: datetime) -> TodayRead:
    """Return the numbers of the day in `zone` (IANA) so far, and of the day before. Raises InvalidInputError."""
    try:
        local = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        problem = FieldProblem("time_zone", "an IANA zone", "Give one such as Europe/Berlin.")
        raise InvalidInputError(f"{zone[:60]!r} is no time zone.", fix=problem.fix, errors=[problem]) from error
    here = now.astimezone(local).date()
    days = [datetime.combine(here + timedelta(days=shift), time(), local) for shift in (-1, 0, 1)]
    yesterday, so_far = [await _numbers(session, since, until) for since, until in pairwise(days)]
    return TodayRead(time_zone=zone, today=so_far, yesterday=yesterday)


async def _numbers(session: AsyncSession, since: datetime, until: datetime) -> DayNumbers:
    found: dict[str, Any] = dict(
        (await session.execute(text(_NUMBERS), {"since": since, "until": until})).mappings().one()
    )
    found["revenue"], found["spent_micros"] = found["revenue"] or {}, found["spent_micros"] or {}
    return DayNumbers(day=since.date(), **found)
