"""What traffic came to: clicks, visitors, leads, sales and revenue, by whatever brought them.

One statement over the trail (`link_trails`) counts all of it, in a period; money is kept apart by currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core.errors import FieldProblem, InvalidInputError


class Model(StrEnum):
    """Which click a conversion is credited to."""

    LAST = "last"
    FIRST = "first"


class By(StrEnum):
    """What the rows of a report are. `recipe` needs a dimension of it."""

    CAMPAIGN = "campaign"
    OFFER = "offer"
    CHANNEL = "channel"
    ACCOUNT = "account"
    POST = "post"
    PUBLICATION = "publication"
    LINK = "link"
    RUN = "run"
    DAY = "day"
    RECIPE = "recipe"


_KEYS: Mapping[By, str] = {
    By.CAMPAIGN: "trail.campaign",
    By.OFFER: "trail.offer_id",
    By.CHANNEL: "trail.channel",
    By.ACCOUNT: "trail.account_id",
    By.POST: "trail.post_id",
    By.PUBLICATION: "trail.publication_id",
    By.LINK: "trail.slug",
    By.RUN: "trail.run_id",
    By.DAY: "to_char(fact.at AT TIME ZONE :zone, 'YYYY-MM-DD')",
    By.RECIPE: "trail.recipe ->> :dimension",
}
DIMENSIONS = ("template", "hook", "style", "provider", "length", "slot", "voice")
UNKNOWN = "(none)"


@dataclass(frozen=True)
class Row:
    """One row. `revenue` is in minor units by currency, refunds taken off; `rpm` is revenue for a thousand impressions.

    `impressions` is None where no platform told any. `unique` counts a visitor once a day.
    """

    key: str
    name: str
    clicks: int
    unique: int
    robots: int
    leads: int
    sales: int
    refunds: int
    revenue: Mapping[str, int]
    impressions: int | None
    rpm: Mapping[str, float] = field(default_factory=dict[str, float])


_REPORT = """
WITH facts AS (
  SELECT link_id, created_at AS at, 'click' AS what, visitor, robot, NULL::bigint AS value, NULL::text AS currency
  FROM offer_clicks
  UNION ALL
  SELECT {model}link_id, occurred_at, kind, NULL, false, value_minor, currency FROM offer_conversions
), counted AS (
  SELECT coalesce({key}, :unknown) AS key, fact.what, fact.currency,
    count(*) FILTER (WHERE NOT fact.robot) AS people,
    count(DISTINCT fact.visitor || fact.link_id) FILTER (WHERE NOT fact.robot) AS visitors,
    count(*) FILTER (WHERE fact.robot) AS robots,
    sum(fact.value) AS value
  FROM facts AS fact LEFT JOIN link_trails AS trail ON trail.link_id = fact.link_id
  WHERE fact.at >= :since AND fact.at < :until AND (CAST(:offer AS text) IS NULL OR trail.offer_id = :offer)
  GROUP BY 1, 2, 3
)
SELECT key,
  sum(people) FILTER (WHERE what = 'click') AS clicks,
  sum(visitors) FILTER (WHERE what = 'click') AS visitors,
  sum(robots) FILTER (WHERE what = 'click') AS robots,
  sum(people) FILTER (WHERE what = 'lead') AS leads,
  sum(people) FILTER (WHERE what = 'sale') AS sales,
  sum(people) FILTER (WHERE what = 'refund') AS refunds,
  jsonb_object_agg(currency, money) FILTER (WHERE currency IS NOT NULL) AS revenue
FROM (
  SELECT key, what, people, visitors, robots, currency, sum(value) OVER (PARTITION BY key, currency) AS money
  FROM counted
) AS summed
GROUP BY key ORDER BY sum(people) FILTER (WHERE what = 'sale') DESC NULLS LAST,
  sum(people) FILTER (WHERE what = 'click') DESC NULLS LAST, key
"""

_IMPRESSIONS = """
SELECT coalesce({key}, :unknown) AS key, sum(newest.impressions) AS impressions
FROM (
  SELECT DISTINCT ON (publication_id) publication_id, coalesce(impressions, views) AS impressions, taken_at AS at
  FROM metric_snapshots WHERE state = 'taken' ORDER BY publication_id, taken_at DESC
) AS newest
JOIN (SELECT DISTINCT ON (publication_id) * FROM link_trails) AS trail ON trail.publication_id = newest.publication_id
CROSS JOIN LATERAL (SELECT newest.at) AS fact
WHERE (CAST(:offer AS text) IS NULL OR trail.offer_id = :offer) AND fact.at >= :since
GROUP BY 1
"""


async def report(
    session: AsyncSession,
    *,
    by: By,
    since: datetime,
    until: datetime,
    model: Model = Model.LAST,
    offer_id: str | None = None,
    dimension: str | None = None,
    zone: str = "UTC",
) -> Sequence[Row]:
    """Return the rows of a period, best sellers first. `dimension` is of the recipe, `zone` an IANA zone for days.

    What was matched to nothing is the row "(none)", so that the sums are those of everything. Raises InvalidInputError.
    """
    if (by is By.RECIPE) != (dimension is not None) or (dimension and dimension not in DIMENSIONS):
        raise InvalidInputError(
            "A report by recipe needs one of its dimensions, and no other report has one.",
            fix=f"Choose one of {', '.join(DIMENSIONS)}.",
            errors=[FieldProblem("dimension", f"one of {', '.join(DIMENSIONS)}", "Give it with by=recipe only.")],
        )
    values: dict[str, Any] = {"since": since, "until": until, "offer": offer_id, "unknown": UNKNOWN}
    values |= {"zone": zone} if by is By.DAY else {}
    values |= {"dimension": dimension} if by is By.RECIPE else {}
    credited = "first_" if model is Model.FIRST else ""
    counted = (await session.execute(text(_REPORT.format(key=_KEYS[by], model=credited)), values)).mappings().all()
    shown = {
        row["key"]: row["impressions"]
        for row in (await session.execute(text(_IMPRESSIONS.format(key=_KEYS[by])), values)).mappings()
    }
    names = await _names(session, by, [row["key"] for row in counted])
    return [_row(row, names.get(row["key"]) or str(row["key"]), shown.get(row["key"])) for row in counted]


def _row(counted: Mapping[Any, Any], name: str, impressions: Any) -> Row:
    revenue = {currency: int(value) for currency, value in (counted["revenue"] or {}).items()}
    seen = int(impressions) if impressions is not None else None
    return Row(
        key=counted["key"],
        name=name,
        **{what: int(counted[what] or 0) for what in ("clicks", "robots", "leads", "sales", "refunds")},
        unique=int(counted["visitors"] or 0),
        revenue=revenue,
        impressions=seen,
        rpm={currency: round(value * 1000 / seen, 2) for currency, value in revenue.items()} if seen else {},
    )


_NAMES: Mapping[By, str] = {
    By.OFFER: "SELECT id, name FROM offers WHERE id = ANY(:keys)",
    By.ACCOUNT: "SELECT id, channel || ':' || handle FROM accounts WHERE id = ANY(:keys)",
    By.POST: "SELECT id, title FROM posts WHERE id = ANY(:keys) AND title <> ''",
}


async def _names(session: AsyncSession, by: By, keys: Sequence[str]) -> dict[str, str]:
    if by not in _NAMES or not keys:
        return {}
    rows = await session.execute(text(_NAMES[by]), {"keys": list(keys)})
    return {row[0]: row[1] for row in rows}


_TRAIL = """
SELECT fact.id, fact.what, fact.at, trail.*, accounts.channel || ':' || accounts.handle AS account, offers.name AS offer
FROM (
  SELECT id, 'click' AS what, created_at AS at, link_id FROM offer_clicks
  UNION ALL SELECT id, kind, occurred_at, link_id FROM offer_conversions
) AS fact
LEFT JOIN link_trails AS trail ON trail.link_id = fact.link_id
LEFT JOIN accounts ON accounts.id = trail.account_id
LEFT JOIN offers ON offers.id = trail.offer_id
WHERE (CAST(:id AS text) IS NULL OR fact.id = :id) AND (CAST(:offer AS text) IS NULL OR trail.offer_id = :offer)
ORDER BY fact.at DESC, fact.id DESC LIMIT :most
"""


async def trail(
    session: AsyncSession,
    *,
    fact_id: str | None = None,
    offer_id: str | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return clicks and conversions, newest first, each with all that brought it, by one query.

    Its link, publication, account, post, recipe, prompts, clips (asset ids) and run. `fact_id` is that of one of them.
    """
    values: dict[str, Any] = {"id": fact_id, "offer": offer_id, "most": limit}
    return [dict(row) for row in (await session.execute(text(_TRAIL), values)).mappings()]
